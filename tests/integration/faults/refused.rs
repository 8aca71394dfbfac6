//! The API server refuses to take a status: tries become rarer, are soon frequent again after a success, and never a busy loop.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use testbed::faults::{Call, Fault, Injected, On};
use testbed::report_server::{Page, ReportServer};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, inline, on_map, text};
use crate::support::{ready_reason, report};

/// How often each report's status is refused.
const TIMES: usize = 3;

#[test]
fn a_refused_status_is_tried_again_ever_more_rarely_and_in_the_end_written() {
    let refuse = |code, retry_after| Fault::Refuse { code, retry_after };
    let table = [
        ("409", refuse(409, None)),
        ("413", refuse(413, None)),
        ("422", refuse(422, None)),
        ("429", refuse(429, None)),
        ("429-after-2", refuse(429, Some(2))),
        ("500", refuse(500, None)),
        ("503", refuse(503, None)),
        ("503-after-2", refuse(503, Some(2))),
        ("dropped", Fault::Drop),
    ];
    let stage = Stage::open("refused", &[]);
    let mut row = Row::new("PATCH refused: 409, 413, 422, 429, 500, 503");
    let rules: Vec<Injected> = table
        .iter()
        .map(|(name, fault)| stage.proxy.inject(On::patch("conferencereports").named(name).first(TIMES), fault.clone()))
        .collect();
    for (name, _) in &table {
        stage.apply(&inline(name, "Cilium"));
    }
    for ((name, fault), rule) in table.iter().zip(&rules) {
        let first = stage
            .wait(name, SOON, "written in the end", crate::support::is_ready)
            .and_then(|_| must(rule.hits() == TIMES, || format!("refused {} times", rule.hits())))
            .and_then(|()| rarer(&pauses(&stage, name), fault));
        row.case(format!("{name}, growing pauses"), first);
    }
    // After the success, the first pause is a short one again.
    for (name, fault) in &table {
        stage.proxy.inject(On::patch("conferencereports").named(name).first(1), fault.clone());
        stage.apply(&inline(name, "Linkerd"));
    }
    for (name, fault) in &table {
        let again = stage.names(name, "Linkerd").and_then(|_| {
            let pauses = pauses(&stage, name);
            let (first, last) = (pauses[0], pauses[pauses.len() - 1]);
            let asked = asked(fault);
            // A pause that had gone on growing would be the fourth: more than six seconds. A busy machine may make two out of one.
            must(last < (first * 2).max(asked + Duration::from_secs(5)), || {
                format!("the pause began at {last:?}; at first it was {first:?}")
            })
        });
        row.case(format!("{name}, pauses begin anew"), again);
    }
    row.case("one write a content", stage.writes_at_most(2 * table.len()));
    row.finish();
}

#[test]
fn a_server_that_asks_for_an_hour_is_left_alone_although_the_status_cannot_be_written_at_first() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(ReportServer::plain()).unwrap();
    let patience = Page::new("text/plain", "later").status(StatusCode::TOO_MANY_REQUESTS);
    server.put("r.txt", patience.header("retry-after", "3600"));
    let port = format!("--http-allow-port={}", server.port());
    let stage = Stage::open("patience", &["--http-allow-host=localhost", &port]);
    let mut row = Row::new("PATCH refused while a server asks for patience");
    // The first says that a new spec is being worked on.
    for n in 2..=4 {
        stage.proxy.inject(On::patch("conferencereports").nth(n), Fault::refuse(500));
    }
    stage.apply(&report("r", json!({"source": {"http": {"url": server.url("r.txt"), "insecure": true}}})));
    let told = stage.wait("r", SOON, "told", |report| ready_reason(report) == "RateLimited").map(drop);
    row.case("what it failed with is written in the end", told);
    // What the API server has taken may be on its way back through the proxy still.
    stage.quiet();
    let looks = server.seen().len();
    row.case("one look", must(looks == 1, || format!("it was asked {looks} times")));
    let written = stage.proxy.calls(&On::patch("conferencereports")).iter().filter(|call| call.succeeded()).count();
    row.case("one write, and one before", must(written == 2, || format!("{written} writes")));
    row.finish();
}

/// Time between the tries of a report's status.
fn pauses(stage: &Stage, name: &str) -> Vec<Duration> {
    let tries: Vec<Call> = stage.proxy.calls(&On::patch("conferencereports").named(name));
    tries.windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}

fn asked(fault: &Fault) -> Duration {
    match fault {
        Fault::Refuse { retry_after: Some(seconds), .. } => Duration::from_secs(u64::from(*seconds)),
        _ => Duration::ZERO,
    }
}

fn rarer(pauses: &[Duration], fault: &Fault) -> Case {
    let said = || format!("pauses {pauses:?}");
    must(pauses.len() == TIMES, said)?;
    // Twice as long each time, less a fifth at most; what the server asks for stands instead of shorter ones.
    let least = (0..).map(|doubled| Duration::from_millis(800 << doubled).max(asked(fault)));
    must(pauses.iter().zip(least).all(|(pause, least)| *pause >= least), said)
}

#[test]
fn a_status_that_is_refused_for_ever_costs_few_requests_and_no_other_report_anything() {
    let stage = Stage::open("refused-ever", &[]);
    let mut row = Row::new("PATCH refused for ever");
    let codes = [409, 422, 429, 500, 503];
    for code in codes {
        stage.proxy.inject(On::patch("conferencereports").named(&format!("r{code}")), Fault::refuse(code));
        stage.apply(&inline(&format!("r{code}"), "Cilium"));
    }
    stage.apply(&inline("other", "Cilium"));
    stage.apply(&on_map("waiting"));
    let case = stage.names("other", "Cilium").map(drop);
    row.case("another report", case);
    std::thread::sleep(Duration::from_secs(8));
    let mut most = 0;
    for code in codes {
        let tries = stage.proxy.calls(&On::patch("conferencereports").named(&format!("r{code}"))).len();
        most = most.max(tries);
        // At 0, 1, 3 and 7 seconds; one more for a slow machine.
        row.case(code, must((2..=5).contains(&tries), || format!("{tries} requests in 8 s")));
    }
    row.note(format!("at most {most} requests in 8 s"));
    // Its ConfigMap was missing in the first, second and fourth second. What that came to says nothing about writes.
    stage.proxy.inject(On::patch("conferencereports").named("waiting").first(1), Fault::refuse(500));
    stage.apply(&text("waiting", "Cilium"));
    let case = stage.names("waiting", "Cilium").and_then(|_| {
        let pauses = pauses(&stage, "waiting");
        let last = pauses[pauses.len() - 1];
        must(last < Duration::from_secs(6), || {
            format!("the write was repeated after {last:?}: the wait before counted")
        })
    });
    row.case("one refusal after a long wait for a ConfigMap", case);
    row.finish();
}
