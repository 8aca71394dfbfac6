//! A watch that is opened again and again: what it says, without its errors, which are counted, logged and followed by a pause.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::runtime::utils::Backoff;
use kube::runtime::watcher;
use kube::runtime::watcher::{DefaultBackoff, Event};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::super::health::Pulse;
use super::{Reporter, WENT_WELL};

/// The longest time for one page of a list. A watch that is open has a limit of its own, [`WATCH_TIMEOUT`](super::WATCH_TIMEOUT).
const PAGE_WITHIN: Duration = Duration::from_secs(30);

/// The events of a watch, without its errors: after one, the watch pauses and goes on. The pauses grow from 0.8 s to 30 s while it
/// keeps failing, and only real success makes them short again: a change that was delivered, or [`WENT_WELL`] without an error.
pub fn events<K>(api: Api<K>, config: watcher::Config, reporter: Reporter) -> impl Stream<Item = Event<K>> + Send
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let pulse = reporter.health.pulse(&format!("watch: {}", reporter.gate));
    let open = move || watcher(api.clone(), config.clone()).boxed();
    let watch = Watch {
        stream: open(),
        open,
        listing: true,
        backoff: DefaultBackoff::default(),
        page_within: PAGE_WITHIN,
        since: Instant::now(),
        pulse,
    };
    futures::stream::unfold((watch, reporter), |(mut watch, reporter)| async move {
        let event = watch.next(&reporter).await;
        Some((event, (watch, reporter)))
    })
}

/// A watch that is opened again and again.
struct Watch<K, F, B> {
    stream: futures::stream::BoxStream<'static, watcher::Result<Event<K>>>,
    open: F,
    /// Whether the list has not been delivered in full.
    listing: bool,
    backoff: B,
    /// The longest time for a step while listing.
    page_within: Duration,
    /// Since when it has gone on without an error.
    since: Instant,
    pulse: Arc<Pulse>,
}

impl<K, F, B> Watch<K, F, B>
where
    B: Backoff,
    F: Fn() -> futures::stream::BoxStream<'static, watcher::Result<Event<K>>>,
{
    async fn next(&mut self, reporter: &Reporter) -> Event<K> {
        loop {
            match self.step(reporter).await {
                Ok(event) => {
                    match &event {
                        Event::Init | Event::InitApply(_) => self.listing = true,
                        Event::InitDone => self.listing = false,
                        Event::Apply(_) | Event::Delete(_) => self.backoff.reset(),
                    }
                    return event;
                }
                Err(problem) => {
                    if self.since.elapsed() > WENT_WELL {
                        self.backoff.reset();
                    }
                    let pause = self.backoff.next().unwrap_or(self.page_within);
                    reporter.metrics.watch_error(reporter.resource);
                    let resource = reporter.resource;
                    tracing::warn!(resource, error = problem.text, ?pause, "watch failed; it is tried again");
                    if problem.relist {
                        self.stream = (self.open)();
                        self.listing = true;
                    }
                    tokio::time::sleep(pause).await;
                    self.since = Instant::now();
                }
            }
        }
    }

    /// The next event, or what went wrong. Each time the watch is woken counts as a sign of life of this task. As a sign of the watch, for
    /// the metric, counts here only an event, but for [`Event::Init`], which kube's watcher tells before it has asked for anything. What
    /// else a watch that is open says, [`Heard`](super::Heard) hears.
    async fn step(&mut self, reporter: &Reporter) -> Result<Event<K>, Problem> {
        self.pulse.beat();
        let (stream, pulse) = (&mut self.stream, &self.pulse);
        let next = std::future::poll_fn(|cx| {
            pulse.beat();
            stream.poll_next_unpin(cx)
        });
        // An open watch is quiet for as long as nothing changes; while listing, something must come.
        let next = if self.listing { tokio::time::timeout(self.page_within, next).await } else { Ok(next.await) };
        match next {
            Ok(Some(Ok(event))) => {
                if !matches!(event, Event::Init) {
                    reporter.metrics.watch_told(reporter.resource);
                }
                Ok(event)
            }
            Ok(Some(Err(error))) => Err(Problem { relist: is_gone(&error), text: error.to_string() }),
            Ok(None) => Err(Problem { relist: true, text: "the watch ended".to_owned() }),
            Err(_) => {
                Err(Problem { relist: true, text: format!("no answer to the list within {:?}", self.page_within) })
            }
        }
    }
}

struct Problem {
    /// Whether the list has to be read anew.
    relist: bool,
    text: String,
}

