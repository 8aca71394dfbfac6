//! Edits while the pods are replaced, and a thousand reports.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::install::{NAMESPACE as OPERATOR, RELEASE};
use super::stage::Stage;

/// Namespace of what is made here.
pub const NAMESPACE: &str = "load";
const EDITED: usize = 40;

/// Names that each edit puts into a text, one after the other, so that the status tells which edit it has seen.
const NAMES: [&str; 4] = ["Cilium", "Kyverno", "Argo CD", "Linkerd"];

/// Edits ConfigMaps without a pause while all pods are replaced; in the end each status tells of the last edit.
///
/// # Errors
/// When an edit is lost, or the new pods do not become ready.
pub fn roll(stage: &Stage) -> Result<usize> {
    let deployment = format!("deployment/{RELEASE}");
    stage.apply(NAMESPACE, &edited(0, true).to_string())?;
    stage.kubectl(&["-n", OPERATOR, "rollout", "restart", &deployment])?;
    let mut rounds = 0;
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        rounds += 1;
        stage.apply(NAMESPACE, &edited(rounds, false).to_string())?;
        let done = stage.kubectl(&["-n", OPERATOR, "rollout", "status", &deployment, "--timeout=1s"]).is_ok();
        if done && rounds >= 3 {
            break;
        }
        if Instant::now() > deadline {
            bail!("the new pods did not become ready within 90 s");
        }
    }
    let expected = NAMES[rounds % NAMES.len()];
    stage.until(&format!("every status tells of {expected}, the last edit"), Duration::from_secs(60), || {
        let reports = stage.json(&["-n", NAMESPACE, "get", "conferencereports"])?;
        let current = reports["items"].as_array().into_iter().flatten().filter(|report| {
            let projects = report["status"]["projects"].as_array().into_iter().flatten();
            projects.map(|project| &project["name"]).eq([&json!(expected)])
        });
        Ok(current.count() == EDITED)
    })?;
    Ok(rounds * EDITED)
}

fn edited(round: usize, with_reports: bool) -> Value {
    let name = NAMES[round % NAMES.len()];
    let text =
        format!("# KubeCon Europe 2024\n\nIn Paris we saw {name} at work, and again {name}, in round {round}.\n");
    let items = (0..EDITED).flat_map(|number| {
        let name = format!("edited-{number}");
        let map =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"report.md": text}});
        let report = json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport",
            "metadata": {"name": name}, "spec": {"source": {"configMapRef": {"name": name}}}});
        [Some(map), with_reports.then_some(report)].into_iter().flatten()
    });
    json!({"apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>()})
}

/// Makes reports of the length of an article, each with a ConfigMap of its own, and waits until all are ready.
///
/// # Errors
/// When one does not become ready.
pub fn many(stage: &Stage, count: usize) -> Result<()> {
    let article =
        std::fs::read_to_string(crate::repository().join("deploy/samples/texts/en-1-kubecon-2016-seattle.md"))?;
    for numbers in (0..count).collect::<Vec<_>>().chunks(100) {
        let items: Vec<Value> = numbers
            .iter()
            .flat_map(|number| {
                let name = format!("many-{number}");
                let text = format!("{article}\n\nNumber {number}.\n");
                let map = json!({"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"name": name, "labels": {"many": "yes"}}, "data": {"report.md": text}});
                let report = json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport",
                    "metadata": {"name": name, "labels": {"many": "yes"}}, "spec": {"source": {"configMapRef": {"name": name}}}});
                [map, report]
            })
            .collect();
        // `create` asks once for each, `apply` three times, and kubectl does not ask more than 50 times a second.
        let file = stage.folder().join("many.json");
        std::fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string())?;
        stage.kubectl(&["-n", NAMESPACE, "create", "-f", &file.display().to_string()])?;
    }
    let wait = ["-n", NAMESPACE, "wait", "--for=condition=Ready", "--timeout=120s", "conferencereports", "-l=many=yes"];
    stage.kubectl(&wait)?;
    Ok(())
}
