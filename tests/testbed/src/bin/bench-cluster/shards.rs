//! The same reports shared out among several processes by a label: whether that makes them faster on one machine, and what each takes.

use anyhow::Result;
use serde::Serialize;
use testbed::progress::Step;

use crate::lab::Lab;
use crate::objects::{SHARD_LABELS, Sources};
use crate::observer::Observer;
use crate::subject::{Running, Subject, Task};
use crate::throughput::{all_ready, settle};
use testbed::usage::Surroundings;

/// A cold start of several processes.
#[derive(Clone, Debug, Serialize)]
pub struct Shards {
    /// Number of processes.
    pub shards: usize,
    /// Number of reports, of all together.
    pub reports: usize,
    /// From the start of the first process to the last status.
    pub seconds: f64,
    /// Reports a second, from the start of the first process to the last status.
    pub rate: f64,
    /// Processor time of all processes together.
    pub cpu_seconds: f64,
    /// Resident memory of each process in MiB.
    pub resident_mib: Vec<f64>,
    /// Processor time of the API server and of etcd meanwhile.
    pub control_plane_seconds: [f64; 2],
    /// What went on around.
    pub surroundings: Surroundings,
}

/// Measures one, two and four processes.
///
/// # Errors
/// When one of them fails.
pub async fn measure(lab: &Lab) -> Result<Vec<Shards>> {
    let reports = lab.settings.middle_size().unwrap_or_default();
    let site = lab.site().await?;
    let mut results = Vec::new();
    for (shards, label) in [(1, None)].into_iter().chain(SHARD_LABELS.map(|(shards, label)| (shards, Some(label)))) {
        let step = Step::start(format!("{reports} reports, {shards} shards"));
        let objects = site.objects("shards")?;
        objects.create(reports, Sources::ConfigMaps).await?;
        settle().await;
        let mut observer = Observer::start(&site.client, &objects.namespace).await?;
        let (control_plane, meter) = (site.control_plane_seconds(), site.meter());
        let mut running = Vec::new();
        for shard in 0..shards {
            let flags: Vec<String> =
                label.map(|label| format!("--watch-label-selector={label}={shard}")).into_iter().collect();
            let task = Task { flags: &flags, ..Task::all(&objects.namespace, reports) };
            running.push(lab.programs.start(Subject::Operator, &site.cluster, task)?);
        }
        let Some(started) = running.first().map(|first| first.started) else { continue };
        let (_, last) = all_ready(&mut observer, reports, started).await?;
        let usages: Vec<_> = running.iter().map(Running::usage).collect();
        let cpu_seconds = usages.iter().map(|usage| usage.cpu_seconds).sum();
        let surroundings = meter.stop_without(cpu_seconds);
        let after = site.control_plane_seconds();
        running.into_iter().for_each(Running::stop);
        let result = Shards {
            shards,
            reports,
            seconds: last.duration_since(started).as_secs_f64(),
            rate: reports as f64 / last.duration_since(started).as_secs_f64().max(1e-6),
            cpu_seconds,
            resident_mib: usages.iter().map(|usage| usage.resident_mib).collect(),
            control_plane_seconds: [after[0] - control_plane[0], after[1] - control_plane[1]],
            surroundings,
        };
        step.done(&format!("{:.0}/s", result.rate));
        results.push(result);
    }
    Ok(results)
}
