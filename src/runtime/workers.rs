//! Does the work of a queue: as many runs at a time as it has places, until told to stop; then the runs that are going on may end.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::queue::{Queue, Shares, Task, Turn, Urgency};
use super::queue_metrics::QueueMetrics;

/// Wait after a run that ended in a way it never should.
const AFTER_PANIC: Duration = Duration::from_secs(60);

/// A queue and its metrics: where objects are handed in.
#[derive(Clone)]
pub struct Inbox<K> {
    queue: Arc<Queue<K>>,
    metrics: QueueMetrics,
}

impl<K: Clone + Eq + Hash> Inbox<K> {
    /// An empty queue for handling so many objects at a time.
    pub fn new(shares: Shares, metrics: QueueMetrics) -> Self {
        Self { queue: Arc::new(Queue::new(shares)), metrics }
    }

    /// See [`Queue::add`].
    pub fn add(&self, key: &K, task: Task) {
        if self.queue.add(key, task, Instant::now()) {
            self.metrics.added();
        }
    }

    /// See [`Queue::add_after`].
    pub fn add_after(&self, key: &K, task: Task, wait: Duration) {
        if self.queue.add_after(key, task, wait, Instant::now()) {
            self.metrics.again();
        }
    }

    /// See [`Queue::forget`].
    pub fn forget(&self, key: &K) {
        self.queue.forget(key);
    }

    /// Brings the metrics up to date.
    pub fn measure(&self) {
        self.metrics.set_depth(self.queue.depth(Instant::now()));
    }
}

/// Works until `stop` is cancelled and all runs have ended. `run` handles an object, as urgently as it is told, and says after which time
/// it is to be handled again.
pub async fn work<K, F, R>(Inbox { queue, metrics }: Inbox<K>, stop: CancellationToken, run: F)
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    F: Fn(K, Urgency) -> R + Clone + Send + 'static,
    R: Future<Output = Option<Duration>> + Send + 'static,
{
    let mut runs = JoinSet::new();
    while !stop.is_cancelled() {
        while let Some(turn) = queue.take(Instant::now()) {
            metrics.taken(turn.waited);
            runs.spawn(handle(InHand::new(&queue, &metrics, turn), run.clone()));
        }
        let due = queue.next_due();
        tokio::select! {
            () = stop.cancelled() => {}
            () = queue.changed() => {}
            _ = runs.join_next(), if !runs.is_empty() => {}
            () = at(due) => {}
        }
    }
    while runs.join_next().await.is_some() {}
}

async fn handle<K, F, R>(mut in_hand: InHand<K>, run: F)
where
    K: Clone + Eq + Hash,
    F: Fn(K, Urgency) -> R,
    R: Future<Output = Option<Duration>>,
{
    in_hand.again = run(in_hand.turn.key.clone(), in_hand.turn.task.urgency).await;
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// An object in hand. Dropping it, also by a panic, lets go of it.
struct InHand<K: Clone + Eq + Hash> {
    queue: Arc<Queue<K>>,
    metrics: QueueMetrics,
    turn: Turn<K>,
    since: Instant,
    again: Option<Duration>,
}

impl<K: Clone + Eq + Hash> InHand<K> {
    fn new(queue: &Arc<Queue<K>>, metrics: &QueueMetrics, turn: Turn<K>) -> Self {
        let (queue, metrics) = (Arc::clone(queue), metrics.clone());
        Self { queue, metrics, turn, since: Instant::now(), again: Some(AFTER_PANIC) }
    }
}

impl<K: Clone + Eq + Hash> Drop for InHand<K> {
    fn drop(&mut self) {
        let now = Instant::now();
        let task = Task { urgency: Urgency::Routine, ..self.turn.task };
        self.metrics.done(now.saturating_duration_since(self.since));
        if self.again.is_some() {
            self.metrics.again();
        }
        self.queue.done(&self.turn.key, self.again.map(|wait| (task, wait)), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::metrics::Metrics;
    use crate::runtime::queue::Lane;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const CHANGE: Task = Task { urgency: Urgency::Change, lane: Lane::Cluster };

    #[tokio::test]
    async fn a_run_that_panics_frees_its_place_and_a_stop_lets_the_others_end() {
        let (inbox, stop) = (Inbox::new(Shares::of(1), Metrics::new().queue("test")), CancellationToken::new());
        let queue = Arc::clone(&inbox.queue);
        for key in 0..3 {
            inbox.add(&key, CHANGE);
        }
        let (ended, stopper) = (Arc::new(AtomicUsize::new(0)), stop.clone());
        let count = Arc::clone(&ended);
        let run = move |key: u32, _| {
            let (count, stop) = (Arc::clone(&count), stopper.clone());
            async move {
                assert_ne!(key, 0, "poison");
                stop.cancel();
                tokio::task::yield_now().await;
                count.fetch_add(1, Ordering::Relaxed);
                None
            }
        };
        work(inbox, stop, run).await;
        assert_eq!(ended.load(Ordering::Relaxed), 1, "the run in hand ended, no other began");
        assert_eq!(queue.depth(Instant::now()).waiting, 1);
        assert!(queue.next_due().is_some(), "what panicked is tried again, later");
    }
}
