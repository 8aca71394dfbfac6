//! The fetcher against servers that misbehave. All of them listen on loopback; an address elsewhere is only ever refused, never dialled.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conference_report_operator::api::Reason;
use conference_report_operator::source::http::dial::Resolve;
use conference_report_operator::source::http::policy::Policy;
use conference_report_operator::source::http::tls::TlsMaterial;
use conference_report_operator::source::http::{Credentials, FetchRequest, HttpClient, HttpSettings, Validators};
use conference_report_operator::source::{Fetch, FetchError};

const MAX_BYTES: u64 = 64 * 1024;
/// No case may take longer, whatever the server does.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that does to each connection what it is told, and remembers what it was asked.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(behave: impl Fn(&mut TcpStream, &str) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, behave) = (Arc::clone(&requests), Arc::new(behave));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (seen, behave) = (Arc::clone(&seen), Arc::clone(&behave));
                std::thread::spawn(move || {
                    let request = read_head(&mut stream);
                    seen.lock().unwrap().push(request.clone());
                    // The client hangs up when it has had enough.
                    let _ = behave(&mut stream, &request);
                });
            }
        });
        Self { port, requests }
    }

    /// A server that gives one answer to everything.
    fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |stream, _| stream.write_all(&answer))
    }

    fn url(&self) -> String {
        format!("http://localhost:{}/report.html", self.port)
    }
}

fn read_head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.extend(byte);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A policy under which exactly the given servers may be reached.
fn settings(ports: &[u16]) -> HttpSettings {
    HttpSettings {
        policy: Policy {
            allow_hosts: vec!["localhost".parse().unwrap()],
            allow_ports: ports.to_vec(),
            ..Policy::default()
        },
        max_bytes: MAX_BYTES,
        first_byte_timeout: Duration::from_millis(400),
        idle_timeout: Duration::from_millis(300),
        connect_timeout: Duration::from_secs(1),
        ..HttpSettings::default()
    }
}

fn request(url: &str) -> FetchRequest {
    FetchRequest {
        url: url.to_owned(),
        insecure: true,
        timeout: Duration::from_secs(2),
        credentials: None,
        tls: None,
        tls_secret: None,
        known: None,
    }
}

fn fetch_with(client: HttpClient, request: &FetchRequest) -> Result<Fetch, FetchError> {
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = runtime.block_on(client.fetch(request));
    assert!(started.elapsed() < PATIENCE, "{} took {:?}", request.url, started.elapsed());
    runtime.shutdown_background();
    result
}

fn fetch(server: &Server) -> Result<Fetch, FetchError> {
    fetch_with(HttpClient::new(settings(&[server.port])).unwrap(), &request(&server.url()))
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n").into_bytes();
    answer.extend(body);
    answer
}

fn compressed(encoding: &str, size: usize) -> Vec<u8> {
    use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZstdEncoder};
    use tokio::io::AsyncWriteExt;
    let zeros = vec![b'a'; size];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut out = Vec::new();
        match encoding {
            "gzip" => {
                let mut e = GzipEncoder::new(&mut out);
                e.write_all(&zeros).await.unwrap();
                e.shutdown().await.unwrap();
            }
            "br" => {
                let mut e = BrotliEncoder::new(&mut out);
                e.write_all(&zeros).await.unwrap();
                e.shutdown().await.unwrap();
            }
            _ => {
                let mut e = ZstdEncoder::new(&mut out);
                e.write_all(&zeros).await.unwrap();
                e.shutdown().await.unwrap();
            }
        }
        out
    })
}

