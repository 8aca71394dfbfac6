//! The operator's own writes come back late or never: it neither answers itself nor forgets what it wrote.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::faults::{Fault, On, WatchFault};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, inline, on_map, text};
use crate::support::condition;

/// An event that shows a status which tells of the generation it belongs to: the echo of an own write.
pub(super) fn own_write(event: &Value) -> bool {
    let object = &event["object"];
    event["type"] == "MODIFIED"
        && condition(object, "Ready")
            .is_some_and(|ready| ready["observedGeneration"] == object["metadata"]["generation"])
}

#[test]
pub(super) fn own_writes_that_come_back_late_or_never_cause_no_lost_update_and_no_loop() {
    let mut row = Row::new("stale cache: own writes seen late or never");
    for (name, fault) in
        [("late", WatchFault::late(Duration::from_millis(1500), own_write)), ("never", WatchFault::withhold(own_write))]
    {
        let mut stage = Stage::new("stale");
        stage.proxy.inject(On::watch("conferencereports"), fault);
        stage.start(&[]);
        row.case(name, changes(&stage));
    }
    row.finish();
}

#[test]
fn a_write_that_the_watch_shows_before_its_answer_arrives_wakes_nobody_later() {
    let mut row = Row::new("answer to a write slower than the watch");
    let stage = Stage::open("overtaken", &[]);
    let write = stage.proxy.inject(On::patch("conferencereports").first(1), Fault::DelayAnswer(Duration::from_secs(1)));
    stage.apply(&text("r", "Cilium"));
    stage.apply(&on_map("r"));
    let case = stage.names("r", "Cilium").and_then(|_| {
        must(write.hits() == 1, || "the answer was not late".to_owned())?;
        let runs = || stage.metric("controller_runtime_reconcile_total{controller=\"conferencereport\"");
        stage.quiet();
        std::thread::sleep(Duration::from_secs(2));
        let before = runs();
        // Whose status somebody else has changed is handled within a minute.
        std::thread::sleep(Duration::from_secs(62));
        must(runs() == before, || format!("{} more runs for nothing", runs() - before))
    });
    row.case("once", case);
    row.finish();
}

#[test]
fn a_catalog_that_changes_while_its_status_is_on_the_way_keeps_the_times_of_its_conditions() {
    let mut row = Row::new("catalog changed while its status is on the way");
    let held = || Fault::Delay(Duration::from_secs(3));
    for (name, fault, change, most) in [
        ("its spec", held(), Some(catalog(&json!({}), &["Deployomatic", "Kievitsveld"])), 2),
        ("its labels", held(), Some(catalog(&json!({"team": "a"}), &["Deployomatic"])), 1),
        ("the answer is lost instead", Fault::DropAnswer, None, 1),
    ] {
        row.case(name, change_on_the_way(fault, change.as_ref(), most));
    }
    row.finish();
}

fn catalog(labels: &Value, projects: &[&str]) -> Value {
    let projects: Vec<Value> = projects.iter().map(|name| json!({"name": name})).collect();
    json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog",
        "metadata": {"name": "ours", "labels": labels}, "spec": {"projects": projects}})
}

/// Something happens to the first write of a catalog's status, and meanwhile to the catalog; its own writes the operator sees late.
fn change_on_the_way(fault: Fault, change: Option<&Value>, most: usize) -> Case {
    let mut stage = Stage::new("catalog");
    let seen = WatchFault::late(Duration::from_secs(8), |event| event["object"]["status"]["projects"].is_number());
    stage.proxy.inject(On::watch("reportcatalogs"), seen);
    stage.start(&[]);
    let patch = || On::patch("reportcatalogs");
    let write = stage.proxy.inject(patch().first(1), fault);
    // What is written in its place is answered so late that another run would tell another time.
    stage.proxy.inject(patch().nth(2), Fault::DelayAnswer(Duration::from_secs(2)));
    stage.apply(&catalog(&json!({}), &["Deployomatic"]));
    must(write.wait_for(1, SOON), || "no status was written".to_owned())?;
    if let Some(change) = change {
        stage.apply(change);
    }
    let since = |live: &Value| condition(live, "Ready").map(|ready| ready["lastTransitionTime"].to_string());
    let (deadline, mut first) = (Instant::now() + SOON, None);
    loop {
        let live = stage.all("ReportCatalog").remove(0);
        first = first.or_else(|| since(&live));
        if live["status"]["observedGeneration"] == live["metadata"]["generation"] {
            break;
        }
        must(Instant::now() < deadline, || format!("never up to date: {live:#}"))?;
        std::thread::sleep(Duration::from_millis(20));
    }
    let tries = stage.proxy.calls(&patch());
    must(change.is_none() || tries[0].code == Some(409), || "the change came too late".to_owned())?;
    // Longer than the late answer, and than the pause before another try.
    std::thread::sleep(Duration::from_secs(3));
    stage.writes_at_most(most)?;
    let last = since(&stage.all("ReportCatalog")[0]);
    must(first == last, || format!("Ready since {first:?}, and later since {last:?}"))
}

/// Seven changes of content, each waited for.
fn changes(stage: &Stage) -> Case {
    stage.apply(&text("r", "Cilium"));
    stage.apply(&on_map("r"));
    for project in ["Cilium", "Linkerd", "Kyverno", "Falco"] {
        stage.apply(&text("r", project));
        stage.names("r", project)?;
    }
    stage.delete("ConfigMap", "r");
    stage.wait("r", SOON, "not Ready", |report| {
        condition(report, "Ready").is_some_and(|ready| ready["status"] == "False")
    })?;
    stage.apply(&text("r", "Harbor"));
    stage.names("r", "Harbor")?;
    // The spec no longer refers to the ConfigMap.
    stage.apply(&inline("r", "Jaeger"));
    stage.names("r", "Jaeger")?;
    stage.writes_at_most(7)
}
