//! Fills a store with what a watch says, and tells what changed.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{Stream, StreamExt};
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{Lookup, ObjectRef};
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt};

use crate::controller::context::Watched;

use super::Reporter;

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
    use futures::stream;
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::super::tests::{map, reporter};
    use super::*;

    #[tokio::test]
    async fn what_changed_while_the_watch_was_away_is_told_after_the_new_listing() {
        let reporter = reporter();
        let health = Arc::clone(&reporter.health);
        health.expect(&reporter.gate);
        health.started();
        assert!(health.ready().is_err());
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
