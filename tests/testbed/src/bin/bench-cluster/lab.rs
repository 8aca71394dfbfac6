//! What all measurements share: the settings, the workload, the programs, and a fresh cluster for each.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use kube::Client;
use serde::Serialize;
use testbed::cluster::Cluster;
use testbed::control_plane::Audit;

use crate::objects::Objects;
use crate::statuses;
use crate::subject::Programs;
use crate::workload::Workload;
use testbed::usage::{self, Meter};

/// Cold starts with up to so many reports are over so soon that they are repeated.
const ROUNDS_UP_TO: usize = 1000;

/// How much is measured where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// About two minutes: to see that everything works.
    Small,
    /// What the documentation tells about.
    Full,
}

/// The parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Start of the process, and memory of a process without work.
    Start,
    /// Cold start to all Ready.
    Throughput,
    /// Edit to new status.
    Latency,
    /// Restart with finished reports.
    Restart,
    /// Memory beside ConfigMaps that are none of the operator's business.
    Unrelated,
    /// Several processes that share the reports out.
    Shards,
}

/// Flags of a measurement.
#[derive(Args, Clone, Debug, Serialize)]
pub struct Settings {
    /// The operator's program
    #[serde(skip)]
    pub operator: PathBuf,
    /// How much is measured where nothing else is said
    #[arg(long, value_enum, default_value_t = Size::Full)]
    pub size: Size,
    /// Parts to measure; all where none is given
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Numbers of reports for throughput
    #[arg(long, value_delimiter = ',')]
    pub reports: Vec<usize>,
    /// Numbers of reports for latency
    #[arg(long, value_delimiter = ',')]
    pub latency: Vec<usize>,
    /// Edits that latency is measured on
    #[arg(long)]
    pub edits: Option<usize>,
    /// Numbers of finished reports for restarts
    #[arg(long, value_delimiter = ',')]
    pub finished: Vec<usize>,
    /// ConfigMaps of a mebibyte each that nothing refers to
    #[arg(long)]
    pub unrelated: Option<usize>,
    /// How often throughput is measured with up to 1,000 reports, which are done soon; the median counts
    #[arg(long)]
    pub rounds: Option<usize>,
    /// Runs, requests or workers at a time, for everybody
    #[arg(long, default_value_t = 16)]
    pub concurrency: usize,
    /// Python interpreter with Kopf; left out where there is none
    #[arg(long)]
    #[serde(skip)]
    pub kopf: Option<PathBuf>,
    /// The Go manager; left out where there is none
    #[arg(long)]
    #[serde(skip)]
    pub manager: Option<PathBuf>,
    /// Folder for results.txt, results.json and results.svg
    #[arg(long, default_value = "target/bench-cluster")]
    #[serde(skip)]
    pub output: PathBuf,
}

impl Settings {
    /// The settings with everything filled in.
    #[must_use]
    pub fn complete(mut self) -> Self {
        let full = self.size == Size::Full;
        let fill = |sizes: &mut Vec<usize>, small: &[usize], large: &[usize]| {
            if sizes.is_empty() {
                sizes.extend_from_slice(if full { large } else { small });
            }
        };
        fill(&mut self.reports, &[200], &[500, 1000, 5000]);
        fill(&mut self.latency, &[100], &[100, 1000, 5000]);
        fill(&mut self.finished, &[200], &[1000, 3000, 10_000]);
        self.edits.get_or_insert(if full { 200 } else { 60 });
        self.unrelated.get_or_insert(if full { 1000 } else { 50 });
        self.rounds.get_or_insert(if full { 3 } else { 1 });
        self
    }

    /// Rounds of cold starts with so many reports.
    pub fn rounds_of(&self, reports: usize) -> usize {
        if reports > ROUNDS_UP_TO { 1 } else { self.rounds.unwrap_or(1) }
    }

    /// The number of reports with which what needs only one size is measured.
    pub fn middle_size(&self) -> Option<usize> {
        self.reports.get(self.reports.len() / 2).copied()
    }