/// Whether the version that the watch was to go on from is no longer kept. kube's watcher lists anew when it learns of this from an open
/// watch, but asks for the same version for ever when it learns of it while opening one.
fn is_gone(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 410)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use futures::stream;
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::super::tests::{map, reporter};
    use super::*;
    use crate::runtime::health::Health;

    fn refused(code: u16) -> kube::Error {
        kube::Error::Api(Box::new(kube::core::Status { code, message: "no".into(), ..Default::default() }))
    }

    /// Pauses of a millisecond, and how many there have been since the last success.
    struct Pauses(Arc<std::sync::atomic::AtomicUsize>);

    impl Iterator for Pauses {
        type Item = Duration;

        fn next(&mut self) -> Option<Duration> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Some(Duration::from_millis(1))
        }
    }

    impl Backoff for Pauses {
        fn reset(&mut self) {
            self.0.store(0, Ordering::Relaxed);
        }
    }

    type Streams = Vec<Vec<watcher::Result<Event<ConfigMap>>>>;

    /// A watch that gives these streams, one after the other, each time it is opened; what it tells; and its pauses since the last success
    /// at each moment.
    async fn told(streams: Streams) -> Vec<(&'static str, usize)> {
        let streams = std::sync::Mutex::new(streams.into_iter());
        let open = move || match streams.lock().unwrap().next() {
            Some(items) => stream::iter(items).chain(stream::pending()).boxed(),
            None => stream::iter([Ok(Event::Delete(map("end", "9")))]).chain(stream::pending()).boxed(),
        };
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let mut watch = Watch {
            stream: open(),
            open,
            listing: true,
            backoff: Pauses(Arc::clone(&count)),
            page_within: Duration::from_millis(50),
            since: Instant::now(),
            pulse: Health::default().pulse("watch"),
        };
        let (mut told, reporter) = (Vec::new(), reporter());
        loop {
            let event = watch.next(&reporter).await;
            let word = match event {
                Event::Init => "init",
                Event::InitApply(_) => "listed",
                Event::InitDone => "done",
                Event::Apply(_) => "applied",
                Event::Delete(_) => return told,
            };
            told.push((word, count.load(Ordering::Relaxed)));
        }
    }

    fn end() -> watcher::Result<Event<ConfigMap>> {
        Ok(Event::Delete(map("end", "9")))
    }

    #[tokio::test]
    async fn the_pauses_of_a_list_that_is_refused_for_ever_grow_although_each_try_begins_anew() {
        let refusal = || [Ok(Event::Init), Err(watcher::Error::InitialListFailed(refused(403)))];
        let tries = std::iter::repeat_with(refusal).take(4).flatten().chain([end()]).collect();
        assert_eq!(told(vec![tries]).await, [("init", 0), ("init", 1), ("init", 2), ("init", 3)]);
    }

    #[tokio::test]
    async fn a_list_that_works_is_no_success_while_the_watch_after_it_is_refused() {
        let half = || [Ok(Event::InitDone), Err(watcher::Error::WatchStartFailed(refused(403)))];
        let tries = std::iter::repeat_with(half).take(3).flatten().chain([end()]).collect();
        assert_eq!(told(vec![tries]).await, [("done", 0), ("done", 1), ("done", 2)]);
    }

    #[tokio::test]
    async fn a_delivered_change_makes_the_pauses_short_again() {
        let broken = || Err(watcher::Error::WatchStartFailed(refused(500)));
        let items = vec![Ok(Event::InitDone), broken(), broken(), Ok(Event::Apply(map("a", "2"))), broken(), end()];
        assert_eq!(told(vec![items]).await, [("done", 0), ("applied", 0)]);
    }

    #[tokio::test]
    async fn a_version_that_is_no_longer_kept_leads_to_a_new_list() {
        let gone = vec![Ok(Event::InitDone), Err(watcher::Error::WatchStartFailed(refused(410)))];
        assert_eq!(told(vec![gone, vec![Ok(Event::Init), end()]]).await, [("done", 0), ("init", 1)]);
    }

    #[tokio::test]
    async fn a_list_that_is_never_answered_is_asked_for_again() {
        assert_eq!(
            told(vec![vec![Ok(Event::Init)], vec![Ok(Event::InitDone), end()]]).await,
            [("init", 0), ("done", 1)]
        );
    }

    /// Whether the metric says that a watch was heard of, which gives this and then nothing.
    async fn heard_of(items: Vec<watcher::Result<Event<ConfigMap>>>) -> bool {
        let mut watch = Watch {
            stream: stream::iter(items).chain(stream::iter([end()])).boxed(),
            open: || stream::pending().boxed(),
            listing: true,
            backoff: Pauses(Arc::default()),
            page_within: Duration::from_secs(60),
            since: Instant::now(),
            pulse: Health::default().pulse("watch"),
        };
        let reporter = reporter();
        let name = r#"conference_report_watch_last_event_timestamp_seconds{resource="configmaps"}"#;
        loop {
            let heard = reporter.metrics.text().unwrap().contains(name);
            if matches!(watch.next(&reporter).await, Event::Delete(_)) {
                return heard;
            }
        }
    }

    #[tokio::test]
    async fn a_list_is_heard_of_once_it_is_answered() {
        let refusal = || [Ok(Event::Init), Err(watcher::Error::InitialListFailed(refused(403)))];
        let refused = std::iter::repeat_with(refusal).take(3).flatten().collect();
        assert!(!heard_of(refused).await, "each try begins with word of a list that is not there");
        assert!(heard_of(vec![Ok(Event::Init), Ok(Event::InitDone)]).await, "an empty list is an answer");
        assert!(heard_of(vec![Ok(Event::Apply(map("a", "1")))]).await);
    }
}
