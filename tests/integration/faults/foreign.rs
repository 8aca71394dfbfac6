//! Others change a report, or even its status, in the middle of a run or behind the operator's back: its status is put right, nobody's is
//! overwritten unseen, and two who disagree would not write without end.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::faults::{Call, Fault, On, WatchFault};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, on_map, text};
use super::stale::own_write;
use crate::support::cluster;

/// Longer than kubectl takes.
const WHILE: Duration = Duration::from_secs(3);

/// What somebody else does to a report with kubectl.
fn edit(stage: &Stage, arguments: &[&str]) {
    let all: Vec<&str> = ["-n", &stage.namespace].into_iter().chain(arguments.iter().copied()).collect();
    cluster().control_plane().run_kubectl(&all).unwrap();
}

/// Somebody takes out of a status what the operator had put there. The conditions stay: the moments that they tell must not be lost.
fn spoil_status(stage: &Stage, name: &str) {
    let patch = json!({"status": {"catalogRevision": null, "projects": null, "title": "Ours now"}}).to_string();
    edit(stage, &["patch", "cfr", name, "--subresource=status", "--type=merge", "-p", &patch]);
}

fn is_spoilt(report: &Value) -> bool {
    report["status"]["title"] == "Ours now"
}

#[test]
fn a_status_that_somebody_else_changed_is_put_right_within_a_minute_and_by_one_write() {
    let stage = Stage::open("foreign", &[]);
    let mut row = Row::new("status changed by somebody else");
    stage.apply(&text("r", "Cilium"));
    stage.apply(&on_map("r"));
    let case = stage.names("r", "Cilium").and_then(|_| {
        stage.quiet();
        spoil_status(&stage, "r");
        must(is_spoilt(&stage.report("r")), || "it was put right at once, as in a fight".to_owned())?;
        let minute = Duration::from_secs(60) + SOON;
        stage.wait("r", minute, "put right", |report| !is_spoilt(report))?;
        stage.names("r", "Cilium")?;
        stage.writes_at_most(2)
    });
    row.case("once", case);
    row.finish();
}

#[test]
fn a_conflict_leads_to_another_look_only_if_somebody_else_wrote_the_status() {
    let mut row = Row::new("report changed while its status is on the way");
    let label = |stage: &Stage| edit(stage, &["label", "cfr", "r", "team=a"]);
    let stage = Stage::open("conflict", &[]);
    row.case("its labels", during_a_write(&stage, label, 1));
    let stage = Stage::open("conflict", &[]);
    row.case("its status", during_a_write(&stage, |stage| spoil_status(stage, "r"), 2));

    let mut stage = Stage::new("conflict");
    stage.proxy.inject(On::watch("conferencereports"), WatchFault::withhold(own_write));
    stage.start(&[]);
    row.case("its labels, and no watch tells of anything", during_a_write(&stage, label, 1));
    row.finish();
}

/// Edits a text and, while the status that follows is on its way, something else: how often the text is then read in all.
fn during_a_write(stage: &Stage, change: impl Fn(&Stage), looks: usize) -> Case {
    stage.apply(&text("r", "Cilium"));
    stage.apply(&on_map("r"));
    stage.names("r", "Cilium")?;
    stage.quiet();
    stage.proxy.forget();
    let write = stage.proxy.inject(On::patch("conferencereports").first(1), Fault::Delay(WHILE));
    stage.apply(&text("r", "Linkerd"));
    must(write.wait_for(1, SOON), || "no PATCH".to_owned())?;
    change(stage);
    stage.names("r", "Linkerd")?;
    stage.quiet();
    let writes: Vec<Call> = stage.proxy.calls(&On::patch("conferencereports"));
    let codes: Vec<Option<u16>> = writes.iter().map(|call| call.carried_out).collect();
    must(codes == [Some(409), Some(200)], || format!("writes ended with {codes:?}"))?;
    let before = stage.proxy.calls(&On::get("configmaps")).iter().filter(|look| look.at < writes[1].at).count();
    must(before == looks, || format!("the text was read {before} times before the second write, not {looks}"))
}
