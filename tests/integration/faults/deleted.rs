//! Reports and ConfigMaps that go away in the middle of a run, and what is remembered of those that are gone: nothing.

use std::time::Duration;

use testbed::faults::{Fault, On};

use super::row::{Row, must};
use super::stage::{SOON, Stage, inline, mentions, on_map, text};
use crate::support::{is_ready, ready_reason};

const WHILE: Duration = Duration::from_millis(800);

#[test]
fn what_is_deleted_in_the_middle_of_a_run_is_no_failure_and_heals() {
    let mut row = Row::new("report or ConfigMap deleted mid-reconcile");

    let stage = Stage::open("deleted", &[]);
    let patch = stage.proxy.inject(On::patch("conferencereports").named("gone").first(1), Fault::Delay(WHILE));
    stage.apply(&inline("gone", "Cilium"));
    let case = must(patch.wait_for(1, SOON), || "no PATCH".to_owned()).and_then(|()| {
        stage.delete("ConferenceReport", "gone");
        std::thread::sleep(WHILE);
        stage.quiet();
        let log = stage.operator().log_text();
        must(!log.contains("status not written"), || format!("it is told as a failure:\n{log}"))?;
        let tries = stage.proxy.calls(&On::patch("conferencereports").named("gone")).len();
        must(tries == 1, || format!("{tries} tries to write the status of nothing"))?;
        must(stage.metric("conference_report_objects{") < 0.5, || "it is remembered".to_owned())
    });
    row.case("report deleted before its PATCH", case);

    let patch = stage.proxy.inject(On::patch("conferencereports").named("anew").first(1), Fault::Delay(WHILE));
    stage.apply(&inline("anew", "Cilium"));
    let case = must(patch.wait_for(1, SOON), || "no PATCH".to_owned()).and_then(|()| {
        stage.delete("ConferenceReport", "anew");
        stage.apply(&inline("anew", "Linkerd"));
        stage.names("anew", "Linkerd")?;
        std::thread::sleep(WHILE);
        stage.quiet();
        let report = stage.report("anew");
        must(mentions(&report, "Linkerd"), || "it got the status of the one before".to_owned())?;
        let written = stage.proxy.calls(&On::patch("conferencereports").named("anew"));
        let written = written.iter().filter(|call| call.succeeded()).count();
        must(written == 1, || format!("its status was written {written} times: for the one before, too"))
    });
    row.case("report deleted and made anew before its PATCH", case);

    let get = stage.proxy.inject(On::get("configmaps").named("map").first(1), Fault::Delay(WHILE));
    stage.apply(&text("map", "Cilium"));
    stage.apply(&on_map("map"));
    let case = must(get.wait_for(1, SOON), || "no GET".to_owned()).and_then(|()| {
        stage.delete("ConfigMap", "map");
        stage.wait("map", SOON, "waiting", |report| ready_reason(report) == "ConfigMapNotFound")?;
        stage.apply(&text("map", "Falco"));
        stage.names("map", "Falco").map(drop)
    });
    row.case("ConfigMap deleted before its GET", case);

    let answer = stage.proxy.inject(On::patch("conferencereports").named("late").first(1), Fault::Delay(WHILE));
    stage.apply(&text("late", "Cilium"));
    stage.apply(&on_map("late"));
    let case = must(answer.wait_for(1, SOON), || "no PATCH".to_owned()).and_then(|()| {
        stage.apply(&text("late", "Jaeger"));
        stage.names("late", "Jaeger").map(drop)
    });
    row.case("text edited while its status is on the way", case);
    row.finish();
}

#[test]
fn nothing_is_remembered_of_reports_that_are_gone() {
    const ROUNDS: usize = 4;
    const REPORTS: usize = 100;
    let stage = Stage::open("evicted", &[]);
    let mut row = Row::new("eviction of what is kept for each object");
    // Some fail and wait, so that waits are kept too.
    for number in [1, 2, 3] {
        stage.proxy.inject(On::patch("conferencereports").named(&format!("r{number}")), Fault::refuse(500));
    }
    let mut resident = Vec::new();
    for round in 0..ROUNDS {
        for number in 0..REPORTS {
            stage.apply(&inline(&format!("r{number}"), "Cilium"));
            stage.apply(&on_map(&format!("waiting{number}")));
        }
        let last = stage.wait(&format!("r{}", REPORTS - 1), SOON, "Ready", is_ready).map(drop);
        for number in 0..REPORTS {
            stage.delete("ConferenceReport", &format!("r{number}"));
            stage.delete("ConferenceReport", &format!("waiting{number}"));
        }
        stage.quiet();
        let left = stage.metric("conference_report_objects{") + stage.metric("conference_report_objects_in_backoff ");
        let case =
            last.and_then(|()| must(left < 0.5, || format!("{left} entries are left after all reports are gone")));
        row.case(format!("round {round}"), case);
        resident.push(stage.metric("process_resident_memory_bytes ") / 1048576.0);
    }
    row.note(format!(
        "{} reports, resident memory {:.0} to {:.0} MiB",
        2 * ROUNDS * REPORTS,
        resident[0],
        resident[ROUNDS - 1]
    ));
    row.finish();
}