#[test]
fn every_misbehaviour_ends_in_its_reason_within_bounds() {
    let html = "content-type: text/html\r\n";
    let bomb = |encoding: &str| {
        answer("200 OK", &format!("{html}content-encoding: {encoding}\r\n"), &compressed(encoding, 20 * 1024 * 1024))
    };
    let status = |line: &str| Server::answering(answer(line, "content-length: 6\r\nretry-after: 7\r\n", b"planted"));
    let media =
        |media_type: &str| Server::answering(answer("200 OK", &format!("content-type: {media_type}\r\n"), b"x"));
    let redirect = |to: &str| Server::answering(answer("302 Found", &format!("location: {to}\r\n"), b""));
    let cases: Vec<(&str, Server, Reason)> = vec![
        (
            "an endless body",
            Server::start(move |stream, _| {
                stream.write_all(&answer("200 OK", html, b""))?;
                loop {
                    stream.write_all(&[b'a'; 4096])?;
                }
            }),
            Reason::TooLarge,
        ),
        (
            "an announced gigabyte",
            Server::answering(answer("200 OK", "content-length: 1000000000\r\n", b"a")),
            Reason::TooLarge,
        ),
        (
            "a body that stalls",
            Server::start(move |stream, _| {
                stream.write_all(&answer("200 OK", html, b"<p>Kube"))?;
                std::thread::sleep(PATIENCE);
                Ok(())
            }),
            Reason::TimedOut,
        ),
        (
            "a body that trickles",
            Server::start(move |stream, _| {
                stream.write_all(&answer("200 OK", html, b""))?;
                loop {
                    stream.write_all(b"a")?;
                    std::thread::sleep(Duration::from_millis(100));
                }
            }),
            Reason::TimedOut,
        ),
        (
            "a head that trickles",
            Server::start(|stream, _| {
                for byte in "HTTP/1.1 200 OK\r\n".bytes().chain(std::iter::repeat(b'x')) {
                    stream.write_all(&[byte])?;
                    std::thread::sleep(Duration::from_millis(50));
                }
                Ok(())
            }),
            Reason::TimedOut,
        ),
        (
            "no answer at all",
            Server::start(|_, _| {
                std::thread::sleep(PATIENCE);
                Ok(())
            }),
            Reason::TimedOut,
        ),
        ("a gzip bomb", Server::answering(bomb("gzip")), Reason::TooLarge),
        ("a brotli bomb", Server::answering(bomb("br")), Reason::TooLarge),
        ("a zstd bomb", Server::answering(bomb("zstd")), Reason::TooLarge),
        (
            "damaged gzip",
            Server::answering(answer("200 OK", "content-encoding: gzip\r\n", b"this is no gzip")),
            Reason::ConnectionFailed,
        ),
        (
            "an unknown encoding",
            Server::answering(answer("200 OK", "content-encoding: rot13\r\n", b"x")),
            Reason::ConnectionFailed,
        ),
        (
            "a body that breaks off",
            Server::answering(answer("200 OK", "content-length: 100\r\n", b"KubeCon")),
            Reason::ConnectionFailed,
        ),
        (
            "a chunk that breaks off",
            Server::answering(answer("200 OK", "transfer-encoding: chunked\r\n", b"ff\r\nKubeCon")),
            Reason::ConnectionFailed,
        ),
        ("no HTTP", Server::answering("220 mail.example ESMTP\r\n"), Reason::ConnectionFailed),
        ("a hang-up", Server::answering(""), Reason::ConnectionFailed),
        (
            "a megabyte of headers",
            Server::answering(answer("200 OK", &format!("x: {}\r\n", "y".repeat(1 << 20)), b"")),
            Reason::ConnectionFailed,
        ),
        ("401", status("401 Unauthorized"), Reason::AuthenticationFailed),
        ("403", status("403 Forbidden"), Reason::AuthenticationFailed),
        ("404", status("404 Not Found"), Reason::NotFound),
        ("410", status("410 Gone"), Reason::NotFound),
        ("418", status("418 I'm a teapot"), Reason::HttpClientError),
        ("429", status("429 Too Many Requests"), Reason::RateLimited),
        ("500", status("500 Internal Server Error"), Reason::HttpServerError),
        ("503", status("503 Service Unavailable"), Reason::HttpServerError),
        ("204", status("204 No Content"), Reason::HttpServerError),
        ("304 that nobody asked for", status("304 Not Modified"), Reason::HttpServerError),
        ("PDF", media("application/pdf"), Reason::UnsupportedMediaType),
        ("JSON", media("application/json"), Reason::UnsupportedMediaType),
        ("an image", media("image/png"), Reason::UnsupportedMediaType),
        ("a redirect to itself", redirect("/report.html"), Reason::TooManyRedirects),
        ("a redirect without an address", Server::answering(answer("302 Found", "", b"")), Reason::TooManyRedirects),
        ("a redirect to a file", redirect("file:///etc/passwd"), Reason::TooManyRedirects),
        ("a redirect with credentials", redirect("http://a:b@localhost/"), Reason::TooManyRedirects),
        ("a redirect to the metadata service", redirect("http://169.254.169.254/latest"), Reason::AddressBlocked),
        ("a redirect to a decimal loopback", redirect("http://2130706433/"), Reason::AddressBlocked),
        ("a redirect to a mapped private address", redirect("http://[::ffff:10.0.0.1]/"), Reason::AddressBlocked),
        ("a redirect to another port", redirect("http://localhost:22/"), Reason::AddressBlocked),
    ];
    let count = cases.len();
    for (what, server, expected) in cases {
        let error = fetch(&server).expect_err(what);
        assert_eq!(error.reason(), expected, "{what}: {error}");
        let message = error.to_string();
        assert!(!message.contains("planted") && !message.contains("report.html"), "{what}: {message}");
    }
    println!("{count} misbehaving servers, each within its bounds");
}

