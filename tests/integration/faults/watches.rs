//! Watches that drop, repeat and reorder events, end early, or are told that their version is gone.

use std::time::{Duration, Instant};

use serde_json::Value;
use testbed::faults::{Fault, On, WatchFault};

use super::row::{Case, Row, must};
use super::stage::{SOON, Stage, WATCHED, inline, on_map, text};
use crate::support::ready_reason;

/// How a watch goes wrong, and how it comes right again.
struct Trouble {
    name: &'static str,
    /// Whether it is there from the start, before the operator watches, or comes later.
    from_start: bool,
    inject: fn(&Stage),
    heal: fn(&Stage),
    /// The most lists of ConfigMaps that this needs.
    lists: usize,
}

fn everywhere(stage: &Stage, fault: &WatchFault) {
    for resource in WATCHED {
        stage.proxy.inject(On::watch(resource), fault.clone());
    }
}

fn cut(stage: &Stage) {
    stage.proxy.lift_all();
    WATCHED.iter().for_each(|resource| stage.proxy.cut_watches(resource));
}

/// The next watch is told that its version is gone, in the way that `fault` says.
fn expire(stage: &Stage, fault: impl Fn() -> Fault) {
    stage.proxy.lift_all();
    for resource in WATCHED {
        stage.proxy.inject(On::watch(resource).first(1), fault());
        stage.proxy.cut_watches(resource);
    }
}

const TROUBLES: [Trouble; 10] = [
    Trouble {
        name: "every event three times",
        from_start: true,
        inject: |stage| everywhere(stage, &WatchFault::Repeat(3)),
        heal: |_| {},
        lists: 1,
    },
    Trouble {
        name: "neighbours change places, then a new list",
        from_start: true,
        inject: |stage| everywhere(stage, &WatchFault::Swap),
        heal: |stage| expire(stage, || WatchFault::Expired.into()),
        lists: 2,
    },
    Trouble {
        name: "all events withheld, until the watch ends",
        from_start: true,
        inject: |stage| everywhere(stage, &WatchFault::withhold(|_| true)),
        heal: cut,
        lists: 1,
    },
    Trouble {
        name: "events withheld, then 410 in the stream",
        from_start: true,
        inject: |stage| everywhere(stage, &WatchFault::withhold(|_| true)),
        heal: |stage| expire(stage, || WatchFault::Expired.into()),
        lists: 2,
    },
    Trouble {
        name: "events withheld, then 410 as the answer",
        from_start: true,
        inject: |stage| everywhere(stage, &WatchFault::withhold(|_| true)),
        heal: |stage| expire(stage, || Fault::refuse(410)),
        lists: 2,
    },
    Trouble {
        name: "changes and deletions dropped for good, then a new list",
        from_start: true,
        inject: |stage| {
            everywhere(stage, &WatchFault::withhold(|event: &Value| event["type"] != "ADDED"));
        },
        heal: |stage| expire(stage, || WatchFault::Expired.into()),
        lists: 2,
    },
    Trouble {
        name: "bookmarks all the time",
        from_start: true,
        inject: |stage| everywhere(stage, &WatchFault::Bookmarks(Duration::from_millis(20))),
        heal: |_| {},
        lists: 1,
    },
    Trouble {
        name: "the watch ends after every event",
        from_start: true,
        inject: |stage| everywhere(stage, &WatchFault::EndAfter(1)),
        heal: |_| {},
        lists: 1,
    },
    Trouble {
        name: "watches are reset twice, then refused once",
        from_start: false,
        inject: |stage| {
            for resource in WATCHED {
                stage.proxy.inject(On::watch(resource).nth(3), Fault::refuse(500));
                stage.proxy.inject(On::watch(resource).first(2), Fault::Reset);
                stage.proxy.cut_watches(resource);
            }
        },
        heal: |_| {},
        lists: 1,
    },
    Trouble {
        name: "the new list is cut in the middle",
        from_start: false,
        inject: |stage| {
            for resource in WATCHED {
                stage.proxy.inject(On::list(resource).first(1), Fault::CutAnswer);
                stage.proxy.inject(On::watch(resource).first(1), Fault::refuse(410));
                stage.proxy.cut_watches(resource);
            }
        },
        heal: |_| {},
        lists: 3,
    },
];

#[test]
fn whatever_a_watch_does_the_state_converges_and_nothing_is_written_twice() {
    let mut row = Row::new("watch events dropped, repeated, reordered; 410; relist");
    let mut relists = 0;
    // Two operators at a time: most of the time of a case is waiting for a pause after a failure.
    for pair in TROUBLES.chunks(2) {
        let ends: Vec<(Case, usize)> = std::thread::scope(|scope| {
            let plays: Vec<_> = pair.iter().map(|trouble| scope.spawn(|| play(trouble))).collect();
            plays.into_iter().map(|play| play.join().unwrap()).collect()
        });
        for (trouble, (case, lists)) in pair.iter().zip(ends) {
            relists += lists - 1;
            row.case(trouble.name, case);
        }
    }
    row.note(format!("{relists} relists"));
    row.finish();
}

fn play(trouble: &Trouble) -> (Case, usize) {
    let mut stage = Stage::new("watches");
    if trouble.from_start {
        (trouble.inject)(&stage);
    }
    for name in ["edited", "deleted", "orphaned"] {
        stage.apply(&text(name, "Cilium"));
        stage.apply(&on_map(name));
    }
    stage.start(&[]);
    let case = script(&stage, trouble);
    (case, stage.proxy.calls(&On::list("configmaps")).len())
}

fn script(stage: &Stage, trouble: &Trouble) -> Case {
    for name in ["edited", "deleted", "orphaned"] {
        stage.ready(name)?;
    }
    if !trouble.from_start {
        (trouble.inject)(stage);
    }
    stage.apply(&text("edited", "Linkerd"));
    stage.delete("ConferenceReport", "deleted");
    stage.delete("ConfigMap", "orphaned");
    stage.apply(&inline("created", "Kyverno"));
    std::thread::sleep(Duration::from_millis(300));
    (trouble.heal)(stage);

    stage.names("edited", "Linkerd")?;
    stage.names("created", "Kyverno")?;
    stage.wait("orphaned", SOON, "aware of the loss of its ConfigMap", |report| {
        ready_reason(report) == "ConfigMapNotFound"
    })?;
    stage.quiet();
    // The new list may still be on its way: a watch that was refused pauses before it asks for one.
    let until = Instant::now() + SOON;
    let mut known = stage.metric("conference_report_objects{");
    while (known - 3.0).abs() > 0.5 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
        known = stage.metric("conference_report_objects{");
    }
    must((known - 3.0).abs() < 0.5, || format!("{known} reports are remembered, though 3 are left"))?;
    let lists = stage.proxy.calls(&On::list("configmaps")).len();
    must(lists <= trouble.lists, || format!("{lists} lists instead of at most {}", trouble.lists))?;
    // Three at first, then the edit, the new one, and the lost ConfigMap.
    stage.writes_at_most(6)
}
