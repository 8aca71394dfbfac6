//! Many reports that all come at once.

use std::time::{Duration, Instant};

use serde_json::json;
use testbed::faults::On;

use super::row::{Row, must};
use super::stage::{Stage, inline, on_map, text};
use crate::support::cluster;

/// As many as two cores bear in a test.
const REPORTS: usize = 1500;

#[test]
fn a_crowd_of_reports_costs_one_write_each_and_a_newcomer_is_not_kept_waiting() {
    let mut row = Row::new("many reports at once");
    let mut stage = Stage::new("crowd");
    let mut items = vec![text("r", "Cilium")];
    items.extend((0..REPORTS).map(|number| {
        let mut report = on_map("r");
        report["metadata"]["name"] = json!(format!("r{number}"));
        report
    }));
    cluster()
        .apply(&stage.namespace, &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())
        .unwrap();
    stage.launch(&[]);
    // In the middle of the crowd.
    while stage.proxy.calls(&On::patch("conferencereports")).len() < REPORTS / 10 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let came = Instant::now();
    stage.apply(&inline("newcomer", "Linkerd"));
    let newcomer = stage.names("newcomer", "Linkerd");
    row.note(format!("newcomer Ready after {:.2} s", came.elapsed().as_secs_f64()));
    row.case("newcomer", newcomer.map(drop));
    let began = Instant::now();
    let mut ready = 0.0;
    while ready < REPORTS as f64 + 0.5 && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(100));
        ready = stage.metric("conference_report_objects{");
    }
    row.case("all of them", must(ready > REPORTS as f64, || format!("{ready} are ready")));
    row.case("one write each", stage.writes_at_most(REPORTS + 1));
    row.note(format!("{REPORTS} reports"));
    row.finish();
}
