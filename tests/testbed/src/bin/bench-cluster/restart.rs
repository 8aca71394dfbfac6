//! Restart with finished reports, in the same cluster: what is asked, how long it takes, and how much memory the lists take. Then what a
//! change costs that changes no text, and what a minute costs in which nothing changes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;
use testbed::faults::{Fault, FaultProxy, On};
use testbed::progress::Step;

use crate::lab::{Lab, Site};
use crate::objects::Sources;
use crate::observer::Observer;
use crate::requests::{self, Requests};
use crate::subject::{Subject, Task};
use crate::throughput::{all_ready, settle};
use testbed::usage::{Surroundings, Usage};

/// How long a restart may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long is waited for what should not come.
const QUIET: Duration = Duration::from_secs(5);

/// A restart.
#[derive(Clone, Debug, Serialize)]
pub struct Restart {
    /// Number of finished reports.
    pub reports: usize,
    /// From the start of the process until it says that it is ready.
    pub ready_seconds: f64,
    /// From the start of the process until every report was looked at and left alone.
    pub settled_seconds: f64,
    /// Requests until some seconds later.
    pub requests: Requests,
    /// What the process used until then. The peak is that of the lists.
    pub usage: Usage,
    /// Memory that the operator took when it had worked on all reports, before the restart.
    pub worked: Usage,
    /// Highest memory while the lists are read anew by a process that has them already, in MiB.
    pub relist_peak_mib: f64,
    /// Requests after every ConfigMap was changed without a change of its text, without those of the driver.
    pub touched: Requests,
    /// Bytes that etcd takes on disk, all told.
    pub etcd_mib: f64,
    /// Memory of the API server in MiB.
    pub api_server_mib: f64,
    /// What went on around.
    pub surroundings: Surroundings,
}

/// Measures all sizes, adding to the results.
///
/// # Errors
/// When the operator fails.
pub async fn measure(lab: &Lab, results: &mut Vec<Restart>) -> Result<()> {
    for &reports in &lab.settings.finished {
        results.push(one_size(&lab.site().await?, reports).await?);
    }
    Ok(())
}

async fn one_size(site: &Site<'_>, reports: usize) -> Result<Restart> {
    let step = Step::start(format!("Restart with {reports} finished reports"));
    step.note("creating the reports and having them analysed");
    let objects = site.objects("restart")?;
    objects.create(reports, Sources::ConfigMaps).await?;
    let task = Task::all(&objects.namespace, reports);
    let mut observer = Observer::start(&site.client, &objects.namespace).await?;
    let first = site.lab.programs.start(Subject::Operator, &site.cluster, task)?;
    all_ready(&mut observer, reports, first.started).await?;
    tokio::time::sleep(QUIET).await;
    let worked = first.usage();
    first.stop();
    settle().await;

    step.note("starting again");
    let asked = requests::so_far(&site.client).await?;
    let meter = site.meter();
    let mut second = site.lab.programs.start(Subject::Operator, &site.cluster, task)?;
    let ready_seconds = second.until_ready(PATIENCE).await?;
    let settled_seconds = second.until_settled(reports).await?;
    tokio::time::sleep(QUIET).await;
    let usage = second.usage();
    let surroundings = meter.stop_without(usage.cpu_seconds);
    let requests = requests::between(&asked, &requests::so_far(&site.client).await?);

    step.note("changing every ConfigMap, but no text");
    let asked = requests::so_far(&site.client).await?;
    objects.touch(reports).await?;
    tokio::time::sleep(QUIET).await;
    let mut touched = requests::between(&asked, &requests::so_far(&site.client).await?);
    touched.remove("PATCH configmaps");
    second.stop();

    step.note("having the lists read anew");
    let relist_peak_mib = relist(site, task, reports).await?;

    let [api_server, _] = site.cluster.control_plane().pids();
    let result = Restart {
        reports,
        ready_seconds,
        settled_seconds,
        requests,
        usage,
        worked,
        relist_peak_mib,
        touched,
        etcd_mib: size_of(&site.cluster.control_plane().folder().join("etcd")) as f64 / f64::from(1 << 20),
        api_server_mib: api_server.map_or(0.0, |pid| testbed::usage::of(pid).resident_mib),
        surroundings,
    };
    step.done(&format!(
        "settled after {settled_seconds:.2} s, {:.1} MiB; {}",
        usage.resident_mib,
        requests::line(&result.requests)
    ));
    Ok(result)
}

/// The highest memory while all watches are told that what they know is too old.
async fn relist(site: &Site<'_>, task: Task<'_>, reports: usize) -> Result<f64> {
    // It waits on a runtime of its own.
    let proxy = tokio::task::block_in_place(|| FaultProxy::start(&site.cluster))?;
    let task = Task { kubeconfig: Some(proxy.kubeconfig()), ..task };
    let mut running = site.lab.programs.start(Subject::Operator, &site.cluster, task)?;
    running.until_settled(reports).await?;
    tokio::time::sleep(QUIET).await;
    testbed::usage::reset_peak(running.pid);
    for resource in ["conferencereports", "configmaps"] {
        let too_old = proxy.inject(On::watch(resource).first(1), Fault::refuse(410));
        let lists = proxy.calls(&On::list(resource)).len();
        proxy.cut_watches(resource);
        let deadline = Instant::now() + PATIENCE;
        while too_old.hits() == 0 || proxy.calls(&On::list(resource)).len() == lists {
            if Instant::now() > deadline {
                bail!("{resource} were not listed anew within {PATIENCE:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // The pages follow one another.
    tokio::time::sleep(QUIET).await;
    let peak = running.usage().peak_mib;
    running.stop();
    Ok(peak)
}

fn size_of(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
