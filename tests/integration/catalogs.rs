//! A team's own catalog: its status, and the reports that use it. Events and metrics on the way.

use serde_json::{Value, json};

use crate::support::{Bench, cluster, condition, is_ready, names, ready_message, ready_reason, report};

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

/// Sixteen catalogs of a thousand projects are what the schema allows a report to refer to.
#[test]
fn large_catalogs_in_every_order_hold_up_nobody_in_another_namespace() {
    let crowded = cluster().namespace("crowded").unwrap();
    let bench = Bench::new("neighbour", &[&format!("--watch-namespaces={crowded}")]);
    let name = |number: usize| format!("large-{}", number % 16);
    let catalogs = (0..16).map(|number| {
        // The names of each stand in its neighbour too.
        let project = |entry: usize| json!({"name": format!("Kievit{}k", number * 500 + entry), "aliases": [format!("P{number}x{entry}")]});
        let projects: Vec<Value> = (0..1000).map(project).collect();
        json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog", "metadata": {"name": name(number)}, "spec": {"projects": projects}})
    });
    for catalog in catalogs {
        cluster().apply(&crowded, &catalog.to_string()).unwrap();
    }
    let text = "At KubeCon our team showed Cilium and Kievit7k to a full room.";
    let refers =
        |first: usize, count: usize| -> Value { (first..first + count).map(|at| json!({"name": name(at)})).collect() };
    let mut reports: Vec<Value> = (0..32)
        .map(|number| {
            let count = if number < 16 { 16 } else { 4 };
            report(&format!("r{number}"), json!({"source": {"inline": text}, "catalogRefs": refers(number, count)}))
        })
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": std::mem::take(&mut reports)});
    cluster().apply(&crowded, &list.to_string()).unwrap();

    bench.apply(&report("n", json!({"source": {"inline": text}})));
    assert_eq!(names(&bench.until_ready("n"), "projects"), ["Cilium"]);
    bench.apply(&report("n", json!({"source": {"inline": "At KubeCon our team showed Linkerd to a full room."}})));
    let edited = bench.until("n", "analysed anew", |n| is_ready(n) && names(n, "projects") == ["Linkerd"]);
    assert_eq!(edited["status"]["observedGeneration"], 2);

    let crowd = Bench { namespace: crowded, operator: bench.operator };
    for number in 0..16 {
        let refused = crowd.until(&format!("r{number}"), "refused", |r| condition(r, "Stalled").is_some());
        assert_eq!(ready_reason(&refused), "CatalogInvalid");
        assert!(ready_message(&refused).contains("there are 32000 values"), "{}", ready_message(&refused));
    }
    for number in 16..32 {
        let analysed = crowd.until_ready(&format!("r{number}"));
        let found = names(&analysed, "projects").contains(&"Kievit7k".to_owned());
        let refers_to_it = (number..number + 4).any(|at| at % 16 == 0);
        assert_eq!(found, refers_to_it, "{:#}", analysed["status"]);
    }
    // Another fault, although the report still has no catalog to use.
    crowd.kubectl(&["delete", "reportcatalog", &name(3)]);
    for number in 0..16 {
        let told = crowd.until(&format!("r{number}"), "told what is missing", |r| ready_reason(r) == "CatalogNotFound");
        assert!(ready_message(&told).contains("large-3") && condition(&told, "Stalled").is_none(), "{told:#}");
    }
}
