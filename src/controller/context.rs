//! What the reconcilers share. Holds handles only; what is decided with them is decided elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client};

use crate::api::{ConferenceReport, ConfigMapVersion, ReportCatalog};
use crate::runtime::metrics::Metrics;
use crate::source::FetchError;
use crate::source::http::HttpClient;

use super::catalogs::Analyzers;
use super::events::Events;
use super::inputs::MapState;
use super::ledger::Ledger;
use super::precedence::Precedence;
use super::references::References;

/// What all reconcilers of the process share.
pub struct Context {
    /// The Kubernetes API.
    pub client: Client,
    /// For URLs.
    pub http: HttpClient,
    /// Analysers.
    pub analyzers: Analyzers,
    /// Events.
    pub events: Events,
    /// Which writes go first.
    pub precedence: Precedence,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Most bytes of a text.
    pub max_bytes: u64,
    /// Time for one request to the Kubernetes API.
    pub api_timeout: Duration,
}

/// Objects that a watch keeps in memory, and whether it has listed them once.
#[derive(Clone)]
pub struct Watched<K: kube::runtime::reflector::Lookup<DynamicType = ()> + Clone + 'static> {
    /// The objects.
    pub store: Store<K>,
    /// Whether they have been listed once.
    pub synced: Arc<AtomicBool>,
}

impl<K: kube::runtime::reflector::Lookup<DynamicType = ()> + Clone + 'static> Watched<K> {
    /// Whether they have been listed once.
    pub fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire)
    }
}

/// What the reconcilers of one watched namespace, or of all, share.
pub struct Scope {
    /// What all share.
    pub context: Arc<Context>,
    /// What refers to what.
    pub references: Arc<References>,
    /// What is remembered about reports.
    pub ledger: Arc<Ledger>,
    /// What is remembered about catalogs: failed writes only.
    pub catalog_ledger: Arc<Ledger>,
    /// Reports.
    pub reports: Watched<ConferenceReport>,
    /// Metadata of ConfigMaps.
    pub config_maps: Watched<PartialObjectMeta<ConfigMap>>,
    /// Whether just the labelled ones among them are watched.
    pub labelled_only: bool,
    /// Catalogs.
    pub catalogs: Watched<ReportCatalog>,
}

impl Scope {
    /// What the watch knows about a ConfigMap.
    pub fn map_state(&self, namespace: &str, name: &str) -> MapState {
        if !self.config_maps.is_synced() {
            return MapState::Unknown;
        }
        match self.config_maps.store.get(&ObjectRef::new(name).within(namespace)) {
            None if self.labelled_only => MapState::Unwatched,
            None => MapState::Missing,
            Some(map) => MapState::At(ConfigMapVersion {
                uid: map.metadata.uid.clone().unwrap_or_default(),
                resource_version: map.metadata.resource_version.clone().unwrap_or_default(),
            }),
        }
    }

    /// A catalog, from the watch; where that does not know it (yet), from the API.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn catalog(&self, namespace: &str, name: &str) -> Result<Arc<ReportCatalog>, FetchError> {
        if let Some(catalog) = self.catalogs.store.get(&ObjectRef::new(name).within(namespace)) {
            return Ok(catalog);
        }
        let action = || format!("read ReportCatalog {name:?}");
        let api: Api<ReportCatalog> = Api::namespaced(self.context.client.clone(), namespace);
        match tokio::time::timeout(self.context.api_timeout, api.get_opt(name)).await {
            Ok(Ok(Some(catalog))) => Ok(Arc::new(catalog)),
            Ok(Ok(None)) => Err(FetchError::CatalogNotFound { name: name.to_owned() }),
            Ok(Err(error)) => Err(FetchError::api(action(), &error)),
            Err(_) => Err(FetchError::api_timeout(action(), self.context.api_timeout)),
        }
    }
}
