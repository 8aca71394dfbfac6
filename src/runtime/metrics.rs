//! Metrics: controller-runtime's names where it has one, so that existing dashboards and alerts work, and our own. Labels come from closed
//! lists only; facts about single objects belong to kube-state-metrics.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant, SystemTime};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::controller::ledger::Counts;
use crate::source::SourceKind;

use super::queue_metrics::{QueueMetrics, QueuesMetrics};
use super::{exposition, process};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Controller {
    controller: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reconciled {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    code: String,
    method: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Looked {
    source: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Resource {
    resource: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ready {
    ready: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeaseName {
    name: String,
}

type Seconds = Gauge<f64, AtomicU64>;
type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// Everything that is measured.
pub struct Metrics {
    registry: Registry,
    reconciles: Family<Reconciled, Counter>,
    reconcile_errors: Family<Controller, Counter>,
    reconcile_time: Histograms<Controller>,
    active_workers: Family<Controller, Gauge>,
    max_concurrent: Family<Controller, Gauge>,
    requests: Family<Request, Counter>,
    fetches: Family<Looked, Counter>,
    fetch_time: Histograms<Source>,
    fetch_bytes: Histograms<Source>,
    analysis_time: Histogram,
    analysis_bytes: Histogram,
    status_writes: Family<Outcome, Counter>,
    events: Family<Outcome, Counter>,
    objects: Family<Ready, Gauge>,
    in_backoff: Gauge,
    watch_errors: Family<Resource, Counter>,
    watch_last_event: Family<Resource, Seconds>,
    leading: Family<LeaseName, Gauge>,
    queues: QueuesMetrics,
}

/// From half a millisecond to half a minute.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 17))
}

/// From 256 bytes to 4 MiB.
fn sizes() -> Histogram {
    Histogram::new(exponential_buckets(256.0, 4.0, 8))
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All metrics at zero.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let mut metrics = Self {
            queues: QueuesMetrics::register(&mut registry),
            registry,
            reconciles: Family::default(),
            reconcile_errors: Family::default(),
            reconcile_time: Family::new_with_constructor(durations),
            active_workers: Family::default(),
            max_concurrent: Family::default(),
            requests: Family::default(),
            fetches: Family::default(),
            fetch_time: Family::new_with_constructor(durations),
            fetch_bytes: Family::new_with_constructor(sizes),
            analysis_time: durations(),
            analysis_bytes: sizes(),
            status_writes: Family::default(),
            events: Family::default(),
            objects: Family::default(),
            in_backoff: Gauge::default(),
            watch_errors: Family::default(),
            watch_last_event: Family::default(),
            leading: Family::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("controller_runtime_reconcile", "Runs by result", self.reconciles.clone());
        r.register("controller_runtime_reconcile_errors", "Failed runs", self.reconcile_errors.clone());
        r.register("controller_runtime_reconcile_time_seconds", "Time of a run", self.reconcile_time.clone());
        r.register("controller_runtime_active_workers", "Runs going on", self.active_workers.clone());
        r.register("controller_runtime_max_concurrent_reconciles", "Most runs at a time", self.max_concurrent.clone());
        r.register(
            "rest_client_requests",
            "Requests to the Kubernetes API by method and status code",
            self.requests.clone(),
        );
        r.register("conference_report_fetch", "Looks at a source by outcome", self.fetches.clone());
        r.register("conference_report_fetch_duration_seconds", "Time of a look at a source", self.fetch_time.clone());
        r.register("conference_report_fetch_bytes", "Size of a fetched text", self.fetch_bytes.clone());
        r.register("conference_report_analysis_duration_seconds", "Time of an analysis", self.analysis_time.clone());
        r.register("conference_report_analysis_input_bytes", "Size of an analysed text", self.analysis_bytes.clone());
        r.register("conference_report_status_writes", "Status writes by outcome", self.status_writes.clone());
        r.register("conference_report_events", "Events by outcome", self.events.clone());
        r.register("conference_report_objects", "Reports by whether they are Ready", self.objects.clone());
        r.register(
            "conference_report_objects_in_backoff",
            "Reports that wait for another try",
            self.in_backoff.clone(),
        );
        r.register("conference_report_watch_errors", "Errors of watches", self.watch_errors.clone());
        r.register(
            "conference_report_watch_last_event_timestamp_seconds",
            "When a watch was last heard of",
            self.watch_last_event.clone(),
        );
        r.register("leader_election_master_status", "Whether this process leads, by lease", self.leading.clone());
        r.register_collector(Box::new(process::ProcessCollector::new()));
    }

    /// A run begins; the answer is to be told how it ends.
    pub fn reconcile_started(&self, controller: &'static str) -> Measured<'_> {
        self.active_workers.get_or_create(&Controller { controller }).inc();
        Measured { metrics: self, controller, started: Instant::now() }
    }

    /// How many runs may go on at a time.
    pub fn set_max_concurrent(&self, controller: &'static str, runs: usize) {
        self.max_concurrent.get_or_create(&Controller { controller }).set(i64::try_from(runs).unwrap_or(i64::MAX));
    }

    /// A request to the Kubernetes API was answered, or not (`code` is then none).
    pub fn api_request(&self, method: &http::Method, code: Option<u16>) {
        let code = code.map_or_else(|| "<error>".to_owned(), |code| code.to_string());
        self.requests.get_or_create(&Request { code, method: method.as_str().to_owned() }).inc();
    }

    /// A source was looked at.
    pub fn fetched(&self, kind: SourceKind, outcome: &'static str, time: Duration, bytes: Option<usize>) {
        let source = kind.as_str();
        self.fetches.get_or_create(&Looked { source, outcome }).inc();
        self.fetch_time.get_or_create(&Source { source }).observe(time.as_secs_f64());
        if let Some(bytes) = bytes {
            self.fetch_bytes.get_or_create(&Source { source }).observe(to_f64(bytes));
        }
    }

    /// A text was analysed.
    pub fn analysed(&self, time: Duration, bytes: usize) {
        self.analysis_time.observe(time.as_secs_f64());
        self.analysis_bytes.observe(to_f64(bytes));
    }

    /// A status was written, or not.
    pub fn status_write(&self, outcome: &'static str) {
        self.status_writes.get_or_create(&Outcome { outcome }).inc();
    }

    /// An event was published, or not.
    pub fn event(&self, outcome: &'static str) {
        self.events.get_or_create(&Outcome { outcome }).inc();
    }

    /// A watch failed.
    pub fn watch_error(&self, resource: &'static str) {
        self.watch_errors.get_or_create(&Resource { resource }).inc();
    }

    /// A watch was heard of.
    pub fn watch_told(&self, resource: &'static str) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.watch_last_event.get_or_create(&Resource { resource }).set(now.as_secs_f64());
    }

    /// Those of a controller's work queue.
    pub fn queue(&self, controller: &'static str) -> QueueMetrics {
        self.queues.of(controller)
    }

    /// Whether this process holds a lease. There is one a process, so the label stays bounded.
    pub fn set_leading(&self, lease: &str, leading: bool) {
        self.leading.get_or_create(&LeaseName { name: lease.to_owned() }).set(i64::from(leading));
    }

    /// How the reports stand.
    pub fn set_objects(&self, counts: Counts) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.objects.get_or_create(&Ready { ready: "true" }).set(number(counts.ready));
        self.objects.get_or_create(&Ready { ready: "false" }).set(number(counts.not_ready));
        self.in_backoff.set(number(counts.in_backoff));
    }

    /// Everything in the Prometheus text format.
    ///
    /// # Errors
    /// None that writing to a string can have.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(exposition::prometheus(&text))
    }
}

/// A run that is being measured.
pub struct Measured<'a> {
    metrics: &'a Metrics,
    controller: &'static str,
    started: Instant,
}

impl Measured<'_> {
    /// The run ended: success, error or `requeue_after`.
    pub fn finish(self, result: &'static str) {
        let controller = self.controller;
        self.metrics.reconciles.get_or_create(&Reconciled { controller, result }).inc();
        if result == "error" {
            self.metrics.reconcile_errors.get_or_create(&Controller { controller }).inc();
        }
        self.metrics
            .reconcile_time
            .get_or_create(&Controller { controller })
            .observe(self.started.elapsed().as_secs_f64());
    }
}

/// A run that is cut off by the end of the process is no longer going on either.
impl Drop for Measured<'_> {
    fn drop(&mut self) {
        self.metrics.active_workers.get_or_create(&Controller { controller: self.controller }).dec();
    }
}

