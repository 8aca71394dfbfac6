//! An object in the list that this version of the operator cannot read, as one of an older or newer schema: it is skipped and said so,
//! all others are served, and it is taken up when it can be read.

use serde_json::{Value, json};
use testbed::faults::{Fault, On};

use super::row::{Row, must};
use super::stage::{Stage, inline, on_map, text};
use crate::support::PLANTED;

/// Makes something of an object that the operator cannot read.
type Spoil = fn(&mut Value);

#[test]
fn an_unreadable_object_is_skipped_with_a_warning_and_all_others_are_served() {
    let mut row = Row::new("undecodable object in list and watch");
    let spoil: [(&str, Spoil); 3] = [
        ("source is a list", |object| object["spec"]["source"] = json!(["inline"])),
        ("no spec", |object| drop(object["spec"].take())),
        ("status is a word", |object| object["status"] = json!("done")),
    ];
    for (name, change) in spoil {
        let mut stage = Stage::new("unreadable");
        let rule = stage.proxy.inject(
            On::list_and_watch("conferencereports"),
            Fault::rewrite(move |object| {
                if object["metadata"]["name"] == "odd" {
                    change(object);
                }
            }),
        );
        stage.apply(&text("before", "Cilium"));
        stage.apply(&on_map("before"));
        stage.apply(&inline("odd", "Cilium"));
        stage.launch(&[]);
        let case = stage
            .names("before", "Cilium")
            .and_then(|_| {
                stage.apply(&inline("after", "Linkerd"));
                stage.names("after", "Linkerd")
            })
            .and_then(|_| {
                let log = stage.operator().log_text();
                must(log.contains("cannot be read") && log.contains("odd"), || format!("no warning in\n{log}"))
            })
            .and_then(|()| {
                let errors = stage.metric("conference_report_watch_errors_total{");
                must(errors >= 1.0, || "the metric counts nothing".to_owned())
            })
            .and_then(|()| {
                must(stage.report("odd")["status"]["observedGeneration"] == -1, || "it was written".to_owned())
            })
            .and_then(|()| {
                rule.lift();
                stage.proxy.cut_watches("conferencereports");
                stage.apply(&inline("odd", "Falco"));
                stage.names("odd", "Falco").map(drop)
            });
        row.case(name, case);
    }
    row.finish();
}

#[test]
fn an_answer_that_cannot_be_read_is_not_copied_into_the_log() {
    let mut row = Row::new("answer that cannot be read");
    let stage = Stage::open("garbled", &[]);
    let garbled =
        stage.proxy.inject(On::get("configmaps").first(1), Fault::rewrite(|map| map["data"] = json!([PLANTED])));
    stage.apply(&text("r", "Cilium"));
    stage.apply(&on_map("r"));
    let case = stage.names("r", "Cilium").and_then(|_| {
        let log = stage.operator().log_text();
        must(garbled.hits() == 1 && !log.contains(PLANTED), || {
            format!("{} hits, and the log is\n{log}", garbled.hits())
        })
    });
    row.case("ConfigMap", case);
    row.finish();
}
