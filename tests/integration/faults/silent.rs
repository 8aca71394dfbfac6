//! Connections on which nothing comes any more, though they stay open: watches, lists, reads and writes. What hangs is given up after
//! its time; the probes tell the truth meanwhile, and other reports do not notice.

use std::time::{Duration, Instant};

use testbed::faults::{Fault, On, Verb, WatchFault};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, inline, mentions, on_map, text};
use crate::support::is_ready;

/// A watch lasts a minute; five seconds more, and the pause after a failure.
const WATCH: Duration = Duration::from_secs(60 + 5 + 5);

/// Something that hangs.
struct Hang {
    name: &'static str,
    on: On,
    fault: Fault,
    /// How soon the report `r` is right nevertheless.
    within: Duration,
    /// Whether the other reports are served meanwhile.
    others: bool,
    /// What /readyz must name while it hangs, if it is not ready.
    missing: Option<&'static str>,
}

#[test]
fn what_hangs_is_given_up_in_time_and_disturbs_nobody_else() {
    let watch = |name, resource| Hang {
        name,
        on: On::watch(resource).first(1),
        fault: WatchFault::Silent.into(),
        within: WATCH,
        others: resource != "conferencereports",
        missing: None,
    };
    let call = |name, on, fault| Hang { name, on, fault, within: SOON, others: true, missing: None };
    let hangs = [
        watch("watch of ConfigMaps silent", "configmaps"),
        watch("watch of reports silent", "conferencereports"),
        Hang {
            name: "list of ConfigMaps hangs",
            on: On::list("configmaps").first(1),
            fault: Fault::Hang,
            within: WATCH + Duration::from_secs(30),
            others: false,
            missing: Some("list of ConfigMaps"),
        },
        Hang {
            name: "list of reports hangs",
            on: On::list("conferencereports").first(1),
            fault: Fault::HangAnswer,
            within: WATCH + Duration::from_secs(30),
            others: false,
            missing: Some("list of ConferenceReports"),
        },
        call("PATCH hangs twice", On::patch("conferencereports").named("r").first(2), Fault::Hang),
        call("PATCH done, answer never", On::patch("conferencereports").named("r").first(1), Fault::HangAnswer),
        call("GET of the ConfigMap hangs twice", On::get("configmaps").named("r").first(2), Fault::Hang),
        call("events hang for ever", On::verb(Verb::Create, "events"), Fault::Hang),
    ];
    let mut row = Row::new("silent watch; LIST, GET, PATCH hang");
    // All at once: they do nothing but wait.
    let ends: Vec<(Case, Duration)> = std::thread::scope(|scope| {
        let plays: Vec<_> = hangs.iter().map(|hang| scope.spawn(|| play(hang))).collect();
        plays.into_iter().map(|play| play.join().unwrap()).collect()
    });
    for (hang, (case, took)) in hangs.iter().zip(ends) {
        row.case(hang.name, case);
        row.note(format!("{} {:.0} s", hang.name, took.as_secs_f64()));
    }
    row.finish();
}

fn play(hang: &Hang) -> (Case, Duration) {
    let mut stage = Stage::new("silent");
    let rule = stage.proxy.inject(hang.on.clone(), hang.fault.clone());
    stage.apply(&text("r", "Cilium"));
    stage.apply(&on_map("r"));
    stage.launch(&["--api-timeout=2s"]);
    let hung = must(rule.wait_for(1, SOON), || "it never hung".to_owned());
    let started = Instant::now();
    let case = hung.and_then(|()| meanwhile(&stage, hang));
    let case = case.and_then(|()| {
        let left = hang.within.saturating_sub(started.elapsed()).max(Duration::from_secs(1));
        stage.wait("r", left, "right", |report| is_ready(report) && mentions(report, "Linkerd")).map(drop)
    });
    let took = started.elapsed();
    let case = case.and_then(|()| alive(&stage)).and_then(|()| {
        // Each of the three texts once, and once more where an answer was lost.
        stage.writes_at_most(4)
    });
    (case, took)
}

/// While it hangs, others are served and the probes tell the truth. Then the text of `r` changes.
fn meanwhile(stage: &Stage, hang: &Hang) -> Case {
    alive(stage)?;
    if let Some(missing) = hang.missing {
        let (code, body) = stage.operator().health("/readyz").map_err(|error| error.to_string())?;
        must(code == 503 && body.contains(missing), || format!("/readyz says {code} {body}"))?;
    }
    if hang.others {
        stage.apply(&inline("other", "Falco"));
        stage.names("other", "Falco")?;
    }
    stage.apply(&text("r", "Linkerd"));
    Ok(())
}

fn alive(stage: &Stage) -> Case {
    let (code, body) = stage.operator().health("/livez").map_err(|error| error.to_string())?;
    must(code == 200, || format!("/livez says {code} {body}"))
}
