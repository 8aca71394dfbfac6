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
fn a_catalog_that_changes_while_its_status_is_on_the_way_is_judged_by_what_it_says_now() {
    let mut row = Row::new("catalog changed while its status is on the way");
    let catalog = |labels: &Value, projects: &[&str]| {
        let projects: Vec<Value> = projects.iter().map(|name| json!({"name": name})).collect();
        json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog",
            "metadata": {"name": "ours", "labels": labels}, "spec": {"projects": projects}})
    };
    for (name, change) in [
        ("its spec", catalog(&json!({}), &["Deployomatic", "Kievitsveld"])),
        ("its labels", catalog(&json!({"team": "a"}), &["Deployomatic"])),
    ] {
        let mut stage = Stage::new("catalog");
        // What the operator has written it sees long after the change.
        let seen = WatchFault::late(Duration::from_secs(3), |event| event["object"]["status"]["projects"].is_number());
        stage.proxy.inject(On::watch("reportcatalogs"), seen);
        stage.start(&[]);
        let first = On::patch("reportcatalogs").first(1);
        let write = stage.proxy.inject(first, Fault::Delay(Duration::from_millis(1500)));
        stage.apply(&catalog(&json!({}), &["Deployomatic"]));
        let case = must(write.wait_for(1, SOON), || "no status was written".to_owned()).and_then(|()| {
            let before = stage.all("ReportCatalog")[0].clone();
            stage.apply(&change);
            let early = before["status"]["projects"].is_null();
            must(early, || format!("the change came too late: {:#}", before["status"]))?;
            let deadline = Instant::now() + SOON;
            loop {
                let live = &stage.all("ReportCatalog")[0];
                if live["status"]["observedGeneration"] == live["metadata"]["generation"] {
                    break;
                }
                must(Instant::now() < deadline, || format!("never up to date: {live:#}"))?;
                std::thread::sleep(Duration::from_millis(20));
            }
            stage.writes_at_most(1)
        });
        row.case(name, case);
    }
    row.finish();
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
