//! Texts in ConfigMaps: what can be wrong with them, how changes are seen, what does not concern a report, and the frugal mode.

use std::time::Duration;

use serde_json::json;

use crate::support::{Bench, config_map, names, operator_requests, ready_message, ready_reason, report};

const CILIUM: &str =
    "At KubeCon Europe 2023 in Amsterdam we saw Cilium and Hubble at work in a large Kubernetes cluster.";
const LINKERD: &str =
    "At KubeCon Europe 2023 in Amsterdam we saw Linkerd and Jaeger at work in a large Kubernetes cluster.";

#[test]
fn what_is_wrong_with_a_config_map_is_told_apart() {
    let bench = Bench::new("map-rows", &["--max-text-bytes=1024"]);
    let binary = |name: &str, base64: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "binaryData": {"r": base64}});
    bench.apply_all(vec![
        config_map("one", "r.md", CILIUM),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "two"}, "data": {"a.md": CILIUM, "b.md": LINKERD}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "none"}}),
        config_map("large", "r.md", &"KubeCon ".repeat(200)),
        config_map("blank", "r.md", " \n "),
        // "At KubeCon we saw Cilium and Größe." in windows-1252, and the first bytes of a PDF.
        binary("binary", "QXQgS3ViZUNvbiB3ZSBzYXcgQ2lsaXVtIGFuZCBHcvbfZS4="),
        binary("pdf", "JVBERi0xLjcK4uPP0w=="),
    ]);
    let rows = [
        ("one", json!({"name": "one"}), "Succeeded", ""),
        ("named", json!({"name": "two", "key": "b.md"}), "Succeeded", ""),
        ("binary", json!({"name": "binary"}), "Succeeded", ""),
        ("ambiguous", json!({"name": "two"}), "KeyAmbiguous", "\"a.md\" and \"b.md\""),
        ("no-key", json!({"name": "two", "key": "c.md"}), "KeyNotFound", "\"a.md\" and \"b.md\""),
        ("empty-map", json!({"name": "none"}), "KeyNotFound", "it has none"),
        ("no-map", json!({"name": "nowhere"}), "ConfigMapNotFound", "\"nowhere\""),
        ("large", json!({"name": "large"}), "TooLarge", "1024 bytes"),
        ("blank", json!({"name": "blank"}), "EmptySource", "holds no text"),
        ("pdf", json!({"name": "pdf"}), "NotText", "PDF"),
    ];
    bench.apply_all(
        rows.iter().map(|(name, reference, ..)| report(name, json!({"source": {"configMapRef": reference}}))).collect(),
    );
    for (name, _, reason, words) in rows {
        let report = bench.until(name, reason, |report| ready_reason(report) == reason);
        assert!(ready_message(&report).contains(words), "{name}: {}", ready_message(&report));
    }
}

#[test]
fn a_change_a_deletion_and_a_re_creation_are_seen_at_once() {
    let bench = Bench::new("map-changes", &[]);
    bench.apply_all(vec![
        config_map("texts", "r.md", CILIUM),
        report("r", json!({"source": {"configMapRef": {"name": "texts"}}})),
    ]);
    bench.until_ready("r");
    bench.apply(&config_map("texts", "r.md", LINKERD));
    bench.until("r", "aware of the change", |report| names(report, "projects").contains(&"Linkerd".to_owned()));
    bench.kubectl(&["delete", "configmap", "texts"]);
    let lost = bench.until("r", "aware of the loss", |report| ready_reason(report) == "ConfigMapNotFound");
    assert!(names(&lost, "projects").contains(&"Linkerd".to_owned()), "the last good analysis stays");
    bench.apply(&config_map("texts", "r.md", CILIUM));
    let found = bench.until_ready("r");
    assert!(names(&found, "projects").contains(&"Cilium".to_owned()));
    // In one go, so that the watch may never show that it was gone.
    bench.kubectl(&["delete", "configmap", "texts"]);
    bench.apply(&config_map("texts", "r.md", LINKERD));
    bench.until("r", "aware of the other one", |report| names(report, "projects").contains(&"Linkerd".to_owned()));
}

#[test]
fn config_maps_that_no_report_refers_to_cost_nothing() {
    let bench = Bench::new("map-others", &[]);
    bench.apply_all(vec![
        config_map("texts", "r.md", CILIUM),
        config_map("other", "r.md", CILIUM),
        report("r", json!({"source": {"configMapRef": {"name": "texts"}}})),
    ]);
    bench.until_ready("r");
    let before = (operator_requests(&bench.namespace).len(), bench.metric("controller_runtime_reconcile_total"));
    for round in 0..2 {
        let text = format!("{LINKERD} {round}");
        let new = (0..19).map(|number| config_map(&format!("new{number}"), "r.md", &text));
        bench.apply_all(new.chain([config_map("other", "r.md", &text)]).collect());
    }
    std::thread::sleep(Duration::from_millis(500));
    let requests = operator_requests(&bench.namespace);
    let others = requests.iter().skip(before.0).filter(|request| !request.starts_with("watch ")).collect::<Vec<_>>();
    assert!(others.is_empty(), "40 changes that concern no report led to {others:?}");
    assert_eq!(bench.metric("controller_runtime_reconcile_total"), before.1, "no report should have been woken");
}

#[test]
fn in_the_frugal_mode_labelled_config_maps_are_watched_and_the_others_read_when_asked() {
    let bench = Bench::new("frugal", &["--watch-configmaps=Labelled"]);
    let label = |value: &str| bench.kubectl(&["label", "--overwrite", "configmap", "watched", value]);
    bench.apply_all(vec![
        config_map("watched", "r.md", CILIUM),
        config_map("unwatched", "r.md", CILIUM),
        report("watched", json!({"source": {"configMapRef": {"name": "watched"}}})),
        report("unwatched", json!({"source": {"configMapRef": {"name": "unwatched"}}, "interval": "8760h"})),
    ]);
    bench.until_ready("watched");
    bench.until_ready("unwatched");
    label("reconcile.fluxcd.io/watch=Enabled");
    bench.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "watched", "labels": {"reconcile.fluxcd.io/watch": "Enabled"}}, "data": {"r.md": LINKERD}}));
    bench.apply(&config_map("unwatched", "r.md", LINKERD));
    bench.until("watched", "aware of the change", |report| names(report, "projects").contains(&"Linkerd".to_owned()));
    let unwatched = bench.report("unwatched");
    assert!(names(&unwatched, "projects").contains(&"Cilium".to_owned()), "nobody told of this change");
    let asked = bench.look_now("unwatched", "now");
    assert!(names(&asked, "projects").contains(&"Linkerd".to_owned()), "{:#}", asked["status"]);

    bench.kubectl(&["delete", "configmap", "watched"]);
    bench.until("watched", "aware of the loss", |report| ready_reason(report) == "ConfigMapNotFound");
    // What is not labelled is found by trying again.
    bench.apply(&config_map("watched", "r.md", CILIUM));
    bench.until_ready("watched");
    let reads =
        operator_requests(&bench.namespace).iter().filter(|request| request.as_str() == "get configmaps").count();
    println!("{reads} reads of ConfigMaps by name");
}