#[test]
fn addresses_that_are_not_public_are_refused_in_every_spelling_before_anything_is_sent() {
    let spellings = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "017700000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "0.0.0.0",
        "[::]",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:a9fe:a9fe]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
    ];
    for spelling in spellings {
        let client = HttpClient::new(HttpSettings::default()).unwrap();
        let error = fetch_with(client, &request(&format!("http://{spelling}/"))).expect_err(spelling);
        assert_eq!(error.reason(), Reason::AddressBlocked, "{spelling}: {error}");
    }
}

/// Answers with one address after the other, as a hostile name server would.
struct Rebinding {
    answers: Vec<IpAddr>,
    asked: AtomicUsize,
}

impl Resolve for Rebinding {
    fn resolve<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[turn.min(self.answers.len() - 1)];
        Box::pin(async move { Ok(vec![answer]) })
    }
}

#[test]
fn a_name_that_changes_its_answer_leads_nowhere() {
    let server = Server::answering(answer("200 OK", "content-type: text/plain\r\n", b"inside"));
    // 127.0.0.2 is allowed here; 127.0.0.1, where the server is, is not.
    let policy = Policy {
        allow_cidrs: vec!["127.0.0.2/32".parse().unwrap()],
        allow_ports: vec![server.port],
        ..Policy::default()
    };
    let settings = HttpSettings { policy, ..settings(&[]) };
    for answers in [["127.0.0.1", "127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::ffff:127.0.0.1", "127.0.0.1"]] {
        let resolver =
            Rebinding { answers: answers.iter().map(|a| a.parse().unwrap()).collect(), asked: AtomicUsize::new(0) };
        let resolver = Arc::new(resolver);
        let client = HttpClient::with_resolver(settings.clone(), Arc::clone(&resolver) as Arc<dyn Resolve>).unwrap();
        let error = fetch_with(client, &request(&format!("http://rebind.example:{}/", server.port))).unwrap_err();
        assert_eq!(error.reason(), Reason::AddressBlocked, "{answers:?}: {error}");
        assert_eq!(
            resolver.asked.load(Ordering::SeqCst),
            1,
            "the name is resolved once; the address that was judged is the one that is dialled"
        );
    }
    assert!(server.requests.lock().unwrap().is_empty(), "nothing should have reached the server");
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
    assert!(matches!(fetch_with(client, &request), Ok(Fetch::Text(_))));
    let asked = |server: &Server| server.requests.lock().unwrap().join("\n");
    assert!(asked(&first).contains("authorization: Bearer planted-token"));
    assert!(!asked(&elsewhere).contains("planted-token"), "the token went to another origin:\n{}", asked(&elsewhere));
}

#[test]
fn what_is_already_known_is_asked_for_conditionally() {
    let server = Server::start(|stream, request| {
        let known = request.contains("if-none-match: \"v1\"");
        stream.write_all(&if known {
            answer("304 Not Modified", "", b"")
        } else {
            answer("200 OK", "etag: \"v1\"\r\ncontent-type: text/plain; charset=utf-8\r\n", b"At KubeCon")
        })
    });
    let Ok(Fetch::Text(text)) = fetch(&server) else { panic!("a text was expected") };
    assert_eq!(
        (text.etag.as_deref(), text.media_type.as_deref(), text.charset.as_deref()),
        (Some("\"v1\""), Some("text/plain"), Some("utf-8"))
    );
    let mut again = request(&server.url());
    again.known = Some(Validators { etag: text.etag.clone(), last_modified: None });
    let client = HttpClient::new(settings(&[server.port])).unwrap();
    assert_eq!(fetch_with(client, &again), Ok(Fetch::Unchanged));
}

#[test]
fn a_server_that_nobody_vouches_for_is_a_tls_error() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(testbed::report_server::ReportServer::start()).unwrap();
    let other = runtime.block_on(testbed::report_server::ReportServer::start()).unwrap();
    let trust = |authority: String| Some(TlsMaterial { authorities: Some(authority.into_bytes()), identity: None });
    for (what, tls, expected) in [
        ("no authority known", None, Reason::TlsError),
        ("another authority", trust(other.authority()), Reason::TlsError),
        ("no certificate in ca.crt", trust("none".to_owned()), Reason::SecretInvalid),
    ] {
        let mut request = request(&server.url("report.html"));
        request.tls = tls;
        let error = fetch_with(HttpClient::new(settings(&[server.port()])).unwrap(), &request).expect_err(what);
        assert_eq!(error.reason(), expected, "{what}: {error}");
    }
}
