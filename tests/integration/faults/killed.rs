//! The operator is killed (SIGKILL) at each of the API calls of a reconcile: before the call reaches the API server, and after it was
//! carried out but before the answer is heard. Started again, it ends with the same status as if nothing had happened.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testbed::faults::{Fault, On, Verb};
use testbed::report_server::{Page, ReportServer};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, inline, mentions, on_map, text};
use crate::support::{is_ready, ready_reason, report, secret};

/// A reconcile that is interrupted.
struct Scenario {
    name: &'static str,
    flags: Vec<String>,
    /// Applied, and waited for, before anything is interrupted.
    before: Vec<Value>,
    /// The change whose reconcile is interrupted.
    act: Box<dyn Fn(&Stage)>,
    /// Whether the report `r` tells of the change.
    done: fn(&Value) -> bool,
    /// Whether its last call may be spared: a catalog that the watch has shown in time is not read.
    varies: bool,
}

/// How a scenario ended.
#[derive(PartialEq)]
struct End {
    status: Value,
    writes: usize,
    /// Events by reason and note.
    events: BTreeMap<String, usize>,
    /// Calls of the reconcilers.
    calls: usize,
    /// Whether it was interrupted.
    interrupted: bool,
}

#[test]
fn killed_at_any_api_call_of_a_reconcile_it_ends_with_the_same_status() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(ReportServer::start()).unwrap();
    server.put(
        "r.txt",
        Page::new("text/plain", "At KubeCon Europe 2024 we saw how Cilium works in a large Kubernetes cluster."),
    );
    let mut row = Row::new("killed after each of the k API calls");
    let (mut extra, mut repeated, mut spared) = (0, 0, 0);
    for scenario in scenarios(&server) {
        let undisturbed = play(&scenario, None).unwrap();
        for k in 1..=undisturbed.calls {
            for fault in [Fault::Hang, Fault::HangAnswer] {
                let name = format!("{}, call {k} of {}, {fault:?}", scenario.name, undisturbed.calls);
                let case = play(&scenario, Some((k, fault))).and_then(|end| {
                    spared += usize::from(!end.interrupted);
                    let last = scenario.varies && k == undisturbed.calls;
                    must(end.interrupted || last, || "the call never came".to_owned())?;
                    extra += end.writes.saturating_sub(undisturbed.writes);
                    repeated += end.events.values().filter(|count| **count > 1).count();
                    same(&undisturbed, &end)
                });
                row.case(name, case);
            }
        }
    }
    row.note(format!("{extra} extra writes, {repeated} repeated events, {spared} calls spared"));
    row.finish();
}

fn same(expected: &End, end: &End) -> Case {
    must(end.status == expected.status, || format!("{:#}\ninstead of\n{:#}", end.status, expected.status))?;
    must(end.writes <= expected.writes + 1, || format!("{} writes instead of {}", end.writes, expected.writes))?;
    must(end.events.values().all(|count| *count == 1), || format!("events were repeated: {:?}", end.events))
}