    /// Whether a part is to be measured.
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// What all measurements share.
pub struct Lab {
    /// Settings.
    pub settings: Settings,
    /// The texts.
    pub workload: Workload,
    /// Mean size of a status in bytes.
    pub mean_status_bytes: usize,
    /// The programs.
    pub programs: Programs,
    /// Files of this run, removed at its end.
    pub folder: tempfile::TempDir,
}

impl Lab {
    /// Prepares texts and statuses.
    ///
    /// # Errors
    /// When the operator's program cannot analyse them.
    pub fn new(settings: Settings) -> Result<Self> {
        let workload = Workload::load()?;
        let folder = tempfile::Builder::new().prefix("bench-cluster-").tempdir()?;
        let mean_status_bytes = statuses::prepare(&settings.operator, &workload, folder.path())?;
        let programs = Programs {
            operator: settings.operator.clone(),
            own: std::env::current_exe().context("this program does not know where it is")?,
            manager: settings.manager.clone(),
            kopf: settings.kopf.clone(),
            statuses: folder.path().join("statuses"),
            concurrency: settings.concurrency,
        };
        Ok(Self { settings, workload, mean_status_bytes, programs, folder })
    }

    /// A fresh cluster.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn site(&self) -> Result<Site<'_>> {
        let cluster = tokio::task::spawn_blocking(|| Cluster::start_with(Audit::Requests)).await??;
        let client = cluster.client().await?;
        Ok(Site { lab: self, cluster, client })
    }
}

/// Cores that are parted between the control plane and the rest. Dropping this lets the driver run on all again.
pub struct Parted {
    cores: String,
    all: String,
}

impl Parted {
    /// The cores that are not the control plane's.
    pub fn cores(&self) -> &str {
        &self.cores
    }
}

impl Drop for Parted {
    fn drop(&mut self) {
        // The control plane ends with its measurement; should this fail, the next one is a little slower.
        let _ = usage::pin(std::process::id(), &self.all);
    }
}

/// A fresh cluster to measure in.
pub struct Site<'a> {
    /// What all share.
    pub lab: &'a Lab,
    /// The cluster.
    pub cluster: Cluster,
    /// The administrator's client.
    pub client: Client,
}

impl Site<'_> {
    /// A new namespace.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn objects(&self, purpose: &str) -> Result<Objects<'_>> {
        Objects::new(&self.cluster, &self.client, &self.lab.workload, purpose)
    }

    /// Gives the control plane one half of the cores, and the driver the other, which is also the subject's.
    ///
    /// # Errors
    /// When there is just one core, or no `taskset`.
    pub fn part(&self) -> Result<Parted> {
        let cores = std::thread::available_parallelism()?.get();
        if cores < 2 {
            bail!("one core cannot be parted");
        }
        let half = cores / 2;
        for pid in self.cluster.control_plane().pids().into_iter().flatten() {
            usage::pin(pid, &format!("0-{}", half - 1))?;
        }
        let parted = Parted { cores: format!("{half}-{}", cores - 1), all: format!("0-{}", cores - 1) };
        usage::pin(std::process::id(), &parted.cores)?;
        Ok(parted)
    }

    /// Processor time of the API server and of etcd so far, in seconds.
    pub fn control_plane_seconds(&self) -> [f64; 2] {
        self.cluster.control_plane().pids().map(|pid| pid.map_or(0.0, |pid| usage::of(pid).cpu_seconds))
    }

    /// Measures what goes on around a subject.
    pub fn meter(&self) -> Meter {
        Meter::start(self.cluster.control_plane().pids().into_iter().flatten().collect())
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    /// Settings as they are where nothing but the program is given.
    pub fn settings() -> Settings {
        Line::parse_from(["measure", "operator"]).settings.complete()
    }

    #[test]
    fn sizes_that_are_given_win_over_those_of_the_run() {
        let line = Line::parse_from(["measure", "--size=small", "--reports=7,8", "--edits=9", "operator"]);
        let settings = line.settings.complete();
        assert_eq!(settings.reports, [7, 8]);
        assert_eq!((settings.edits, settings.latency.as_slice()), (Some(9), [100].as_slice()));
        assert!(settings.wants(Part::Latency), "no part is given, so all are wanted");
    }
}
