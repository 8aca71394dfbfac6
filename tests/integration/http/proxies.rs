//! Proxies: used when the operator is told to, with the policy in front of them as far as it can be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use conference_report_operator::api::Reason;
use conference_report_operator::source::http::dial::Network;
use conference_report_operator::source::http::proxy::Proxies;
use conference_report_operator::source::http::tls::TlsMaterial;
use conference_report_operator::source::http::{Credentials, HttpClient, HttpSettings};
use conference_report_operator::source::{Fetch, FetchError};
use serde_json::json;
use testbed::keys::Authority;

use super::client::{fetch, request, settings};
use super::servers::{Loopback, Server, answer, join, read_head, tls};
use crate::support::{Bench, report};

/// A proxy on loopback. Every name leads to loopback for it: it is the proxy that resolves names.
struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// `refusal` is what it answers to everything; where there is none, it does its work.
    fn start(refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(mut client) = client else { return };
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || {
                    let head = read_head(&mut client);
                    seen.lock().unwrap().push(head.clone());
                    if let Some(refusal) = refusal {
                        let _ = client.write_all(refusal.as_bytes());
                        if !refusal.is_empty() {
                            let _ = client.read(&mut [0; 64]);
                        }
                        return;
                    }
                    let _ = pass_on(&mut client, &head);
                });
            }
        });
        Self { port, heads }
    }

    fn seen(&self) -> String {
        self.heads.lock().unwrap().join("\n")
    }
}

fn pass_on(client: &mut TcpStream, head: &str) -> std::io::Result<()> {
    let target = head.split(' ').nth(1).unwrap();
    let authority = target.trim_start_matches("http://").split('/').next().unwrap();
    let port: u16 = authority.rsplit(':').next().unwrap().parse().unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        server.write_all(head.as_bytes())?;
    }
    join(client, &server);
    Ok(())
}

/// Settings as if the environment named the proxy, with a password.
fn through(proxy: &Proxy, ports: &[u16], no_proxy: &'static str) -> HttpSettings {
    let value = format!("http://operator:planted-proxy-password@127.0.0.1:{}", proxy.port);
    let proxies = Proxies::from_variables(|name| match name {
        "HTTPS_PROXY" | "HTTP_PROXY" => Some(value.clone()),
        "NO_PROXY" => Some(no_proxy.to_owned()),
        _ => None,
    });
    let mut settings = HttpSettings { proxies: Some(proxies.unwrap()), ..settings(ports) };
    settings.policy.allow_hosts.clear();
    settings
}

fn client(settings: HttpSettings, network: &Arc<Loopback>) -> HttpClient {
    HttpClient::with_network(settings, Arc::clone(network) as Arc<dyn Network>).unwrap()
}

/// "operator:planted-proxy-password" as Basic credentials.
const PROXY_CREDENTIALS: &str = "Basic b3BlcmF0b3I6cGxhbnRlZC1wcm94eS1wYXNzd29yZA==";

#[test]
fn an_https_address_is_reached_through_a_tunnel_that_hides_what_is_asked_and_with_which_credentials() {
    let authority = Authority::new("proxied").unwrap();
    let identity = authority.server(&["reports.example"]).unwrap();
    let server = Server::over(Some(tls(&identity, &["http/1.1"], None)), |stream, _| {
        stream.write_all(&answer("200 OK", "content-type: text/plain\r\n", b"At KubeCon"))
    });
    let (proxy, network) = (Proxy::start(None), Loopback::knowing(&[]));
    let mut request = request(&server.url_for("reports.example"));
    request.credentials = Some(Credentials::Bearer("planted-token".into()));
    request.tls = Some(TlsMaterial { authorities: Some(authority.certificate().into_bytes()), identity: None });
    let fetched = fetch(&client(through(&proxy, &[server.port], ""), &network), &request);
    assert!(matches!(fetched, Ok(Fetch::Text(_))), "{fetched:?}");
    let seen = proxy.seen();
    assert!(seen.starts_with(&format!("CONNECT reports.example:{} HTTP/1.1\r\n", server.port)), "{seen}");
    assert!(seen.contains(PROXY_CREDENTIALS), "{seen}");
    assert!(!seen.contains("planted-token") && !seen.contains("report.html"), "{seen}");
    assert!(server.heads().contains("planted-token") && !server.heads().contains("proxy-authorization"));
    let dialled: Vec<u16> = network.dialled().iter().map(|address| address.port()).collect();
    assert_eq!(dialled, [proxy.port], "nothing but the proxy is dialled");
}

#[test]
fn a_plain_address_is_handed_to_the_proxy_as_a_whole() {
    let server = Server::answering(answer("200 OK", "content-type: text/plain\r\n", b"At KubeCon"));
    let (proxy, network) = (Proxy::start(None), Loopback::knowing(&[]));
    let url = server.url_for("reports.example");
    let fetched = fetch(&client(through(&proxy, &[server.port], ""), &network), &request(&url));
    assert!(matches!(fetched, Ok(Fetch::Text(_))), "{fetched:?}");
    let seen = proxy.seen();
    assert!(seen.starts_with(&format!("GET {url} HTTP/1.1\r\n")) && seen.contains(PROXY_CREDENTIALS), "{seen}");
}

