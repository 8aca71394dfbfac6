//! SIGTERM in the middle of the work: what is under way is finished or left out as a whole, and the process ends in time.

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::faults::{Fault, Injected, On};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, on_map};
use crate::support::is_ready;

/// Long enough for the signal to come in between, short beside the grace period.
const SLOW: Duration = Duration::from_millis(1200);
const GRACE: Duration = Duration::from_secs(4);

/// When the signal comes.
struct Moment {
    name: &'static str,
    on: On,
    fault: Fault,
    /// Words of the text.
    words: usize,
    /// Whether the work can end within the grace period.
    ends: bool,
}

#[test]
fn a_signal_in_the_middle_of_the_work_ends_it_within_the_grace_period_and_leaves_no_half_status() {
    let (get, patch) = (|| On::get("configmaps").first(1), || On::patch("conferencereports").first(1));
    let moments = [
        Moment { name: "fetch", on: get(), fault: Fault::Delay(SLOW), words: 20, ends: true },
        Moment { name: "analysis", on: get(), fault: Fault::Delay(Duration::ZERO), words: 120_000, ends: true },
        Moment { name: "PATCH", on: patch(), fault: Fault::Delay(SLOW), words: 20, ends: true },
        Moment { name: "PATCH whose answer is lost", on: patch(), fault: Fault::HangAnswer, words: 20, ends: false },
        // Looking is given up; only what is being written is waited for.
        Moment { name: "fetch that hangs", on: get(), fault: Fault::Hang, words: 20, ends: true },
        Moment { name: "PATCH that hangs", on: patch(), fault: Fault::Hang, words: 20, ends: false },
    ];
    let mut row = Row::new("SIGTERM during fetch, analysis and PATCH");
    for moment in moments {
        let mut stage = Stage::open("stopped", &["--shutdown-grace=4s"]);
        let rule = stage.proxy.inject(moment.on.clone(), moment.fault.clone());
        row.case(moment.name, play(&mut stage, &moment, &rule));
    }
    row.finish();
}

fn play(stage: &mut Stage, moment: &Moment, rule: &Injected) -> Case {
    let text = format!("# KubeCon Europe 2024\n\n{}", "In Paris we saw how Cilium works. ".repeat(moment.words / 7));
    stage.apply(
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "r"}, "data": {"report.md": text}}),
    );
    stage.apply(&on_map("r"));
    must(rule.wait_for(1, SOON), || "the moment never came".to_owned())?;
    let signalled = Instant::now();
    let code = stage.stop();
    let took = signalled.elapsed();
    must(took < GRACE + Duration::from_secs(4), || format!("it took {took:?} to end"))?;
    must(code == Some(if moment.ends { 0 } else { 1 }), || format!("it ended with {code:?}"))?;
    let left = stage.report("r");
    let whole = is_ready(&left) && left["status"]["projectCount"] == 1;
    let none = left["status"]["observedGeneration"] == -1 && left["status"]["conditions"].is_null();
    must(whole || none, || format!("half a status was left: {:#}", left["status"]))?;
    rule.lift();
    stage.start(&[]);
    stage.names("r", "Cilium")?;
    stage.writes_at_most(1)
}
