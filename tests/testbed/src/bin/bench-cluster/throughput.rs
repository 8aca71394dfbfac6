//! Cold start to all Ready: a process meets reports that nobody has looked at yet. The subjects take turns in one fresh cluster, each in a
//! namespace of its own; each round begins with another one.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use testbed::progress::Step;
use testbed::report_server::ReportServer;

use crate::lab::{Lab, Parted, Site};
use crate::objects::Sources;
use crate::observer::Observer;
use crate::requests::{self, Requests};
use crate::subject::{Subject, Task};
use testbed::usage::{Surroundings, Usage};

/// How long a subject may take for a report, on the slowest machine.
const PATIENCE_A_REPORT: Duration = Duration::from_millis(300);
/// How long may pass without any status once there was one.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the texts are, and who runs on which cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Setting {
    /// All in ConfigMaps; all processes share all cores.
    Plain,
    /// A quarter of the reports is behind URLs.
    Mixed,
    /// The control plane has one half of the cores, the subject and the driver have the other: as in a cluster, where the API server is on
    /// another machine.
    Apart,
}

/// A cold start.
#[derive(Clone, Debug, Serialize)]
pub struct Throughput {
    /// Who.
    pub subject: Subject,
    /// Where the texts are, and who runs on which cores.
    pub setting: Setting,
    /// Number of reports.
    pub reports: usize,
    /// Round, from 0.
    pub round: usize,
    /// From the start of the process to the first status.
    pub first_seconds: f64,
    /// From the start of the process to the last.
    pub seconds: f64,
    /// Reports a second, from the start of the process to the last status.
    pub rate: f64,
    /// What the process used until the last status.
    pub usage: Usage,
    /// Processor time of the API server and of etcd meanwhile.
    pub control_plane_seconds: [f64; 2],
    /// Requests meanwhile.
    pub requests: Requests,
    /// What went on around.
    pub surroundings: Surroundings,
}

/// Measures all sizes and rounds, adding to the results.
///
/// # Errors
/// When a subject fails.
pub async fn measure(lab: &Lab, results: &mut Vec<Throughput>) -> Result<()> {
    for &reports in &lab.settings.reports {
        for round in 0..lab.settings.rounds_of(reports) {
            turns(lab, Setting::Plain, reports, round, results).await?;
        }
    }
    if let Some(reports) = lab.settings.middle_size() {
        results.push(cold_start(&lab.site().await?, Subject::Operator, Setting::Mixed, reports, 0).await?);
        for round in 0..lab.settings.rounds_of(reports) {
            turns(lab, Setting::Apart, reports, round, results).await?;
        }
    }
    Ok(())
}

/// All subjects, in one cluster.
async fn turns(lab: &Lab, setting: Setting, reports: usize, round: usize, results: &mut Vec<Throughput>) -> Result<()> {
    let mut subjects = vec![Subject::BareLoop, Subject::Operator];
    subjects.extend(lab.programs.peers());
    let first = round % subjects.len();
    subjects.rotate_left(first);
    let site = lab.site().await?;
    for subject in subjects {
        results.push(cold_start(&site, subject, setting, reports, round).await?);
    }
    Ok(())
}

async fn cold_start(
    site: &Site<'_>,
    subject: Subject,
    setting: Setting,
    reports: usize,
    round: usize,
) -> Result<Throughput> {
    let how = match setting {
        Setting::Plain => "",
        Setting::Mixed => " (a quarter behind URLs)",
        Setting::Apart => " (API server on cores of its own)",
    };
    let step = Step::start(format!("Cold start, {reports} reports{how}, {subject}, round {}", round + 1));
    step.note("creating the reports");
    let objects = site.objects("throughput")?;
    let server = if setting == Setting::Mixed { Some(ReportServer::start().await?) } else { None };
    objects.create(reports, server.as_ref().map_or(Sources::ConfigMaps, Sources::Mixed)).await?;
    settle().await;

    step.note("measuring");
    let flags = server.as_ref().map(flags_for).unwrap_or_default();
    let apart = if setting == Setting::Apart { Some(site.part()?) } else { None };
    let cores = apart.as_ref().map(Parted::cores);
    let task = Task { flags: &flags, cores, ..Task::all(&objects.namespace, reports) };
    let mut observer = Observer::start(&site.client, &objects.namespace).await?;
    let asked = requests::so_far(&site.client).await?;
    let (control_plane, meter) = (site.control_plane_seconds(), site.meter());
    let running = site.lab.programs.start(subject, &site.cluster, task)?;
    let ready = all_ready(&mut observer, reports, running.started).await;
    let (first, last) = ready.with_context(|| format!("{subject}, {reports} reports\n{}", running.log_tail()))?;
    let usage = running.usage();
    let surroundings = meter.stop_without(usage.cpu_seconds);
    let after = site.control_plane_seconds();
    let requests = requests::between(&asked, &requests::so_far(&site.client).await?);
    let result = Throughput {
        subject,
        setting,
        reports,
        round,
        first_seconds: first.duration_since(running.started).as_secs_f64(),
        seconds: last.duration_since(running.started).as_secs_f64(),
        rate: reports as f64 / last.duration_since(running.started).as_secs_f64().max(1e-6),
        usage,
        control_plane_seconds: [after[0] - control_plane[0], after[1] - control_plane[1]],
        requests,
        surroundings,
    };
    running.stop();
    step.done(&format!(
        "{:.1} s, {:.0}/s, {:.2} s of processor time, {:.1} MiB",
        result.seconds, result.rate, result.usage.cpu_seconds, result.usage.resident_mib
    ));
    Ok(result)
}

/// Flags that let the operator fetch from the report server.
pub fn flags_for(server: &ReportServer) -> Vec<String> {
    vec!["--http-allow-host=localhost".to_owned(), format!("--http-allow-port={}", server.port())]
}

/// A pause after much was written, so that the API server and etcd start from rest.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}

/// Waits until as many reports were seen Ready; when the first and the last were.
///
/// # Errors
/// When nothing comes any more.
pub async fn all_ready(observer: &mut Observer, reports: usize, started: Instant) -> Result<(Instant, Instant)> {
    let mut ready = HashSet::new();
    let mut first = None;
    let deadline = started + PATIENCE + PATIENCE_A_REPORT * u32::try_from(reports).unwrap_or(u32::MAX);
    while Instant::now() < deadline {
        let patience = if first.is_some() { PATIENCE } else { deadline.saturating_duration_since(Instant::now()) };
        let Ok(Some(sighting)) = tokio::time::timeout(patience, observer.next()).await else {
            bail!("{} of {reports} were Ready when nothing came any more", ready.len());
        };
        if !sighting.ready {
            continue;
        }
        let begin = *first.get_or_insert(sighting.at);
        ready.insert(sighting.name);
        if ready.len() >= reports {
            return Ok((begin, sighting.at));
        }
    }
    bail!("{} of {reports} were Ready in time", ready.len())
}
