//! From a text to a status, as users see it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::report_server::{Page, ReportServer};

use crate::support::{
    Bench, cluster, condition, config_map, is_ready, names, operator_requests, ready_message, ready_reason, report,
    start_operator, status_writes,
};

const DUTCH: &str = "# KubeCon Europe 2024 in Parijs\n\nVan 19 t/m 22 maart waren we in Parijs. Cilium en Linkerd kregen veel aandacht, \
    want beveiliging van het netwerk was een groot thema. De beveiliging van de keten met Sigstore kwam in veel lezingen terug.\n\n\
    Met Argo CD en Flux werd GitOps getoond. Isovalent liet zien hoe eBPF het netwerk versnelt en beveiligt.\n";

#[test]
fn a_report_in_a_config_map_becomes_a_status() {
    let bench = Bench::new("configmap", &[]);
    bench.apply(&config_map("texts", "parijs.md", DUTCH));
    bench.apply(&report("parijs", json!({"source": {"configMapRef": {"name": "texts", "key": "parijs.md"}}})));
    let report = bench.until_ready("parijs");
    let status = &report["status"];
    assert_eq!(status["language"], "nl");
    assert_eq!(status["event"]["edition"], "Europe 2024");
    assert_eq!(status["event"]["location"], "Paris");
    assert_eq!(
        (&status["event"]["startDate"], &status["event"]["endDate"]),
        (&json!("2024-03-19"), &json!("2024-03-22"))
    );
    let projects = names(&report, "projects");
    for expected in ["Cilium", "Linkerd", "Argo CD", "Flux"] {
        assert!(projects.iter().any(|name| name == expected), "{expected} is missing in {projects:?}");
    }
    assert!(names(&report, "organizations").contains(&"Isovalent".to_owned()), "{status:#}");
    assert!(names(&report, "themes").contains(&"security".to_owned()), "{status:#}");
    assert!(status["source"]["revision"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(status["source"]["bytes"], DUTCH.len());
    assert_eq!(status["projectCount"], projects.len());
    let by_language = bench.kubectl(&["get", "cfr", "--field-selector", "status.language=nl", "-o", "name"]);
    assert_eq!(by_language.trim(), "conferencereport.confreports.dev/parijs");
    let by_edition = bench.kubectl(&[
        "get",
        "cfr",
        "--field-selector",
        "status.event.edition=Europe 2024,status.event.year=2024",
        "-o",
        "name",
    ]);
    assert_eq!(by_edition.trim(), "conferencereport.confreports.dev/parijs");
}

#[test]
fn an_edit_of_the_config_map_is_seen_at_once() {
    let bench = Bench::new("edit", &[]);
    bench.apply(&config_map(
        "texts",
        "r.md",
        "# KubeCon\n\nAt KubeCon we saw Cilium at work in a large Kubernetes cluster.",
    ));
    bench.apply(&report("r", json!({"source": {"configMapRef": {"name": "texts"}}})));
    let before = bench.until_ready("r");
    assert!(!names(&before, "projects").contains(&"Kyverno".to_owned()));
    bench.apply(&config_map(
        "texts",
        "r.md",
        "# KubeCon\n\nAt KubeCon we saw Cilium and Kyverno at work in a large Kubernetes cluster.",
    ));
    let after =
        bench.until("r", "aware of the edit", |report| names(report, "projects").contains(&"Kyverno".to_owned()));
    assert_ne!(before["status"]["source"]["revision"], after["status"]["source"]["revision"]);
    assert_eq!(
        condition(&before, "Ready").unwrap()["lastTransitionTime"],
        condition(&after, "Ready").unwrap()["lastTransitionTime"],
        "Ready stayed True, so its transition time must not move"
    );
}

#[test]
fn what_is_missing_is_named_and_heals_itself_when_it_appears() {
    let bench = Bench::new("missing", &[]);
    bench.apply(&report("r", json!({"source": {"configMapRef": {"name": "later", "key": "r.txt"}}})));
    let waiting = bench.until("r", "waiting for its ConfigMap", |report| ready_reason(report) == "ConfigMapNotFound");
    assert!(ready_message(&waiting).contains("\"later\""), "{}", ready_message(&waiting));
    assert_eq!(condition(&waiting, "Reconciling").unwrap()["status"], "True");
    assert!(condition(&waiting, "Stalled").is_none());

    bench.apply(&config_map("later", "other.txt", "KubeCon"));
    let wrong_key = bench.until("r", "waiting for its key", |report| ready_reason(report) == "KeyNotFound");
    let message = ready_message(&wrong_key);
    assert!(message.contains("r.txt") && message.contains("other.txt"), "{message}");

    bench.apply(&config_map(
        "later",
        "r.txt",
        "At KubeCon Europe 2023 in Amsterdam we met the people behind Linkerd and Cilium.",
    ));
    let healed = bench.until_ready("r");
    assert!(condition(&healed, "Reconciling").is_none());
    assert!(names(&healed, "projects").contains(&"Linkerd".to_owned()));
}

#[test]
fn several_keys_without_a_choice_stall_the_report_until_the_user_chooses() {
    let bench = Bench::new("ambiguous", &[]);
    bench.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "two"}, "data": {"a.txt": "KubeCon and Cilium", "b.txt": "KubeCon and Linkerd"}}));
    bench.apply(&report("r", json!({"source": {"configMapRef": {"name": "two"}}})));
    let stalled = bench.until("r", "stalled", |report| condition(report, "Stalled").is_some());
    assert_eq!(condition(&stalled, "Stalled").unwrap()["reason"], "KeyAmbiguous");
    assert!(condition(&stalled, "Reconciling").is_none());
    assert!(ready_message(&stalled).contains("a.txt") && ready_message(&stalled).contains("b.txt"));
    assert_eq!(stalled["status"]["observedGeneration"], stalled["metadata"]["generation"]);
    bench.apply(&report("r", json!({"source": {"configMapRef": {"name": "two", "key": "b.txt"}}})));
    let healed = bench.until_ready("r");
    assert!(condition(&healed, "Stalled").is_none());
}

