//! The fetcher by itself: bounds, credentials, conditional requests.

use std::time::{Duration, Instant};

use conference_report_operator::api::Reason;
use conference_report_operator::source::http::policy::Policy;
use conference_report_operator::source::http::tls::TlsMaterial;
use conference_report_operator::source::http::{Credentials, FetchRequest, HttpClient, HttpSettings, Validators};
use conference_report_operator::source::{Fetch, FetchError};

use super::cases;
use super::servers::{PATIENCE, Server, answer};

/// The most bytes of a text in these tests.
pub const MAX_BYTES: u64 = 64 * 1024;

/// Settings under which exactly the given ports of localhost may be reached.
pub fn settings(ports: &[u16]) -> HttpSettings {
    HttpSettings {
        policy: Policy {
            allow_hosts: vec!["localhost".parse().unwrap()],
            allow_ports: ports.to_vec(),
            ..Policy::default()
        },
        max_bytes: MAX_BYTES,
        first_byte_timeout: Duration::from_millis(800),
        idle_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_secs(2),
        ..HttpSettings::default()
    }
}

pub fn request(url: &str) -> FetchRequest {
    FetchRequest {
        url: url.to_owned(),
        insecure: true,
        timeout: Duration::from_secs(3),
        credentials: None,
        tls: None,
        tls_secret: None,
        known: None,
    }
}

/// Fetches, and sees to it that it ends in time.
pub fn fetch(client: &HttpClient, request: &FetchRequest) -> Result<Fetch, FetchError> {
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(client.fetch(request));
    assert!(started.elapsed() < PATIENCE, "{} took {:?}", request.url, started.elapsed());
    runtime.shutdown_background();
    result
}

fn client(server: &Server) -> HttpClient {
    HttpClient::new(settings(&[server.port])).unwrap()
}

#[test]
fn every_misbehaviour_ends_in_its_reason_within_bounds() {
    let cases = cases::all();
    for case in cases {
        let mut request = request(&case.server.url());
        request.tls = case
            .authority
            .as_ref()
            .map(|authority| TlsMaterial { authorities: Some(authority.clone().into_bytes()), identity: None });
        let error = fetch(&client(&case.server), &request).expect_err(case.what);
        assert_eq!(error.reason(), case.expected, "{}: {error}", case.what);
        let message = error.to_string();
        assert!(!message.contains("planted") && !message.contains("report.html"), "{}: {message}", case.what);
    }
    println!("{} misbehaving servers, each within its bounds", cases.len());
}

#[test]
fn credentials_stay_with_the_origin_they_are_meant_for() {
    let elsewhere = Server::answering(answer("200 OK", "content-type: text/plain\r\n", b"At KubeCon"));
    let target = elsewhere.url();
    let first =
        Server::start(move |stream, _| stream.write_all(&answer("302 Found", &format!("location: {target}\r\n"), b"")));
    let mut request = request(&first.url());
    request.credentials = Some(Credentials::Bearer("planted-token".to_owned()));
    let client = HttpClient::new(settings(&[first.port, elsewhere.port])).unwrap();
    assert!(matches!(fetch(&client, &request), Ok(Fetch::Text(_))));
    assert!(first.heads().contains("authorization: Bearer planted-token"));
    assert!(!elsewhere.heads().contains("planted-token"), "the token went to another origin:\n{}", elsewhere.heads());
}

#[test]
fn what_is_already_known_is_asked_for_conditionally_and_politely() {
    let server = Server::start(|stream, request| {
        let known = request.contains("if-none-match: \"v1\"");
        stream.write_all(&if known {
            answer("304 Not Modified", "", b"")
        } else {
            answer("200 OK", "etag: \"v1\"\r\ncontent-type: text/plain; charset=utf-8\r\n", b"At KubeCon")
        })
    });
    let client = client(&server);
    let Ok(Fetch::Text(text)) = fetch(&client, &request(&server.url())) else { panic!("a text was expected") };
    assert_eq!(
        (text.etag.as_deref(), text.media_type.as_deref(), text.charset.as_deref()),
        (Some("\"v1\""), Some("text/plain"), Some("utf-8"))
    );
    let mut again = request(&server.url());
    again.known = Some(Validators { etag: text.etag.clone(), last_modified: None });
    assert_eq!(fetch(&client, &again), Ok(Fetch::Unchanged));
    let agent = format!("user-agent: conference-report-operator/{} (+https://", env!("CARGO_PKG_VERSION"));
    assert!(
        server.heads().contains(&agent),
        "a server should see who asks, and where to learn more:\n{}",
        server.heads()
    );
}

#[test]
fn a_secret_without_a_certificate_is_said_to_be_unusable() {
    let server = Server::answering("");
    let mut request = request(&server.url().replace("http:", "https:"));
    request.tls = Some(TlsMaterial { authorities: Some(b"none".to_vec()), identity: None });
    let error = fetch(&client(&server), &request).unwrap_err();
    assert_eq!(error.reason(), Reason::SecretInvalid, "{error}");
}
