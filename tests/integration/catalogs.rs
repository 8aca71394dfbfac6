//! A team's own catalog: its status, and the reports that use it. Events and metrics on the way.

use serde_json::{Value, json};

use crate::support::{Bench, condition, is_ready, names};

fn catalog(projects: &[&str]) -> Value {
    let projects: Vec<Value> = projects.iter().map(|name| json!({"name": name})).collect();
    json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog", "metadata": {"name": "own"}, "spec": {"projects": projects}})
}

#[test]
fn a_report_waits_for_its_catalog_and_follows_its_changes() {
    let bench = Bench::new("catalog", &[]);
    let text = "At KubeCon our team showed Zwaluwnest and Kievitsveld beside Cilium to a full room.";
    bench.apply(
        &json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport", "metadata": {"name": "r"},
        "spec": {"source": {"inline": text}, "catalogRefs": [{"name": "own"}]}}),
    );
    let waiting = bench.until("r", "waiting for its catalog", |report| {
        condition(report, "Ready").is_some_and(|ready| ready["reason"] == "CatalogNotFound")
    });
    assert!(condition(&waiting, "Stalled").is_none() && condition(&waiting, "FetchFailed").is_none());

    bench.apply(&catalog(&["Zwaluwnest"]));
    let first = bench.until_ready("r");
    assert!(names(&first, "projects").contains(&"Zwaluwnest".to_owned()), "{:#}", first["status"]);
    assert!(!names(&first, "projects").contains(&"Kievitsveld".to_owned()));

    bench.apply(&catalog(&["Zwaluwnest", "Kievitsveld"]));
    let second = bench.until("r", "aware of the catalog's change", |report| {
        is_ready(report) && names(report, "projects").contains(&"Kievitsveld".to_owned())
    });
    assert_ne!(first["status"]["catalogRevision"], second["status"]["catalogRevision"]);
    bench.kubectl(&["wait", "--for=condition=Ready", "--timeout=20s", "reportcatalog/own"]);
    let own: Value = serde_json::from_str(&bench.kubectl(&["get", "reportcatalog", "own", "-o", "json"])).unwrap();
    assert_eq!((&own["status"]["projects"], &own["status"]["observedGeneration"]), (&json!(2), &json!(2)));

    let events = bench.kubectl(&["get", "events.events.k8s.io", "-o", "jsonpath={.items[*].reason}"]);
    assert!(events.contains("CatalogNotFound") && events.contains("Succeeded"), "{events}");
    let metrics = bench.operator.metrics().unwrap();
    assert!(metrics.contains(r#"conference_report_objects{ready="true"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"conference_report_status_writes_total{outcome="written"} 3"#), "{metrics}");
}