#[test]
fn a_failed_fetch_keeps_the_last_good_analysis() {
    let bench = Bench::new("keeps", &[]);
    bench.apply(&config_map("texts", "r.md", DUTCH));
    bench.apply(&report("r", json!({"source": {"configMapRef": {"name": "texts"}}})));
    let good = bench.until_ready("r");
    bench.kubectl(&["delete", "configmap", "texts"]);
    let failed = bench.until("r", "aware of the loss", |report| ready_reason(report) == "ConfigMapNotFound");
    for field in ["projects", "organizations", "themes", "summary", "event", "source"] {
        assert_eq!(good["status"][field], failed["status"][field], "{field} should be kept");
    }
}

#[test]
fn an_inline_text_and_what_the_author_knows_of_the_event() {
    let bench = Bench::new("inline", &[]);
    let spec = json!({
        "source": {"inline": "We met old friends and saw Falco and Harbor in the CNCF project pavilion."},
        "event": {"name": "KubeCon + CloudNativeCon", "edition": "Europe 2022", "year": 2022, "location": "Valencia"},
        "language": "en",
    });
    bench.apply(&report("postcard", spec));
    let report = bench.until_ready("postcard");
    assert_eq!(report["status"]["event"]["edition"], "Europe 2022");
    // The days of an edition that the author names are known; only they are inferred.
    assert_eq!(report["status"]["event"]["startDate"], "2022-05-16");
    assert_eq!(report["status"]["event"]["endDate"], "2022-05-20");
    assert_eq!(report["status"]["event"]["inferred"], json!(["startDate", "endDate"]));
    assert_eq!(report["status"]["source"]["kind"], "Inline");
}

