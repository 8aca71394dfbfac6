//! Watches. Each runs as a task of its own with a backoff of its own, keeps what it sees in a store, and tells what changed.
//!
//! Errors end here: they are counted, logged and survived, so that a watch that fails for ever (a missing permission, say) disturbs no
//! other. An object that cannot be read is skipped in the same way.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{Stream, StreamExt};
use kube::core::DeserializeGuard;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{Lookup, ObjectRef};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch};
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;

use crate::controller::context::Watched;

use super::config::WATCH_TIMEOUT;
use super::health::Health;
use super::metrics::Metrics;

/// Objects a page of a list. Small, because a page is in memory as a whole.
const PAGE_SIZE: u32 = 250;

/// A change of one object: as it was and as it is.
pub type Change<'a, K> = (Option<&'a K>, Option<&'a K>);

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

/// The settings of all watches.
pub fn config() -> watcher::Config {
    watcher::Config::default().timeout(u32::try_from(WATCH_TIMEOUT.as_secs()).unwrap_or(60)).page_size(PAGE_SIZE)
}

/// The events of a watch, without its errors.
pub fn events<K>(api: Api<K>, reporter: Reporter) -> impl Stream<Item = Event<K>> + Send
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    selected_events(api, None, reporter)
}

/// The same for the objects that a label selector chooses.
pub fn selected_events<K>(
    api: Api<K>,
    labels: Option<&str>,
    reporter: Reporter,
) -> impl Stream<Item = Event<K>> + Send + use<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let config = watcher::Config { label_selector: labels.map(str::to_owned), ..config() };
    watch(api, config).default_backoff().filter_map(move |event| {
        let kept = match event {
            Ok(event) => {
                reporter.metrics.watch_event(reporter.resource);
                Some(event)
            }
            Err(error) => {
                reporter.metrics.watch_error(reporter.resource);
                tracing::warn!(resource = reporter.resource, %error, "watch failed; it is tried again");
                None
            }
        };
        std::future::ready(kept)
    })
}

/// The same for objects that may be unreadable: those are skipped with a warning.
pub fn guarded_events<K>(api: Api<DeserializeGuard<K>>, reporter: Reporter) -> impl Stream<Item = Event<K>> + Send
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let skipped = reporter.clone();
    events(api, reporter).filter_map(move |event| {
        let readable = |object: DeserializeGuard<K>| match object.0 {
            Ok(object) => Some(object),
            Err(invalid) => {
                skipped.metrics.watch_error(skipped.resource);
                let (namespace, name) = (invalid.metadata.namespace.as_deref(), invalid.metadata.name.as_deref());
                tracing::warn!(
                    resource = skipped.resource,
                    namespace,
                    name,
                    error = invalid.error,
                    "object skipped: it cannot be read"
                );
                None
            }
        };
        std::future::ready(match event {
            Event::Apply(object) => readable(object).map(Event::Apply),
            Event::InitApply(object) => readable(object).map(Event::InitApply),
            Event::Delete(object) => readable(object).map(Event::Delete),
            Event::Init => Some(Event::Init),
            Event::InitDone => Some(Event::InitDone),
        })
    })
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
                changed((before.as_deref(), Some(object)));
            }
            Event::Delete(object) => {
                writer.apply_watcher_event(&event);
                changed((Some(object), None));
            }
            Event::Init | Event::InitApply(_) => writer.apply_watcher_event(&event),
            Event::InitDone => {
                let before = by_name(watched.store.state());
                writer.apply_watcher_event(&event);
                let after = by_name(watched.store.state());
                watched.synced.store(true, Ordering::Release);
                for (name, object) in &before {
                    if !after.contains_key(name) {
                        changed((Some(object), None));
                    }
                }
                for (name, object) in &after {
                    changed((before.get(name).map(Arc::as_ref), Some(object)));
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

    #[tokio::test]
    async fn what_changed_while_the_watch_was_away_is_told_after_the_new_listing() {
        let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::default()));
        let reporter = Reporter { resource: "configmaps", gate: "listed".into(), metrics, health: Arc::clone(&health) };
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
            |(before, after): Change<'_, ConfigMap>| {
                let version = |map: Option<&ConfigMap>| {
                    map.and_then(|map| map.metadata.resource_version.clone()).unwrap_or_default()
                };
                told.push(format!("{} {}>{}", before.or(after).unwrap().name_any(), version(before), version(after)));
            },
        )
        .await;
        assert_eq!(told, ["a >1", "b >1", "a 1>2", "b 1>", "a 2>3", "a 4>"]);
        assert!(watched.is_synced() && watched.store.is_empty());
        assert_eq!(health.ready(), Ok(()));
    }
}
