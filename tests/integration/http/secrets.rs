//! Credentials and certificates out of Secrets, through the whole operator.

use serde_json::json;
use testbed::keys::Authority;

use super::servers::{Server, answer, tls};
use crate::support::{Bench, operator_requests, ready_reason, report, secret};

const TEXT: &[u8] = b"At KubeCon Europe 2023 in Amsterdam we saw Cilium and Linkerd at work.";

fn good() -> Vec<u8> {
    answer("200 OK", "content-type: text/plain\r\n", TEXT)
}

fn start(purpose: &str, server: &Server) -> Bench {
    Bench::new(purpose, &["--http-allow-host=localhost", &format!("--http-allow-port={}", server.port)])
}

#[test]
fn a_rotated_secret_is_used_at_the_next_try_without_a_restart() {
    let authority = Authority::new("rotation").unwrap();
    let identity = authority.server(&["localhost"]).unwrap();
    let server = Server::over(Some(tls(&identity, &["http/1.1"], None)), |stream, request| {
        let known = request.contains("authorization: Bearer planted-new");
        stream.write_all(&if known { good() } else { answer("401 Unauthorized", "", b"planted") })
    });
    let bench = start("rotation", &server);
    bench.apply(&secret("ca", json!({"ca.crt": authority.certificate()})));
    bench.apply(&secret("login", json!({"token": "planted-old"})));
    let http = json!({"url": server.url(), "secretRef": {"name": "login"}, "certSecretRef": {"name": "ca"}});
    bench.apply(&report("r", json!({"source": {"http": http}})));
    bench.until("r", "refused", |report| ready_reason(report) == "AuthenticationFailed");

    bench.apply(&secret("login", json!({"token": "planted-new\n"})));
    bench.until_ready("r");
    let requests = operator_requests(&bench.namespace);
    assert!(requests.iter().any(|request| request == "get secrets"));
    assert!(!requests.iter().any(|request| request == "list secrets" || request == "watch secrets"), "{requests:?}");
}

#[test]
fn what_is_wrong_with_a_secret_is_said_without_its_content_and_heals_when_it_is_corrected() {
    let authority = Authority::new("corrected").unwrap();
    let identity = authority.server(&["localhost"]).unwrap();
    let server = Server::over(Some(tls(&identity, &["http/1.1"], None)), |stream, request| {
        // "ann:planted-password"
        let known = request.contains("authorization: Basic YW5uOnBsYW50ZWQtcGFzc3dvcmQ=");
        stream.write_all(&if known { good() } else { answer("403 Forbidden", "", b"planted") })
    });
    let bench = start("bad-secret", &server);
    bench.apply(&secret("ca", json!({"ca.crt": "-----BEGIN CERTIFICATE-----\nplanted\n-----END CERTIFICATE-----\n"})));
    let http = json!({"url": server.url(), "secretRef": {"name": "login"}, "certSecretRef": {"name": "ca"}});
    bench.apply(&report("r", json!({"source": {"http": http}})));
    bench.until("r", "waiting for its Secret", |report| ready_reason(report) == "SecretNotFound");
    bench.apply(&secret("login", json!({"username": "ann", "token": "planted"})));
    bench.until("r", "aware of the wrong keys", |report| ready_reason(report) == "SecretInvalid");
    bench.kubectl(&["delete", "secret", "login"]);
    bench.apply(&secret("login", json!({"username": "ann", "password": "planted-password"})));
    let broken = bench.look_now("r", "with-a-broken-authority");
    assert_eq!(ready_reason(&broken), "SecretInvalid", "{:#}", broken["status"]);
    bench.apply(&secret("ca", json!({"ca.crt": authority.certificate()})));
    bench.look_now("r", "corrected");
    bench.until_ready("r");
}

#[test]
fn a_server_that_wants_a_certificate_gets_the_one_of_the_secret() {
    let authority = Authority::new("mutual").unwrap();
    let (identity, client) = (authority.server(&["localhost"]).unwrap(), authority.client("reader").unwrap());
    let stranger = Authority::new("stranger").unwrap().client("reader").unwrap();
    let config = tls(&identity, &["http/1.1"], Some(&authority.certificate()));
    let server = Server::over(Some(config), |stream, _| stream.write_all(&good()));
    let bench = start("mutual", &server);
    let ca = authority.certificate();
    bench.apply(&secret("with", json!({"ca.crt": ca, "tls.crt": client.certificate, "tls.key": client.key})));
    bench.apply(&secret("without", json!({"ca.crt": ca})));
    bench.apply(&secret("stranger", json!({"ca.crt": ca, "tls.crt": stranger.certificate, "tls.key": stranger.key})));
    bench.apply(&secret("mixed-up", json!({"ca.crt": ca, "tls.crt": client.certificate, "tls.key": stranger.key})));
    for (name, expected) in
        [("with", "Succeeded"), ("without", "TLSError"), ("stranger", "TLSError"), ("mixed-up", "SecretInvalid")]
    {
        let http = json!({"url": server.url(), "certSecretRef": {"name": name}});
        bench.apply(&report(name, json!({"source": {"http": http}})));
        bench.until(name, expected, |report| ready_reason(report) == expected);
    }
}