#[test]
fn a_url_is_fetched_over_tls_with_a_private_authority_and_looked_at_again_when_asked() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(ReportServer::start()).unwrap();
    let typed = |media_type: &str, text: &str, etag: &str| {
        Page::new(media_type, format!("<html><head><title>Trip report</title></head><body><nav><a href=/>Home</a></nav><article><h1>KubeCon Europe 2025</h1><p>{text}</p></article></body></html>")).header("etag", etag)
    };
    let page = |text: &str, etag: &str| typed("text/html; charset=utf-8", text, etag);
    server.put(
        "report.html",
        page("In London we learned from Dynatrace how OpenTelemetry and Jaeger work together in production.", "\"1\""),
    );
    let port = format!("--http-allow-port={}", server.port());
    let bench = Bench::new("http", &["--http-allow-host=localhost", &port]);
    bench.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca"}, "stringData": {"ca.crt": server.authority()}}));
    bench.apply(&report(
        "page",
        json!({"source": {"http": {"url": server.url("report.html"), "certSecretRef": {"name": "ca"}}}}),
    ));
    let first = bench.until_ready("page");
    assert!(names(&first, "projects").contains(&"OpenTelemetry".to_owned()));
    assert_eq!(first["status"]["source"]["etag"], "\"1\"");

    let ask = |when: &str| {
        bench.kubectl(&["annotate", "--overwrite", "cfr", "page", &format!("reconcile.fluxcd.io/requestedAt={when}")])
    };
    ask("first");
    let unchanged = bench.until("page", "asked", |report| report["status"]["lastHandledReconcileAt"] == "first");
    assert!(is_ready(&unchanged));
    assert_eq!(server.seen().last().unwrap().status, 304, "an unchanged page should cost a conditional request only");
    assert_eq!(unchanged["status"]["source"], first["status"]["source"]);

    server.put(
        "report.html",
        page("In London we learned from Dynatrace how Fluent Bit and Jaeger work together in production.", "\"2\""),
    );
    ask("second");
    let changed = bench
        .until("page", "aware of the change", |report| names(report, "projects").contains(&"Fluent Bit".to_owned()));
    assert_eq!(changed["status"]["source"]["etag"], "\"2\"");

    let same = "In London we learned from Dynatrace how Fluent Bit and Jaeger work together in production.";
    server.put("report.html", typed("text/plain", same, "\"3\""));
    ask("retyped");
    let retyped = bench.until("page", "aware of the type", |report| report["status"]["source"]["etag"] == "\"3\"");
    assert_eq!(retyped["status"]["source"]["mediaType"], "text/plain", "the same bytes are another document now");

    server.put(
        "report.html",
        Page::new("text/plain", "planted stack trace").status(http::StatusCode::INTERNAL_SERVER_ERROR),
    );
    ask("third");
    let failing = bench.until("page", "failing", |report| condition(report, "FetchFailed").is_some());
    assert_eq!(ready_reason(&failing), "HTTPServerError");
    assert_eq!(failing["status"]["projects"], retyped["status"]["projects"], "the last good analysis should be kept");
}

#[test]
fn a_suspended_report_is_left_alone() {
    let bench = Bench::new("suspend", &[]);
    bench.apply(&config_map("texts", "r.md", DUTCH));
    bench.apply(&report("r", json!({"source": {"configMapRef": {"name": "texts"}}, "suspend": true})));
    bench.apply(&report("other", json!({"source": {"configMapRef": {"name": "texts"}}})));
    bench.until_ready("other");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(bench.report("r")["status"]["observedGeneration"], -1);
    bench.apply(&report("r", json!({"source": {"configMapRef": {"name": "texts"}}, "suspend": false})));
    bench.until_ready("r");
}