/// Sizes of texts lie far below 2^52.
#[allow(clippy::cast_precision_loss)]
fn to_f64(bytes: usize) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::queue::Depth;

    #[test]
    fn the_names_are_those_that_dashboards_expect() {
        let metrics = Metrics::new();
        metrics.reconcile_started("conferencereport").finish("error");
        metrics.api_request(&http::Method::GET, Some(200));
        metrics.fetched(SourceKind::ConfigMap, "success", Duration::from_millis(3), Some(1000));
        metrics.status_write("written");
        metrics.watch_told("configmaps");
        metrics.watch_error("configmaps");
        metrics.set_objects(Counts { ready: 3, not_ready: 1, in_backoff: 1 });
        let queue = metrics.queue("conferencereport");
        queue.added();
        queue.again();
        queue.taken(Duration::from_millis(1));
        queue.done(Duration::from_millis(1));
        queue.set_depth(Depth { waiting: 4, ..Depth::default() });
        metrics.set_leading("conference-report-operator", true);
        let text = metrics.text().unwrap();
        for line in [
            r#"controller_runtime_reconcile_total{controller="conferencereport",result="error"} 1"#,
            r#"controller_runtime_reconcile_errors_total{controller="conferencereport"} 1"#,
            r#"controller_runtime_active_workers{controller="conferencereport"} 0"#,
            r#"rest_client_requests_total{code="200",method="GET"} 1"#,
            r#"conference_report_fetch_total{source="ConfigMap",outcome="success"} 1"#,
            r#"conference_report_status_writes_total{outcome="written"} 1"#,
            r#"conference_report_objects{ready="true"} 3"#,
            r#"leader_election_master_status{name="conference-report-operator"} 1"#,
            r#"workqueue_depth{name="conferencereport"} 4"#,
            r#"workqueue_adds_total{name="conferencereport"} 1"#,
            r#"workqueue_retries_total{name="conferencereport"} 1"#,
            r#"workqueue_queue_duration_seconds_count{name="conferencereport"} 1"#,
            r#"workqueue_work_duration_seconds_count{name="conferencereport"} 1"#,
            "workqueue_unfinished_work_seconds",
            "workqueue_longest_running_processor_seconds",
            "conference_report_objects_in_backoff 1",
            r#"conference_report_watch_errors_total{resource="configmaps"} 1"#,
            "controller_runtime_reconcile_time_seconds_bucket",
            "conference_report_watch_last_event_timestamp_seconds",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
