//! Facts about the process for the metrics. Reads `/proc/self`, and nothing where there is none.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Clock ticks and page size are the same on every Linux that Kubernetes runs on; asking for them needs libc.
const TICKS_PER_SECOND: f64 = 100.0;
const PAGE_BYTES: u64 = 4096;

/// Collects the `process_*` metrics at each scrape.
#[derive(Debug)]
pub struct ProcessCollector {
    started: f64,
}

impl ProcessCollector {
    /// To be made when the process starts.
    pub fn new() -> Self {
        Self { started: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() }
    }
}

impl Default for ProcessCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let mut gauge = |name: &str, help: &str, value: f64| {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
        };
        gauge("process_start_time_seconds", "When the process started", self.started)?;
        for (field, name, help) in [
            (0, "process_virtual_memory_bytes", "Address space"),
            (1, "process_resident_memory_bytes", "Resident memory"),
        ] {
            if let Some(bytes) = memory_bytes(field) {
                #[allow(clippy::cast_precision_loss)]
                gauge(name, help, bytes as f64)?;
            }
        }
        if let Some(files) = max_files() {
            gauge("process_max_fds", "Most open files", files)?;
        }
        if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
            #[allow(clippy::cast_precision_loss)]
            gauge("process_open_fds", "Open files", entries.count() as f64)?;
        }
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            counter.encode(encoder.encode_descriptor(
                "process_cpu_seconds",
                "Processor time",
                None,
                counter.metric_type(),
            )?)?;
        }
        Ok(())
    }
}

/// A field of `statm`, which counts in pages: 0 is the address space, 1 what is resident.
fn memory_bytes(field: usize) -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(field)?.parse::<u64>().ok().map(|pages| pages * PAGE_BYTES)
}

/// The soft limit of open files; none where there is no limit.
fn max_files() -> Option<f64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15 of `stat`, in clock ticks; counted after the command's name, which may hold anything but ends with the last bracket.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse::<f64>().ok());
    Some((times.next()?? + times.next()??) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_running_process_has_memory_and_has_used_time() {
        assert!(memory_bytes(1).is_some_and(|bytes| bytes > 1 << 20));
        assert!(memory_bytes(0) > memory_bytes(1));
        assert!(max_files().is_none_or(|files| files >= 3.0));
        assert!(cpu_seconds().is_some_and(|seconds| seconds >= 0.0));
    }
}
