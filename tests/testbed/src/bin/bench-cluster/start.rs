//! A process without work: how much memory it takes, how soon it watches, and how soon it has answered a single report.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use testbed::progress::Step;

use crate::lab::{Lab, Site};
use crate::objects::Sources;
use crate::observer::Observer;
use crate::subject::{Subject, Task};
use crate::throughput::all_ready;
use testbed::usage::{Surroundings, Usage};

/// Rounds; the median counts.
const ROUNDS: usize = 5;
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// After this long, what a start needed is given back.
const REST: Duration = Duration::from_secs(3);

/// Starts of a subject.
#[derive(Clone, Debug, Serialize)]
pub struct Start {
    /// Who.
    pub subject: Subject,
    /// From the start of the process until it says that it has listed and watches; only the operator says so.
    pub watching_seconds: Option<f64>,
    /// From the start of the process to the status of the only report.
    pub first_status_seconds: f64,
    /// Resident memory of a process that has nothing to do, in MiB.
    pub idle_mib: f64,
    /// What it uses at rest after that one report.
    pub usage: Usage,
    /// What went on around the last one.
    pub surroundings: Surroundings,
}

/// Measures all subjects.
///
/// # Errors
/// When one of them fails.
pub async fn measure(lab: &Lab) -> Result<Vec<Start>> {
    let site = lab.site().await?;
    let mut results = Vec::new();
    let mut subjects = vec![Subject::Operator];
    subjects.extend(lab.programs.peers());
    for subject in subjects {
        let step = Step::start(format!("Start of the process, {subject}"));
        let idle_mib = idle(&site, subject).await?;
        let mut starts = Vec::new();
        for _ in 0..ROUNDS {
            let objects = site.objects("start")?;
            objects.create(1, Sources::ConfigMaps).await?;
            let mut observer = Observer::start(&site.client, &objects.namespace).await?;
            let task = Task::all(&objects.namespace, 1);
            let meter = site.meter();
            let mut running = lab.programs.start(subject, &site.cluster, task)?;
            let watching_seconds =
                if subject == Subject::Operator { Some(running.until_ready(PATIENCE).await?) } else { None };
            let (first, _) = all_ready(&mut observer, 1, running.started).await?;
            let first_status_seconds = first.duration_since(running.started).as_secs_f64();
            tokio::time::sleep(REST).await;
            let usage = running.usage();
            let surroundings = meter.stop_without(usage.cpu_seconds);
            starts.push(Start { subject, watching_seconds, first_status_seconds, idle_mib, usage, surroundings });
            running.stop();
        }
        starts.sort_by(|a, b| a.first_status_seconds.total_cmp(&b.first_status_seconds));
        if let Some(median) = starts.get(ROUNDS / 2) {
            step.done(&format!(
                "{:.0} ms to the first status, {idle_mib:.1} MiB idle",
                median.first_status_seconds * 1e3
            ));
            results.push(median.clone());
        }
    }
    Ok(results)
}

/// Resident memory beside no report at all.
async fn idle(site: &Site<'_>, subject: Subject) -> Result<f64> {
    let objects = site.objects("idle")?;
    let mut running = site.lab.programs.start(subject, &site.cluster, Task::all(&objects.namespace, 0))?;
    tokio::time::sleep(REST).await;
    running.must_be_alive()?;
    let resident = running.usage().resident_mib;
    running.stop();
    Ok(resident)
}
