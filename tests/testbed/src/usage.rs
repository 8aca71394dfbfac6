//! What processes and the machine use, read from `/proc`; nothing where there is none.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Serialize;

/// Clock ticks are the same on every Linux that Kubernetes runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Usage {
    /// Processor time so far, in seconds.
    pub cpu_seconds: f64,
    /// Resident memory in MiB.
    pub resident_mib: f64,
    /// Highest resident memory so far, or since [`reset_peak`], in MiB.
    pub peak_mib: f64,
}

/// What a process uses now; zeros when it is gone.
pub fn of(pid: u32) -> Usage {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mib = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    };
    Usage { cpu_seconds: cpu_seconds(&pid.to_string()), resident_mib: mib("VmRSS:"), peak_mib: mib("VmHWM:") }
}

/// Has a process run on some cores only, given as `taskset` takes them.
///
/// # Errors
/// When there is no `taskset`, or it fails.
pub fn pin(pid: u32, cores: &str) -> Result<()> {
    let status =
        Command::new("taskset").args(["-a", "-c", "-p", cores, &pid.to_string()]).stdout(Stdio::null()).status();
    match status.context("taskset is not there (it belongs to util-linux)")?.success() {
        true => Ok(()),
        false => bail!("taskset -c {cores} failed"),
    }
}

/// Lets the highest resident memory be counted anew. The process must be of the same user.
pub fn reset_peak(pid: u32) {
    // Without the right to, the peak is that of the whole life.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

fn cpu_seconds(pid: &str) -> f64 {
    times(pid, 11) + times(pid, 12)
}

/// Processor time of the children of this process that have ended, in seconds.
pub fn ended_children() -> f64 {
    times("self", 13) + times("self", 14)
}

/// A field of `stat` in seconds, counted after the command's name, which may hold anything but ends with the last bracket.
fn times(pid: &str, field: usize) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    fields.split_whitespace().nth(field).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default()
        / TICKS_PER_SECOND
}

/// What went on around a measurement: absolute figures mean little without it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Surroundings {
    /// Load average of the last minute at the end.
    pub load: f64,
    /// Cores that processes outside the measurement kept busy meanwhile.
    pub others_cores: f64,
}

/// Measures what goes on around a subject: what the machine does, without the control plane and the driver, which belong to the
/// measurement.
pub struct Meter {
    pids: Vec<u32>,
    begun: std::time::Instant,
    busy: f64,
    own: f64,
}

impl Meter {
    /// Starts, with the processes of the control plane.
    pub fn start(mut pids: Vec<u32>) -> Self {
        pids.push(std::process::id());
        let own = own_seconds(&pids);
        Self { pids, begun: std::time::Instant::now(), busy: busy_seconds(), own }
    }

    /// What went on since, without the processor time that the subject used.
    pub fn stop_without(&self, subject_seconds: f64) -> Surroundings {
        let seconds = self.begun.elapsed().as_secs_f64().max(0.001);
        let others = (busy_seconds() - self.busy) - (own_seconds(&self.pids) - self.own) - subject_seconds;
        Surroundings { load: load(), others_cores: (others / seconds).max(0.0) }
    }
}

fn own_seconds(pids: &[u32]) -> f64 {
    pids.iter().map(|pid| cpu_seconds(&pid.to_string())).sum()
}

/// Processor time that the machine has spent on anything but idling and waiting.
fn busy_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = first.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal
    [0, 1, 2, 5, 6, 7].iter().filter_map(|field| ticks.get(*field)).sum::<f64>() / TICKS_PER_SECOND
}

/// Load average of the last minute.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default()
}