#[test]
fn a_report_that_is_suspended_while_it_fails_no_longer_counts_as_failing() {
    let bench = Bench::new("suspended-failing", &[]);
    let counts = || {
        let of = |beginning: &str| bench.metric(beginning).round();
        (of("conference_report_objects{ready=\"false\"}"), of("conference_report_objects_in_backoff "))
    };
    let until = |expected: (f64, f64)| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while counts() != expected {
            assert!(Instant::now() < deadline, "not Ready and in backoff: {:?}, not {expected:?}", counts());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let waiting = |suspend: bool| report("r", json!({"source": {"configMapRef": {"name": "r"}}, "suspend": suspend}));
    bench.apply(&waiting(false));
    until((1.0, 1.0));
    bench.apply(&waiting(true));
    until((0.0, 0.0));
    bench.apply(&waiting(false));
    until((1.0, 1.0));
}

#[test]
fn input_that_nobody_should_send_ends_in_a_condition_or_a_sensible_analysis() {
    let bench = Bench::new("odd", &[]);
    let nested = format!("<html><body>{}KubeCon{}</body></html>", "<div>".repeat(20_000), "</div>".repeat(20_000));
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain("At KubeCon we saw Cilium and Linkerd.".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    // What no text can be, and what must be said of it; nothing where the text is to be analysed.
    let cases: Vec<(&str, Vec<u8>, Option<&str>)> = vec![
        ("empty", Vec::new(), Some("EmptySource")),
        ("blank", b" \n\t \r\n ".to_vec(), Some("EmptySource")),
        ("binary", (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(), Some("NotText")),
        ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj".to_vec(), Some("NotText")),
        ("json", br#"{"projects": ["Cilium"], "event": "KubeCon"}"#.to_vec(), Some("NotText")),
        ("utf16", utf16, None),
        (
            "invalid-utf8",
            b"At KubeCon we saw Cilium \xff\xfe and Linkerd \xc3\x28 at work in a cluster.".to_vec(),
            None,
        ),
        ("nuls", b"At KubeCon\0 we saw Cilium and Linkerd at work.\0".to_vec(), None),
        ("one-line", "At KubeCon we saw Cilium. ".repeat(30_000).into_bytes(), None),
        (
            "unclosed",
            b"<html><body><div><p>At KubeCon we saw <b>Cilium and <i>Linkerd in a large cluster of many nodes".to_vec(),
            None,
        ),
        ("nested", nested.into_bytes(), Some("UnreadableDocument")),
    ];
    for (name, bytes, _) in &cases {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "binaryData": {"text": base64(bytes)}});
        cluster_create(&bench.namespace, &map);
        bench.apply(&report(name, json!({"source": {"configMapRef": {"name": name}}})));
    }
    for (name, _, expected) in &cases {
        let report =
            bench.until(name, "dealt with", |report| is_ready(report) || condition(report, "Stalled").is_some());
        match expected {
            Some(reason) => assert_eq!(ready_reason(&report), *reason, "{name}: {}", ready_message(&report)),
            None => {
                assert!(is_ready(&report), "{name}: {}", ready_message(&report));
                assert!(names(&report, "projects").contains(&"Cilium".to_owned()), "{name}: {:#}", report["status"]);
            }
        }
    }
    bench.apply(&config_map("fine", "r.md", DUTCH));
    bench.apply(&report("fine", json!({"source": {"configMapRef": {"name": "fine"}}})));
    bench.until_ready("fine");
}

#[test]
fn five_hundred_reports_cost_one_write_each_and_a_restart_none() {
    const REPORTS: usize = 500;
    let namespace = cluster().namespace("many").unwrap();
    let mut items = vec![config_map("texts", "r.md", DUTCH)];
    items.extend(
        (0..REPORTS)
            .map(|number| report(&format!("r{number}"), json!({"source": {"configMapRef": {"name": "texts"}}}))),
    );
    cluster().apply(&namespace, &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()).unwrap();

    let operator = start_operator(&namespace, &[]);
    let bench = Bench { namespace: namespace.clone(), operator };
    bench.kubectl(&["wait", "--for=condition=Ready", "--timeout=120s", "cfr", "--all"]);
    let writes = status_writes(&namespace);
    println!("{REPORTS} reports: {writes} status writes");
    assert_eq!(writes, REPORTS, "each report should cost one status write");

    assert_eq!(bench.operator.stop(), Some(0), "SIGTERM should end the operator in good order");
    let requests = operator_requests(&namespace);
    let operator = start_operator(&namespace, &[]);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(status_writes(&namespace), REPORTS, "a restart should write nothing");
    let gets = operator_requests(&namespace)
        .iter()
        .skip(requests.len())
        .filter(|request| request.as_str() == "get configmaps")
        .count();
    assert_eq!(gets, 0, "a restart should read no ConfigMap again");
    drop(operator);
}

/// Creates an object that may be too large for the annotation of `kubectl apply`.
fn cluster_create(namespace: &str, manifest: &Value) {
    let path = cluster()
        .control_plane()
        .folder()
        .join(format!("{namespace}-{}.json", manifest["metadata"]["name"].as_str().unwrap()));
    std::fs::write(&path, manifest.to_string()).unwrap();
    cluster().control_plane().run_kubectl(&["-n", namespace, "create", "-f", &path.display().to_string()]).unwrap();
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
