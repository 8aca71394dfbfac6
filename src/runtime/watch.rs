//! Watches. Each runs as a task of its own with a backoff of its own, keeps what it sees in a store, and tells what changed.
//!
//! Errors end here: they are counted, logged and survived, so that a watch that fails for ever (a missing permission, say) disturbs no
//! other. An object that cannot be read is skipped in the same way.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::core::error_boundary::InvalidObject;
use kube::core::{DeserializeGuard, Selector};
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{Lookup, ObjectRef};
use kube::runtime::utils::Backoff;
use kube::runtime::watcher;
use kube::runtime::watcher::{DefaultBackoff, Event};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::api::ConferenceReport;
use crate::controller::context::Watched;
use crate::controller::seen::Seen;

use super::config::WATCH_TIMEOUT;
use super::health::{Health, Pulse};
use super::metrics::Metrics;

/// Objects a page of a list. Small, because a page is in memory as a whole.
const PAGE_SIZE: u32 = 250;
/// Catalogs a page of a list: one may be as large as the API server takes, which is more than a megabyte.
pub const CATALOGS_A_PAGE: u32 = 20;
/// The longest time for one page of a list. A watch that is open has a limit of its own, [`WATCH_TIMEOUT`].
const PAGE_WITHIN: Duration = Duration::from_secs(30);
/// A watch that has gone well for so long begins with short pauses again when it fails the next time.
const WENT_WELL: Duration = Duration::from_secs(10);

/// A change of one object.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a, K> {
    /// As it was; none where it was not there.
    pub before: Option<&'a K>,
    /// As it is; none where it is gone.
    pub after: Option<&'a K>,
    /// Whether it was there already when the watch began.
    pub found: bool,
}

/// Where a watch reports to.
#[derive(Clone)]
pub struct Reporter {
    /// Plural name of the resource, for metrics and logs.
    pub resource: &'static str,
    /// What readiness waits for.
    pub gate: String,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Health.
    pub health: Arc<Health>,
}

