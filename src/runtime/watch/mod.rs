//! Watches. Each runs as a task of its own with a backoff of its own, keeps what it sees in a store, and tells what changed.
//!
//! Errors end here: they are counted, logged and survived, so that a watch that fails for ever (a missing permission, say) disturbs no
//! other. An object that cannot be read is skipped in the same way.

mod fill;
mod heard;
mod paced;
mod reopen;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::core::error_boundary::InvalidObject;
use kube::core::{DeserializeGuard, Selector};
use kube::runtime::watcher;
use kube::runtime::watcher::Event;
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

use crate::api::ConferenceReport;
use crate::controller::seen::Seen;

use super::config::WATCH_TIMEOUT;
use super::health::Health;
use super::metrics::Metrics;

pub use fill::{Change, fill, place};
pub use heard::{Heard, watched};
pub use paced::Paced;
pub use reopen::events;

/// Plural names of what is watched, for metrics and logs: reports, ConfigMaps, catalogs.
pub const WATCHED: [&str; 3] = ["conferencereports", "configmaps", "reportcatalogs"];

/// Objects a page of a list. Small, because a page is in memory as a whole.
const PAGE_SIZE: u32 = 250;
/// Catalogs a page of a list: one may be as large as the API server takes, which is more than a megabyte.
pub const CATALOGS_A_PAGE: u32 = 20;
/// A watch that was open for so long has gone well, whatever then becomes of it.
const WENT_WELL: Duration = Duration::from_secs(10);

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

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::ResourceExt;

    pub(super) fn map(name: &str, version: &str) -> ConfigMap {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.into());
        map.metadata.namespace = Some("ns".into());
        map.metadata.resource_version = Some(version.into());
        map
    }

    pub(super) fn reporter() -> Reporter {
        let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::default()));
        Reporter { resource: "configmaps", gate: "listed".into(), metrics, health }
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
}
