//! Servers that are wrong about whether their text has changed. The digest has the last word.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::servers::{Server, answer};
use crate::support::{Bench, names, ready_reason, report, status_writes};

/// A page that can be changed while it is served: ETag and text.
#[derive(Clone)]
struct Page(Arc<Mutex<(&'static str, &'static str)>>);

impl Page {
    fn new(etag: &'static str, text: &'static str) -> Self {
        Self(Arc::new(Mutex::new((etag, text))))
    }

    fn set(&self, etag: &'static str, text: &'static str) {
        *self.0.lock().unwrap() = (etag, text);
    }

    fn answer(&self) -> Vec<u8> {
        let (etag, text) = *self.0.lock().unwrap();
        answer("200 OK", &format!("content-type: text/plain\r\netag: {etag}\r\n"), text.as_bytes())
    }
}

const CILIUM: &str =
    "At KubeCon Europe 2023 in Amsterdam we saw how Cilium and Hubble are used in a large Kubernetes cluster.";
const LINKERD: &str =
    "At KubeCon Europe 2023 in Amsterdam we saw how Linkerd and Jaeger are used in a large Kubernetes cluster.";

fn start(purpose: &str, server: &Server) -> Bench {
    let port = format!("--http-allow-port={}", server.port);
    let bench = Bench::new(purpose, &["--http-allow-host=localhost", &port]);
    // It looks when it is asked to, and not by itself.
    let spec = json!({"source": {"http": {"url": server.url(), "insecure": true}}, "interval": "8760h"});
    bench.apply(&report("r", spec));
    bench
}

#[test]
fn another_text_under_the_same_etag_is_analysed_and_the_same_text_under_another_etag_is_not() {
    let page = Page::new("\"one\"", CILIUM);
    let served = page.clone();
    // Whatever it is asked, it sends the whole text.
    let server = Server::start(move |stream, _| stream.write_all(&served.answer()));
    let bench = start("etag", &server);
    let first = bench.until_ready("r");
    assert!(names(&first, "projects").contains(&"Cilium".to_owned()), "{first:#}");

    page.set("\"one\"", LINKERD);
    let second = bench.look_now("r", "same-etag");
    assert!(names(&second, "projects").contains(&"Linkerd".to_owned()), "{:#}", second["status"]);

    let analyses = bench.metric("conference_report_analysis_duration_seconds_count");
    page.set("\"two\"", LINKERD);
    let third = bench.look_now("r", "other-etag");
    assert_eq!(bench.metric("conference_report_analysis_duration_seconds_count"), analyses, "the text is the same");
    assert_eq!(third["status"]["source"]["revision"], second["status"]["source"]["revision"]);
}

#[test]
fn a_server_that_says_unchanged_for_ever_is_asked_for_its_text_in_the_end() {
    let page = Page::new("\"stuck\"", CILIUM);
    let served = page.clone();
    let server = Server::start(move |stream, request| {
        let known = request.contains("if-none-match");
        stream.write_all(&if known { answer("304 Not Modified", "", b"") } else { served.answer() })
    });
    let bench = start("stuck", &server);
    bench.until_ready("r");
    page.set("\"stuck\"", LINKERD);
    let mut looks = 0;
    let changed = loop {
        looks += 1;
        let report = bench.look_now("r", &format!("look-{looks}"));
        if names(&report, "projects").contains(&"Linkerd".to_owned()) {
            break looks;
        }
        assert!(looks < 100, "the change was never seen");
    };
    println!("a server that always answers 304 was found out at look {changed}");
    assert_eq!(changed, 25, "after 24 answers of 304 in a row the text itself is asked for");
    let requests = server.asked();
    assert_eq!(requests.iter().filter(|asked| !asked.head.contains("if-none-match")).count(), 2);
}

#[test]
fn a_304_for_a_text_that_was_never_sent_is_a_fault_of_the_server() {
    let server = Server::answering(answer("304 Not Modified", "etag: \"x\"\r\n", b""));
    let bench = start("early304", &server);
    bench.until("r", "failing", |report| ready_reason(report) == "HTTPServerError");
    assert!(!server.heads().contains("if-none-match"), "there is nothing yet that could be unchanged");
    assert!(status_writes(&bench.namespace) >= 1);
}