#[test]
fn the_policy_holds_in_front_of_a_proxy_as_far_as_the_operator_can_see() {
    let proxy = Proxy::start(None);
    // What the operator's own resolver knows. With several addresses, one that is refused is enough.
    let network = Loopback::knowing(&[
        ("localhost", &[&["127.0.0.1"]]),
        ("kubernetes.default.svc", &[&["10.96.0.1"]]),
        ("metadata.example", &[&["8.8.8.8", "169.254.169.254"]]),
    ]);
    let mut settings = through(&proxy, &[8080], "");
    settings.policy.deny_hosts = vec!["denied.example".parse().unwrap()];
    let client = client(settings, &network);
    for url in [
        "http://127.0.0.1/",
        "https://2130706433/",
        "https://169.254.169.254/latest",
        "http://[::ffff:10.0.0.1]/",
        "https://localhost:8080/",
        "https://kubernetes.default.svc/",
        "http://metadata.example/",
        "https://denied.example/",
        "https://reports.example:22/",
    ] {
        let error = fetch(&client, &request(url)).expect_err(url);
        assert_eq!(error.reason(), Reason::AddressBlocked, "{url}: {error}");
    }
    assert!(network.dialled().is_empty() && proxy.seen().is_empty(), "the proxy should not have been asked");
}

#[test]
fn hosts_that_need_no_proxy_are_reached_directly_and_judged_as_ever() {
    let server = Server::answering(answer("200 OK", "content-type: text/plain\r\n", b"At KubeCon"));
    let (proxy, network) = (Proxy::start(None), Loopback::knowing(&[("inside.example", &[&["127.0.0.1"]])]));
    let url = server.url_for("inside.example");
    let closed = through(&proxy, &[server.port], "inside.example");
    let error = fetch(&client(closed.clone(), &network), &request(&url)).unwrap_err();
    assert_eq!(error.reason(), Reason::AddressBlocked, "{error}");
    let mut open = closed;
    open.policy.allow_hosts = vec!["inside.example".parse().unwrap()];
    assert!(matches!(fetch(&client(open, &network), &request(&url)), Ok(Fetch::Text(_))));
    assert!(proxy.seen().is_empty());
}

#[test]
fn a_proxy_that_does_not_do_its_work_is_named_as_the_culprit() {
    let cases = [
        ("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n", "(407)"),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nplanted", "does not connect to it (403)"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "does not connect to it (502)"),
        ("SSH-2.0-planted\r\n", "does not speak HTTP"),
        ("", "does not speak HTTP"),
        ("HTTP/1.1 200 OK\r\n\r\nplanted: the server should not speak first", "does not speak HTTP"),
    ];
    for (refusal, expected) in cases {
        let proxy = Proxy::start(Some(refusal));
        let client = client(through(&proxy, &[], ""), &Loopback::knowing(&[]));
        let error = fetch(&client, &request("https://reports.example/")).expect_err(refusal);
        let message = error.to_string();
        assert!(matches!(error, FetchError::ConnectionFailed { .. }), "{refusal}: {message}");
        assert!(message.contains("the operator's proxy") && message.contains(expected), "{refusal}: {message}");
        assert!(!message.contains("planted"), "{message}");
    }
    let proxy = Proxy::start(Some(cases[0].0));
    let error = fetch(&client(through(&proxy, &[], ""), &Loopback::knowing(&[])), &request("http://reports.example/"));
    assert!(error.as_ref().is_err_and(|error| error.to_string().contains("the operator's proxy")), "{error:?}");
    let gone = Proxy { port: 1, heads: Arc::default() };
    let error = fetch(&client(through(&gone, &[], ""), &Loopback::knowing(&[])), &request("https://reports.example/"));
    assert!(error.is_err_and(|error| error.to_string().contains("the operator's proxy cannot be used")));
}

#[test]
fn the_operator_uses_the_environments_proxy_only_when_told_to() {
    let server = Server::answering(answer("200 OK", "content-type: text/plain\r\n", b"At KubeCon we saw Cilium."));
    let proxy = Proxy::start(None);
    let (address, port) = (format!("http://127.0.0.1:{}", proxy.port), format!("--http-allow-port={}", server.port));
    for (told, flags) in [(false, vec![]), (true, vec!["--http-proxy-from-environment"])] {
        let flags: Vec<&str> = ["--http-allow-host=localhost", &port].into_iter().chain(flags).collect();
        let bench = Bench::with_environment("proxy", &flags, &[("ALL_PROXY", &address)]);
        bench.apply(&report("r", json!({"source": {"http": {"url": server.url(), "insecure": true}}})));
        bench.until_ready("r");
        assert_eq!(
            proxy.seen().contains("GET http://localhost"),
            told,
            "told to: {told}; the proxy saw {:?}",
            proxy.seen()
        );
    }
}
