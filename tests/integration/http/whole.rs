//! The whole operator against every misbehaving server at once, and what comes of it: conditions, memory, and the reports beside.

use serde_json::{Value, json};

use super::cases;
use super::servers::{Server, answer};
use crate::support::{Bench, condition, config_map, ready_message, ready_reason, report, secret};

/// Texts that a server may well send, but that are no report.
fn no_reports() -> Vec<(&'static str, &'static str, Vec<u8>, &'static str)> {
    let nested = format!("<html><body>{}planted{}", "<div>".repeat(2000), "</div>".repeat(2000));
    vec![
        ("PDF under another name", "application/octet-stream", b"%PDF-1.7\nplanted".to_vec(), "NotText"),
        ("an image as HTML", "text/html", b"\x89PNG\r\n\x1a\nplanted".to_vec(), "NotText"),
        ("an archive as text", "text/plain", b"PK\x03\x04planted".to_vec(), "NotText"),
        ("JSON as text", "text/plain", br#"{"planted": ["Cilium"]}"#.to_vec(), "NotText"),
        (
            "noise",
            "text/plain",
            (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            "NotText",
        ),
        ("nothing", "text/html", Vec::new(), "EmptySource"),
        ("white space", "text/html", b" \n\t ".to_vec(), "EmptySource"),
        ("markup without text", "text/html", b"<html><body><div></div></body></html>".to_vec(), "EmptySource"),
        ("a deeply nested page", "text/html", nested.into_bytes(), "UnreadableDocument"),
    ]
}

fn http(server: &Server, secret: Option<&str>) -> Value {
    let mut http = json!({"url": server.url(), "timeout": "3s"});
    if server.url().starts_with("http:") {
        http["insecure"] = json!(true);
    }
    if let Some(name) = secret {
        http["certSecretRef"] = json!({"name": name});
    }
    json!({"source": {"http": http}})
}

#[test]
fn every_misbehaviour_ends_in_the_documented_reason_and_the_reports_beside_it_are_served() {
    let cases = cases::all();
    let others: Vec<_> = no_reports()
        .into_iter()
        .map(|(what, media_type, body, expected)| {
            let headers = format!("content-type: {media_type}\r\ncontent-length: {}\r\n", body.len());
            (what, Server::answering(answer("200 OK", &headers, &body)), expected)
        })
        .collect();
    let good = Server::start(|stream, _| {
        let text = b"At KubeCon Europe 2023 in Amsterdam we saw Cilium and Linkerd at work.";
        stream.write_all(&answer("200 OK", "content-type: text/plain\r\n", text))
    });
    let ports: Vec<String> = cases
        .iter()
        .map(|case| case.server.port)
        .chain(others.iter().map(|(_, server, _)| server.port))
        .chain([good.port])
        .map(|port| port.to_string())
        .collect();
    let flags = [
        "--http-allow-host=localhost",
        &format!("--http-allow-port={}", ports.join(",")),
        "--http-max-per-host=24",
        "--concurrency=32",
        "--max-text-bytes=65536",
    ];
    let bench = Bench::new("misbehaving", &flags);
    let before = bench.metric("process_resident_memory_bytes");

    let mut items = vec![config_map("texts", "r.md", "At KubeCon Europe 2023 we saw Cilium and Linkerd at work.")];
    let mut expected = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let name = format!("case{number}");
        if let Some(authority) = &case.authority {
            items.push(secret(&name, json!({"ca.crt": authority})));
        }
        items.push(report(&name, http(&case.server, case.authority.as_ref().map(|_| name.as_str()))));
        expected.push((name, case.what, case.expected.as_str()));
    }
    for (number, (what, server, reason)) in others.iter().enumerate() {
        let name = format!("other{number}");
        items.push(report(&name, http(server, None)));
        expected.push((name, *what, *reason));
    }
    items.push(report("good-url", http(&good, None)));
    items.push(report("good-map", json!({"source": {"configMapRef": {"name": "texts"}}})));
    bench.apply_all(items);

    for (name, what, reason) in &expected {
        let failed = bench.until(name, "dealt with", |report| condition(report, "FetchFailed").is_some());
        assert_eq!(ready_reason(&failed), *reason, "{what}: {}", ready_message(&failed));
        assert_eq!(condition(&failed, "Ready").unwrap()["status"], "False", "{what}");
    }
    bench.until_ready("good-url");
    bench.until_ready("good-map");
    let after = bench.metric("process_resident_memory_bytes");
    let growth = (after - before) / f64::from(1 << 20);
    println!("{} bad inputs, each ended in its documented reason; resident memory {growth:+.1} MiB", expected.len());
    // Bombs of 20 MiB, endless bodies and a gigabyte are among them; a text may have 64 KiB.
    assert!(growth < 64.0, "memory grew by {growth:.1} MiB");
}
