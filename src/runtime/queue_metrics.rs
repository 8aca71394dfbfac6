//! The metrics of work queues, under the names that controller-runtime gives them.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

use super::queue::Depth;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Name {
    name: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;
type Histograms = Family<Name, Histogram, fn() -> Histogram>;

/// From ten microseconds to about half an hour.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.00001, 4.0, 14))
}

/// All queues.
#[derive(Clone)]
pub struct QueuesMetrics {
    depth: Family<Name, Gauge>,
    adds: Family<Name, Counter>,
    retries: Family<Name, Counter>,
    waiting: Histograms,
    working: Histograms,
    unfinished: Family<Name, Seconds>,
    longest: Family<Name, Seconds>,
}

impl QueuesMetrics {
    /// Registers them.
    pub fn register(r: &mut Registry) -> Self {
        let all = Self {
            depth: Family::default(),
            adds: Family::default(),
            retries: Family::default(),
            waiting: Family::new_with_constructor(durations),
            working: Family::new_with_constructor(durations),
            unfinished: Family::default(),
            longest: Family::default(),
        };
        r.register("workqueue_depth", "Objects that wait for their turn", all.depth.clone());
        r.register("workqueue_adds", "Objects that were put in the queue", all.adds.clone());
        r.register("workqueue_retries", "Objects that are to be handled again later", all.retries.clone());
        r.register("workqueue_queue_duration_seconds", "Time that objects wait for their turn", all.waiting.clone());
        r.register("workqueue_work_duration_seconds", "Time that handling an object takes", all.working.clone());
        r.register("workqueue_unfinished_work_seconds", "Time of all runs that are going on", all.unfinished.clone());
        r.register(
            "workqueue_longest_running_processor_seconds",
            "Time of the longest run that is going on",
            all.longest.clone(),
        );
        all
    }

    /// Those of one queue.
    pub fn of(&self, name: &'static str) -> QueueMetrics {
        QueueMetrics { all: self.clone(), name: Name { name } }
    }
}

/// One queue.
#[derive(Clone)]
pub struct QueueMetrics {
    all: QueuesMetrics,
    name: Name,
}

impl QueueMetrics {
    /// An object was put in the queue.
    pub fn added(&self) {
        self.all.adds.get_or_create(&self.name).inc();
    }

    /// An object is to be handled again later.
    pub fn again(&self) {
        self.all.retries.get_or_create(&self.name).inc();
    }

    /// An object's turn has come.
    pub fn taken(&self, waited: Duration) {
        self.all.waiting.get_or_create(&self.name).observe(waited.as_secs_f64());
    }

    /// An object is done.
    pub fn done(&self, took: Duration) {
        self.all.working.get_or_create(&self.name).observe(took.as_secs_f64());
    }

    /// How the queue stands.
    pub fn set_depth(&self, depth: Depth) {
        self.all.depth.get_or_create(&self.name).set(i64::try_from(depth.waiting).unwrap_or(i64::MAX));
        self.all.unfinished.get_or_create(&self.name).set(depth.unfinished.as_secs_f64());
        self.all.longest.get_or_create(&self.name).set(depth.longest.as_secs_f64());
    }
}