/// The settings of a watch: the objects that `selector` selects, listed first in pages or, with `streaming`, by the watch itself.
pub fn config(selector: &Selector, streaming: bool) -> watcher::Config {
    let config =
        watcher::Config::default().timeout(u32::try_from(WATCH_TIMEOUT.as_secs()).unwrap_or(60)).page_size(PAGE_SIZE);
    let config = if selector.selects_all() { config } else { config.labels_from(selector) };
    if streaming { config.streaming_lists() } else { config }
}

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

    /// The next event, or what went wrong. Each time the watch is woken counts as a sign of life. So does, for the metric, only what is
    /// no error: an event, a bookmark, the end of a watch after its time and its opening anew, of which kube's watcher tells nothing else.
    async fn step(&mut self, reporter: &Reporter) -> Result<Event<K>, Problem> {
        self.pulse.beat();
        let (stream, pulse) = (&mut self.stream, &self.pulse);
        let (listing, mut woken) = (self.listing, false);
        let next = std::future::poll_fn(|cx| {
            pulse.beat();
            let polled = stream.poll_next_unpin(cx);
            let told = match &polled {
                Poll::Ready(Some(event)) => event.is_ok(),
                Poll::Ready(None) => false,
                Poll::Pending => woken && !listing,
            };
            if told {
                reporter.metrics.watch_told(reporter.resource);
            }
            woken = true;
            polled
        });
        // An open watch is quiet for as long as nothing changes; while listing, something must come.
        let next = if self.listing { tokio::time::timeout(self.page_within, next).await } else { Ok(next.await) };
        match next {
            Ok(Some(Ok(event))) => Ok(event),
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

/// An object as it arrives, which may turn out to be unreadable.
pub trait Guarded: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static {
    /// What it is when it can be read.
    type Object: Resource<DynamicType = ()> + Default + Send;

    /// The object, or its metadata and why it cannot be read.
    ///
    /// # Errors
    /// When it cannot be read.
    fn open(self) -> Result<Self::Object, Box<InvalidObject>>;
}

impl<K> Guarded for DeserializeGuard<K>
where
    K: Resource<DynamicType = ()> + Clone + Default + DeserializeOwned + Debug + Send + 'static,
{
    type Object = K;

    fn open(self) -> Result<K, Box<InvalidObject>> {
        self.0.map_err(Box::new)
    }
}

impl Guarded for Seen {
    type Object = ConferenceReport;

    fn open(self) -> Result<ConferenceReport, Box<InvalidObject>> {
        self.0.map_err(Box::new)
    }
}

/// The same for objects that may be unreadable: those are skipped with a warning.
pub fn guarded_events<G: Guarded>(
    api: Api<G>,
    config: watcher::Config,
    reporter: Reporter,
) -> impl Stream<Item = Event<G::Object>> + Send {
    let skipped = reporter.clone();
    events(api, config, reporter).filter_map(move |event| std::future::ready(readable(event, &skipped)))
}

fn readable<G: Guarded>(event: Event<G>, reporter: &Reporter) -> Option<Event<G::Object>> {
    let object = |guarded: G| match guarded.open() {
        Ok(object) => Some(object),
        Err(invalid) => {
            reporter.metrics.watch_error(reporter.resource);
            let (namespace, name) = (invalid.metadata.namespace.as_deref(), invalid.metadata.name.as_deref());
            let resource = reporter.resource;
            tracing::warn!(resource, namespace, name, error = invalid.error, "object skipped: it cannot be read");
            None
        }
    };
    match event {
        Event::Apply(guarded) => object(guarded).map(Event::Apply),
        Event::InitApply(guarded) => object(guarded).map(Event::InitApply),
        // Of what is gone, the name is all that is needed.
        Event::Delete(guarded) => Some(Event::Delete(guarded.open().unwrap_or_else(|invalid| {
            let mut object = G::Object::default();
            *object.meta_mut() = invalid.metadata;
            object
        }))),
        Event::Init => Some(Event::Init),
        Event::InitDone => Some(Event::InitDone),
    }
}

/// Makes the place that a watch fills.
pub fn place<K>() -> (Watched<K>, Writer<K>)
where
    K: Lookup<DynamicType = ()> + Clone + 'static,
{
    let writer = Writer::new(());
    (Watched { store: writer.as_reader(), synced: Arc::new(AtomicBool::new(false)) }, writer)
}

/// Fills the store and tells each change, after the store has it. After a new listing, only what differs from before is told.
/// Ends when the stream does, which a watch's never does.
pub async fn fill<K>(
    events: impl Stream<Item = Event<K>> + Send,
    (watched, mut writer): (Watched<K>, Writer<K>),
    reporter: Reporter,
    mut prune: impl FnMut(&mut K) + Send,
    mut changed: impl FnMut(Change<'_, K>) + Send,
) where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
{
    reporter.health.expect(&reporter.gate);
    let mut events = std::pin::pin!(events);
    while let Some(mut event) = events.next().await {
        if let Event::Apply(object) | Event::InitApply(object) = &mut event {
            prune(object);
        }
        match &event {
            Event::Apply(object) => {
                let before = watched.store.get(&ObjectRef::from_obj(object));
                writer.apply_watcher_event(&event);
                changed(Change { before: before.as_deref(), after: Some(object), found: false });
            }
            Event::Delete(object) => {
                writer.apply_watcher_event(&event);
                changed(Change { before: Some(object), after: None, found: false });
            }
            Event::Init | Event::InitApply(_) => writer.apply_watcher_event(&event),
            Event::InitDone => {
                let before = by_name(watched.store.state());
                writer.apply_watcher_event(&event);
                let after = by_name(watched.store.state());
                let found = !watched.synced.swap(true, Ordering::AcqRel);
                for (name, object) in &before {
                    if !after.contains_key(name) {
                        changed(Change { before: Some(object), after: None, found });
                    }
                }
                for (name, object) in &after {
                    changed(Change { before: before.get(name).map(Arc::as_ref), after: Some(object), found });
                }
                reporter.health.reached(&reporter.gate);
            }
        }
    }
}

fn by_name<K: ResourceExt>(objects: Vec<Arc<K>>) -> BTreeMap<(Option<String>, String), Arc<K>> {
    objects.into_iter().map(|object| ((object.namespace(), object.name_any()), object)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use k8s_openapi::api::core::v1::ConfigMap;

    fn map(name: &str, version: &str) -> ConfigMap {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.into());
        map.metadata.namespace = Some("ns".into());
        map.metadata.resource_version = Some(version.into());
        map
    }

    fn reporter() -> Reporter {
        let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::default()));
        Reporter { resource: "configmaps", gate: "listed".into(), metrics, health }
    }

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

    /// Whether the metric says that a watch was heard of, which was woken without an event.
    async fn heard_of(listing: bool) -> bool {
        let mut left = 3;
        let stream = stream::poll_fn(move |cx| -> Poll<Option<watcher::Result<Event<ConfigMap>>>> {
            if left > 0 {
                left -= 1;
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        });
        let mut watch = Watch {
            stream: stream.boxed(),
            open: || stream::pending().boxed(),
            listing,
            backoff: Pauses(Arc::default()),
            page_within: Duration::from_secs(60),
            since: Instant::now(),
            pulse: Health::default().pulse("watch"),
        };
        let reporter = reporter();
        assert!(tokio::time::timeout(Duration::from_millis(20), watch.next(&reporter)).await.is_err());
        let name = r#"conference_report_watch_last_event_timestamp_seconds{resource="configmaps"}"#;
        reporter.metrics.text().unwrap().contains(name)
    }

    #[tokio::test]
    async fn a_watch_without_changes_is_heard_of_as_often_as_it_is_opened_anew() {
        assert!(heard_of(false).await);
        assert!(!heard_of(true).await, "while a list is awaited, only the list counts");
    }

    #[test]
    fn an_unreadable_object_is_skipped_but_its_deletion_is_not() {
        let unreadable = || {
            DeserializeGuard::<ConfigMap>(Err(kube::core::error_boundary::InvalidObject {
                error: "data: not a map".into(),
                metadata: map("a", "2").metadata,
            }))
        };
        let reporter = reporter();
        assert!(readable(Event::Apply(unreadable()), &reporter).is_none());
        assert!(readable(Event::InitApply(unreadable()), &reporter).is_none());
        let Some(Event::Delete(gone)) = readable(Event::Delete(unreadable()), &reporter) else { panic!("not told") };
        assert_eq!(gone.name_any(), "a");
        let counted = reporter.metrics.text().unwrap();
        assert!(counted.contains(r#"conference_report_watch_errors_total{resource="configmaps"} 2"#), "{counted}");
    }

    #[tokio::test]
    async fn what_changed_while_the_watch_was_away_is_told_after_the_new_listing() {
        let reporter = reporter();
        let health = Arc::clone(&reporter.health);
        let events = stream::iter([
            Event::Init,
            Event::InitApply(map("a", "1")),
            Event::InitApply(map("b", "1")),
            Event::InitDone,
            Event::Apply(map("a", "2")),
            Event::Init,
            Event::InitApply(map("a", "3")),
            Event::InitDone,
            Event::Delete(map("a", "4")),
        ]);
        let mut told = Vec::new();
        let filled = place::<ConfigMap>();
        let watched = filled.0.clone();
        fill(
            events,
            filled,
            reporter,
            |_| {},
            |Change { before, after, found }: Change<'_, ConfigMap>| {
                let version = |map: Option<&ConfigMap>| {
                    map.and_then(|map| map.metadata.resource_version.clone()).unwrap_or_default()
                };
                let name = before.or(after).unwrap().name_any();
                told.push(format!(
                    "{name} {}>{}{}",
                    version(before),
                    version(after),
                    if found { " found" } else { "" }
                ));
            },
        )
        .await;
        assert_eq!(told, ["a >1 found", "b >1 found", "a 1>2", "b 1>", "a 2>3", "a 4>"]);
        assert!(watched.is_synced() && watched.store.is_empty());
        assert!(health.ready().is_ok());
    }
}
