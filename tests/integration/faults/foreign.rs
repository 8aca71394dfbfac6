//! Others change a report, or even its status, in the middle of a run or behind the operator's back: its status is put right, nobody's is
//! overwritten unseen, and two who disagree would not write without end.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::faults::{Call, Fault, FaultProxy, On, WatchFault};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, on_map, text};
use super::stale::own_write;
use crate::support::{cluster, condition};

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

/// Somebody puts words of their own into the message of the Ready condition.
fn spoil_message(stage: &Stage, name: &str) {
    let conditions = stage.report(name)["status"]["conditions"].clone();
    let at = conditions.as_array().unwrap().iter().position(|condition| condition["type"] == "Ready").unwrap();
    let path = format!("/status/conditions/{at}/message");
    let patch = json!([{"op": "replace", "path": path, "value": "Ours now"}]).to_string();
    edit(stage, &["patch", "cfr", name, "--subresource=status", "--type=json", "-p", &patch]);
}

/// Somebody adds a condition of their own to those of the operator.
fn add_stalled(stage: &Stage, name: &str) {
    let stalled = json!({"type": "Stalled", "status": "True", "reason": "Ours", "message": "ours", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let patch = json!([{"op": "add", "path": "/status/conditions/-", "value": stalled}]).to_string();
    edit(stage, &["patch", "cfr", name, "--subresource=status", "--type=json", "-p", &patch]);
}

fn is_stalled(report: &Value) -> bool {
    condition(report, "Stalled").is_some()
}

fn has_spoilt_message(report: &Value) -> bool {
    condition(report, "Ready").is_some_and(|ready| ready["message"] == "Ours now")
}

#[test]
fn a_status_that_somebody_else_changed_is_put_right_within_a_minute_and_by_one_write() {
    let stage = Stage::open("foreign", &[]);
    let mut row = Row::new("status changed by somebody else");
    for name in ["lists", "message", "added"] {
        stage.apply(&text(name, "Cilium"));
        stage.apply(&on_map(name));
    }
    let mut two_keys = text("stalled", "Cilium");
    two_keys["data"]["other.md"] = json!("Another text.");
    stage.apply(&two_keys);
    stage.apply(&on_map("stalled"));
    let stalled = |report: &Value| condition(report, "Stalled").is_some_and(|stalled| stalled["status"] == "True");
    let begun = ["lists", "message", "added"]
        .iter()
        .try_for_each(|name| stage.names(name, "Cilium").map(drop))
        .and_then(|()| stage.wait("stalled", SOON, "stalled", stalled).map(drop));
    row.case("before", begun);
    stage.quiet();
    stage.proxy.forget();
    let spoilt = [
        ("lists", is_spoilt as fn(&Value) -> bool),
        ("message", has_spoilt_message),
        ("stalled", has_spoilt_message),
        ("added", is_stalled),
    ];
    spoil_status(&stage, "lists");
    spoil_message(&stage, "message");
    spoil_message(&stage, "stalled");
    add_stalled(&stage, "added");
    for (name, is_spoilt) in spoilt {
        let case = must(is_spoilt(&stage.report(name)), || "it was put right at once, as in a fight".to_owned());
        row.case(format!("{name}, at once"), case);
    }
    for (name, is_spoilt) in spoilt {
        let minute = Duration::from_secs(60) + SOON;
        let right = stage.wait(name, minute, "put right", |report| !is_spoilt(report)).map(drop);
        row.case(format!("{name}, after a minute"), right);
    }
    row.case("still in order", stage.names("lists", "Cilium").and_then(|_| stage.writes_at_most(5)));
    let reads = stage.proxy.calls(&On::get("configmaps").named("stalled")).len();
    let case = must(reads == 0, || format!("what only its author can mend was read {reads} times"));
    row.case("nothing tried for a status's sake", case);
    row.finish();
}

/// Two operators take the same report for theirs, and each fails to read its text, for a reason of its own.
#[test]
fn two_who_disagree_about_a_status_write_ever_more_seldom() {
    const AWHILE: Duration = Duration::from_secs(60);
    let mut row = Row::new("two operators that disagree");
    let mut one = Stage::new("disagree");
    one.proxy.inject(On::get("configmaps"), Fault::refuse(403));
    let other = FaultProxy::start(cluster()).unwrap();
    other.inject(On::get("configmaps"), Fault::refuse(401));
    one.start(&[]);
    let _second = one.second(&other);
    one.apply(&text("r", "Cilium"));
    one.apply(&on_map("r"));
    std::thread::sleep(AWHILE);
    let patches = |proxy: &FaultProxy| {
        proxy.calls(&On::patch("conferencereports")).iter().filter(|call| call.succeeded()).count()
    };
    let writes = (patches(&one.proxy), patches(&other));
    let both = must(writes.0 > 1 && writes.1 > 1, || format!("they did not disagree: {writes:?} writes"));
    row.case("they do disagree", both);
    // Seven tries in a minute while the pauses double, and a status put right a minute later.
    let few = must(writes.0 + writes.1 <= 20, || format!("{writes:?} writes in {AWHILE:?}"));
    row.case("seldom", few);
    row.note(format!("{} and {} writes in {AWHILE:?}", writes.0, writes.1));
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
