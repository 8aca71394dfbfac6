//! Traces: what a collector is sent, and that one that is not there disturbs nobody.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use serde_json::json;

use crate::support::{Bench, PLANTED, config_map, report, secret};

/// Head and body of each request.
type Requests = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A collector that keeps what it is sent.
struct Collector {
    port: u16,
    requests: Requests,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Requests::default();
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || {
                    if let Some(request) = receive(stream) {
                        seen.lock().unwrap().push(request);
                    }
                });
            }
        });
        Self { port, requests }
    }

    /// The spans so far, by name.
    fn spans(&self) -> Vec<Span> {
        let requests = self.requests.lock().unwrap();
        let mut spans = Vec::new();
        for (_, body) in requests.iter() {
            for resource in ExportTraceServiceRequest::decode(body.as_slice()).unwrap().resource_spans {
                let service = attributes(&resource.resource.unwrap().attributes).remove("service.name");
                assert_eq!(service.as_deref(), Some("conference-report-operator"));
                for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                    let attributes = attributes(&span.attributes);
                    let (id, parent) = (span.span_id, span.parent_span_id);
                    spans.push(Span { name: span.name, id, parent, trace: span.trace_id, attributes });
                }
            }
        }
        spans
    }
}

#[derive(Debug)]
struct Span {
    name: String,
    id: Vec<u8>,
    parent: Vec<u8>,
    trace: Vec<u8>,
    attributes: BTreeMap<String, String>,
}

impl Span {
    fn says(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }
}

fn attributes(all: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let value = |entry: &KeyValue| entry.value.clone().and_then(|value| value.value).map(text).unwrap_or_default();
    all.iter().map(|entry| (entry.key.clone(), value(entry))).collect()
}

/// One request: its head, and its body.
fn receive(mut stream: TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())?;
        if bytes.len() >= end + 4 + length {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
            return Some((head, bytes.split_off(end + 4)));
        }
    }
}

#[test]
fn a_run_and_its_steps_are_told_with_object_and_outcome_and_without_any_text() {
    let collector = Collector::start();
    let endpoint = format!("--otlp-endpoint=http://127.0.0.1:{}", collector.port);
    let bench = Bench::new("traces", &[&endpoint]);
    bench.apply_all(vec![
        config_map("r", "report.md", "At KubeCon Europe 2024 we saw Cilium at work."),
        report("r", json!({"source": {"configMapRef": {"name": "r"}}, "summary": {"maxWords": 20}})),
        secret("login", json!({"token": PLANTED})),
        report(
            "refused",
            json!({"source": {"http": {"url": format!("https://10.0.0.1/{PLANTED}"), "secretRef": {"name": "login"}}}}),
        ),
    ]);
    bench.until("r", "analysed", |report| report["status"]["source"].is_object());
    bench.until("refused", "refused", |report| crate::support::ready_reason(report) == "AddressBlocked");
    let Bench { namespace, operator } = bench;
    assert_eq!(operator.stop(), Some(0), "what is left is sent at the end");

    let spans = collector.spans();
    let runs = |name: &str| {
        let id = format!("{namespace}/{name}");
        spans.iter().filter(move |span| span.name == "reconcile" && span.says("report") == id)
    };
    let run = runs("r").find(|run| run.says("outcome") == "success").unwrap_or_else(|| panic!("{spans:#?}"));
    assert_eq!((run.says("reason"), run.says("generation"), run.says("urgency")), ("Succeeded", "1", "Change"));
    for (step, outcome) in [("fetch", "success"), ("analyse", "success"), ("write", "written")] {
        let step = spans.iter().find(|span| span.name == step && span.parent == run.id);
        let step = step.unwrap_or_else(|| panic!("{outcome}: {spans:#?}"));
        assert_eq!((step.says("outcome"), &step.trace), (outcome, &run.trace));
    }
    let failed = runs("refused").find(|run| run.says("reason") == "AddressBlocked");
    assert!(failed.is_some_and(|run| run.says("outcome") == "error"), "{spans:#?}");

    let requests = collector.requests.lock().unwrap();
    for (head, body) in requests.iter() {
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        let body = String::from_utf8_lossy(body);
        for hidden in [PLANTED, "Cilium", "KubeCon", "10.0.0.1"] {
            assert!(!body.contains(hidden), "{hidden} was sent: {body}");
        }
    }
    println!("{} spans in {} requests", spans.len(), requests.len());
}

#[test]
fn a_collector_that_is_not_there_is_said_once_and_disturbs_nobody() {
    // Nobody listens on the first port. Short pauses between deliveries, as the specification names them.
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    let bench = Bench::with_environment("no-collector", &[], &variables);
    for name in ["first", "second", "third"] {
        bench.apply(&report(name, json!({"source": {"inline": "At KubeCon Europe 2024 we saw Cilium at work."}})));
        bench.until_ready(name);
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    let log = bench.operator.log_text();
    assert_eq!(log.matches("traces are not delivered").count(), 1, "{log}");
    assert_eq!(bench.operator.stop(), Some(0));
}