fn scenarios(server: &ReportServer) -> Vec<Scenario> {
    let plain = |name, before: Vec<Value>, act: Box<dyn Fn(&Stage)>, done| Scenario {
        name,
        flags: Vec::new(),
        before,
        act,
        done,
        varies: false,
    };
    let page = report("r", json!({"source": {"http": {"url": server.url("r.txt"), "certSecretRef": {"name": "ca"}}}}));
    let authority = secret("ca", json!({"ca.crt": server.authority()}));
    let catalog = json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ReportCatalog", "metadata": {"name": "ours"},
        "spec": {"projects": [{"name": "Deployomatic"}]}});
    let with_catalog = json!({"source": {"inline": "At KubeCon we saw how Deployomatic works in a large Kubernetes cluster."}, "catalogRefs": [{"name": "ours"}]});
    vec![
        plain(
            "new report on a ConfigMap",
            vec![text("r", "Cilium")],
            Box::new(|stage| stage.apply(&on_map("r"))),
            is_ready,
        ),
        plain(
            "text edited",
            vec![text("r", "Cilium"), on_map("r")],
            Box::new(|stage| stage.apply(&text("r", "Linkerd, and with it Falco,"))),
            |report| mentions(report, "Linkerd"),
        ),
        plain(
            "ConfigMap deleted",
            vec![text("r", "Cilium"), on_map("r")],
            Box::new(|stage| stage.delete("ConfigMap", "r")),
            |report| ready_reason(report) == "ConfigMapNotFound",
        ),
        Scenario {
            flags: vec!["--http-allow-host=localhost".to_owned(), format!("--http-allow-port={}", server.port())],
            ..plain("new report on a URL", vec![authority], Box::new(move |stage| stage.apply(&page)), is_ready)
        },
        Scenario {
            varies: true,
            ..plain(
                "new report with a new catalog",
                Vec::new(),
                Box::new(move |stage| {
                    stage.apply(&catalog);
                    stage.apply(&report("r", with_catalog.clone()));
                }),
                |report| is_ready(report) && mentions(report, "Deployomatic"),
            )
        },
    ]
}

/// Plays a scenario, interrupted at a call or not at all.
fn play(scenario: &Scenario, kill: Option<(usize, Fault)>) -> Result<End, String> {
    let flags: Vec<&str> = scenario.flags.iter().map(String::as_str).collect();
    let mut stage = Stage::open("killed", &flags);
    for object in &scenario.before {
        stage.apply(object);
    }
    if scenario.before.iter().any(|object| object["kind"] == "ConferenceReport") {
        stage.ready("r")?;
    }
    stage.quiet();
    stage.proxy.forget();
    let rule = kill.map(|(k, fault)| stage.proxy.inject(On::reconcilers().nth(k), fault));
    (scenario.act)(&stage);
    let mut interrupted = false;
    if let Some(rule) = rule {
        interrupted = rule.wait_for(1, SOON);
        // A call whose answer is held back was carried out by then.
        stage.quiet();
        stage.kill();
        rule.lift();
        stage.start(&flags);
    }
    stage.wait("r", SOON, "done", scenario.done)?;
    stage.quiet();
    let mut events = BTreeMap::new();
    for event in stage.all("Event") {
        *events.entry(format!("{} {} {}", event["regarding"]["kind"], event["reason"], event["note"])).or_default() +=
            1;
    }
    let calls = stage.proxy.calls(&On::reconcilers()).len();
    let status = lasting(stage.report("r")["status"].take());
    Ok(End { status, writes: stage.writes(), events, calls, interrupted })
}

/// What of a status does not depend on when and where it was made.
fn lasting(mut status: Value) -> Value {
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition["lastTransitionTime"].take();
    }
    if let Some(source) = status.get_mut("source") {
        source["configMap"].take();
    }
    status
}

#[test]
fn an_answer_that_is_lost_costs_one_more_write_at_most() {
    let mut row = Row::new("answer lost: dropped, reset, cut");
    for (name, fault) in [
        ("dropped before", Fault::Drop),
        ("reset before", Fault::Reset),
        ("dropped after", Fault::DropAnswer),
        ("cut in the middle", Fault::CutAnswer),
    ] {
        for (call, on) in [
            ("GET ConfigMap", On::get("configmaps").first(1)),
            ("PATCH status", On::patch("conferencereports").first(1)),
            ("POST event", On::verb(Verb::Create, "events").first(1)),
        ] {
            let stage = Stage::open("lost", &[]);
            let rule = stage.proxy.inject(on, fault.clone());
            stage.apply(&text("r", "Cilium"));
            stage.apply(&on_map("r"));
            stage.apply(&inline("other", "Linkerd"));
            let case = stage
                .names("r", "Cilium")
                .and_then(|_| stage.names("other", "Linkerd"))
                .and_then(|_| must(rule.wait_for(1, SOON), || "the fault never happened".to_owned()))
                .and_then(|()| stage.writes_at_most(3));
            row.case(format!("{call}, {name}"), case);
        }
    }
    row.finish();
}
