//! Wires everything together and keeps it running until a signal comes or a part of it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{StreamExt, stream};
use http::StatusCode;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::controller::{self, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::{ConferenceReport, REQUESTED_AT_ANNOTATION, ReportCatalog};
use crate::controller::analyse::Workers;
use crate::controller::catalogs::Analyzers;
use crate::controller::context::{Context, Scope};
use crate::controller::events::Events;
use crate::controller::known::prune;
use crate::controller::ledger::Ledger;
use crate::controller::references::{Reference, References, ReportKey};
use crate::controller::{reconcile, reconcile_catalog};
use crate::source::http::HttpClient;

use super::client::{self, ClientError};
use super::config::{Settings, WatchConfigMaps};
use super::health::Health;
use super::metrics::Metrics;
use super::server::{self, Answer};
use super::watch::{self, Change, Reporter};

/// How long the reconcilers wait for the lists of ConfigMaps and catalogs before they go ahead without: what the lists would have
/// told is then read by name.
const LISTS_WITHIN: Duration = Duration::from_secs(30);

/// Why the operator ended, or did not start.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No way to the API server.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An address cannot be listened on.
    #[error("{flag}: cannot listen on {address}: {error}")]
    Listen {
        /// The flag that sets it.
        flag: &'static str,
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// TLS for URLs is not available.
    #[error("URLs cannot be fetched: {0}")]
    Tls(#[from] crate::source::http::tls::TlsSetupError),
    /// A part ended that never should.
    #[error("{0} ended; the process has to be started anew")]
    Ended(&'static str),
    /// The work that was going on did not end in time.
    #[error("work was still going on {0:?} after the signal")]
    Grace(Duration),
}

/// Runs until `stop` is cancelled, and then until the work that is going on has ended.
///
/// # Errors
/// When it cannot start, or a part of it ends.
pub async fn run(settings: Settings, stop: CancellationToken) -> Result<(), OperatorError> {
    let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::default()));
    let ledger = Arc::new(Ledger::default());
    serve(&settings, &health, &metrics, &ledger).await?;

    let client = client::connect(Arc::clone(&metrics), Arc::clone(&health)).await?;
    let concurrency = usize::from(settings.concurrency.max(1));
    let context = Arc::new(Context {
        http: HttpClient::new(settings.http.clone())?,
        analyzers: Analyzers::new(Workers::new(settings.cores, settings.analysis_timeout)),
        events: Events::start(client.clone(), settings.instance.clone(), Arc::clone(&metrics)),
        runs: Semaphore::new(concurrency),
        metrics: Arc::clone(&metrics),
        max_bytes: settings.max_bytes,
        api_timeout: settings.api_timeout,
        client,
    });
    for name in [reconcile::CONTROLLER, reconcile_catalog::CONTROLLER] {
        metrics.set_max_concurrent(name, concurrency);
    }

    let mut parts = JoinSet::new();
    let namespaces =
        if settings.namespaces.is_empty() { vec![None] } else { settings.namespaces.iter().map(Some).collect() };
    let mut controllers = JoinSet::new();
    for namespace in namespaces {
        let namespace = namespace.map(String::as_str);
        start_scope(namespace, &settings, &context, &ledger, &health, &stop, &mut parts, &mut controllers);
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), namespaces = ?settings.namespaces, concurrency, "started");

    tokio::select! {
        () = stop.cancelled() => {}
        // Neither ends by itself: watches go on for ever, controllers until `stop`.
        _ = parts.join_next() => return Err(OperatorError::Ended("a watch")),
        _ = controllers.join_next(), if !stop.is_cancelled() => {
            if !stop.is_cancelled() {
                return Err(OperatorError::Ended("a controller"));
            }
        }
    }
    health.stopping();
    let ended = tokio::time::timeout(settings.grace, async { while controllers.join_next().await.is_some() {} }).await;
    ended.map_err(|_| OperatorError::Grace(settings.grace))?;
    tracing::info!("stopped");
    Ok(())
}

async fn serve(
    settings: &Settings,
    health: &Arc<Health>,
    metrics: &Arc<Metrics>,
    ledger: &Arc<Ledger>,
) -> Result<(), OperatorError> {
    let probes = Arc::clone(health);
    let handler = move |path: &str| match path {
        "/livez" | "/healthz" => Some(Answer::probe(probes.live(Instant::now()))),
        "/readyz" => Some(Answer::probe(probes.ready())),
        _ => None,
    };
    let address = settings.health_addr;
    server::serve(address, handler).await.map_err(|error| OperatorError::Listen {
        flag: "--health-addr",
        address,
        error,
    })?;
    let Some(address) = settings.metrics_addr else {
        return Ok(());
    };
    let (metrics, ledger) = (Arc::clone(metrics), Arc::clone(ledger));
    let handler = move |path: &str| {
        (path == "/metrics").then(|| {
            metrics.set_objects(ledger.counts());
            Answer {
                status: StatusCode::OK,
                content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
                body: metrics.text().unwrap_or_default(),
            }
        })
    };
    server::serve(address, handler).await.map_err(|error| OperatorError::Listen {
        flag: "--metrics-addr",
        address,
        error,
    })
}

/// Starts watches and controllers for a namespace, or for all.
#[allow(clippy::too_many_arguments)]
fn start_scope(
    namespace: Option<&str>,
    settings: &Settings,
    context: &Arc<Context>,
    ledger: &Arc<Ledger>,
    health: &Arc<Health>,
    stop: &CancellationToken,
    parts: &mut JoinSet<()>,
    controllers: &mut JoinSet<()>,
) {
    let client = &context.client;
    let reporter = |resource: &'static str, what: &str| Reporter {
        resource,
        gate: match namespace {
            Some(namespace) => format!("list of {what} in {namespace}"),
            None => format!("list of {what}"),
        },
        metrics: Arc::clone(&context.metrics),
        health: Arc::clone(health),
    };
    let reports = watch::place::<ConferenceReport>();
    let maps = watch::place::<PartialObjectMeta<ConfigMap>>();
    let catalogs = watch::place::<ReportCatalog>();
    let scope = Arc::new(Scope {
        context: Arc::clone(context),
        references: Arc::new(References::default()),
        ledger: Arc::clone(ledger),
        catalog_ledger: Arc::new(Ledger::default()),
        config_maps: maps.0.clone(),
        labelled_only: settings.watch_config_maps == WatchConfigMaps::Labelled,
        catalogs: catalogs.0.clone(),
    });
    let (report_triggers, report_queue) = unbounded();
    let (catalog_triggers, catalog_queue) = unbounded();
    let (report_store, catalog_store) = (reports.0.store.clone(), catalogs.0.store.clone());

    let events = watch::guarded_events(
        api::<DeserializeGuard<ConferenceReport>>(client, namespace),
        reporter("conferencereports", "ConferenceReports"),
    );
    let changed = on_report(Arc::clone(&scope), report_triggers.clone());
    parts.spawn(watch::fill(events, reports, reporter("conferencereports", "ConferenceReports"), prune, changed));

    let events = watch::selected_events(
        api::<PartialObjectMeta<ConfigMap>>(client, namespace),
        settings.watch_config_maps.label_selector(),
        reporter("configmaps", "ConfigMaps"),
    );
    let changed = on_config_map(Arc::clone(&scope), report_triggers.clone());
    parts.spawn(watch::fill(events, maps, reporter("configmaps", "ConfigMaps"), prune_map, changed));

    let events = watch::guarded_events(
        api::<DeserializeGuard<ReportCatalog>>(client, namespace),
        reporter("reportcatalogs", "ReportCatalogs"),
    );
    let changed = on_catalog(Arc::clone(&scope), report_triggers, catalog_triggers);
    let prune_catalog = |catalog: &mut ReportCatalog| catalog.metadata.managed_fields = None;
    parts.spawn(watch::fill(events, catalogs, reporter("reportcatalogs", "ReportCatalogs"), prune_catalog, changed));

    let concurrency = settings.concurrency.max(1);
    let (waiting, stopped) = (Arc::clone(&scope), stop.clone());
    controllers.spawn(async move {
        tokio::select! {
            () = lists(&waiting) => {}
            () = stopped.cancelled() => return,
        }
        let controller = controller_for(report_store, report_queue, concurrency, stopped);
        controller
            .run(reconcile::reconcile, |_, error, _| match *error {}, waiting)
            .for_each(|_| std::future::ready(()))
            .await;
    });
    let (waiting, stopped) = (scope, stop.clone());
    controllers.spawn(async move {
        let controller = controller_for(catalog_store, catalog_queue, concurrency, stopped);
        controller
            .run(reconcile_catalog::reconcile, |_, error, _| match *error {}, waiting)
            .for_each(|_| std::future::ready(()))
            .await;
    });
}

/// A controller that is told by the watches of this process what to look at.
fn controller_for<K>(
    store: kube::runtime::reflector::Store<K>,
    queue: UnboundedReceiver<ObjectRef<K>>,
    concurrency: u16,
    stop: CancellationToken,
) -> Controller<K>
where
    K: Clone + Resource<DynamicType = ()> + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    Controller::for_stream(stream::pending(), store)
        .with_config(controller::Config::default().concurrency(concurrency))
        .reconcile_on(queue)
        .graceful_shutdown_on(async move { stop.cancelled().await })
}

/// Waits for the lists of ConfigMaps and catalogs, but not for ever.
async fn lists(scope: &Scope) {
    let both = async {
        let _ = scope.config_maps.store.wait_until_ready().await;
        let _ = scope.catalogs.store.wait_until_ready().await;
    };
    if tokio::time::timeout(LISTS_WITHIN, both).await.is_err() {
        tracing::warn!("ConfigMaps or ReportCatalogs could not be listed yet; going ahead without");
    }
}

fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

fn key<K: Resource>(object: &K) -> ReportKey {
    (object.meta().namespace.clone().unwrap_or_default(), object.meta().name.clone().unwrap_or_default())
}

/// What makes a report worth a run: its spec, a request, its deletion. Not its status: the operator writes that itself.
fn report_trigger(report: &ConferenceReport) -> (Option<&str>, Option<i64>, Option<&str>, bool) {
    let metadata = &report.metadata;
    let request = metadata.annotations.as_ref().and_then(|all| all.get(REQUESTED_AT_ANNOTATION));
    (metadata.uid.as_deref(), metadata.generation, request.map(String::as_str), metadata.deletion_timestamp.is_some())
}

fn on_report(
    scope: Arc<Scope>,
    triggers: UnboundedSender<ObjectRef<ConferenceReport>>,
) -> impl FnMut(Change<'_, ConferenceReport>) + Send {
    move |(before, after)| {
        let gone = before.filter(|before| after.is_none_or(|after| after.metadata.uid != before.metadata.uid));
        if let Some(uid) = gone.and_then(|gone| gone.metadata.uid.as_deref()) {
            scope.ledger.evict(uid);
        }
        let Some(report) = after else {
            if let Some(gone) = gone {
                scope.references.remove(&key(gone));
            }
            return;
        };
        scope.references.set(&key(report), Reference::of(&report.spec));
        if let (Some(uid), Some(version)) = (&report.metadata.uid, &report.metadata.resource_version) {
            scope.ledger.seen(uid, version);
        }
        if before.map(report_trigger) != Some(report_trigger(report)) {
            let _ = triggers.unbounded_send(ObjectRef::from_obj(report));
        }
    }
}

fn on_config_map(
    scope: Arc<Scope>,
    triggers: UnboundedSender<ObjectRef<ConferenceReport>>,
) -> impl FnMut(Change<'_, PartialObjectMeta<ConfigMap>>) + Send {
    move |(before, after)| {
        let version =
            |map: &PartialObjectMeta<ConfigMap>| (map.metadata.uid.clone(), map.metadata.resource_version.clone());
        if before.map(version) == after.map(version) {
            return;
        }
        if let Some((namespace, name)) = after.or(before).map(key) {
            wake(&scope, &triggers, &namespace, Reference::ConfigMap(name));
        }
    }
}

fn on_catalog(
    scope: Arc<Scope>,
    reports: UnboundedSender<ObjectRef<ConferenceReport>>,
    catalogs: UnboundedSender<ObjectRef<ReportCatalog>>,
) -> impl FnMut(Change<'_, ReportCatalog>) + Send {
    move |(before, after)| {
        let version = |catalog: &ReportCatalog| {
            (catalog.metadata.uid.clone(), catalog.metadata.generation, catalog.metadata.deletion_timestamp.is_some())
        };
        if before.map(version) == after.map(version) {
            return;
        }
        let gone = before.filter(|before| after.is_none_or(|after| after.metadata.uid != before.metadata.uid));
        if let Some(uid) = gone.and_then(|gone| gone.metadata.uid.as_deref()) {
            scope.catalog_ledger.evict(uid);
        }
        if let Some(catalog) = after {
            if let (Some(uid), Some(version)) = (&catalog.metadata.uid, &catalog.metadata.resource_version) {
                scope.catalog_ledger.seen(uid, version);
            }
            let _ = catalogs.unbounded_send(ObjectRef::from_obj(catalog));
        }
        if let Some((namespace, name)) = after.or(before).map(key) {
            wake(&scope, &reports, &namespace, Reference::Catalog(name));
        }
    }
}

/// Has the reports looked at that refer to something.
fn wake(scope: &Scope, triggers: &UnboundedSender<ObjectRef<ConferenceReport>>, namespace: &str, reference: Reference) {
    for name in scope.references.dependents(namespace, reference) {
        let _ = triggers.unbounded_send(ObjectRef::new(&name).within(namespace));
    }
}

/// Names and versions are all that is needed of a ConfigMap.
fn prune_map(map: &mut PartialObjectMeta<ConfigMap>) {
    let metadata = &mut map.metadata;
    metadata.managed_fields = None;
    metadata.labels = None;
    metadata.annotations = None;
    metadata.owner_references = None;
    metadata.finalizers = None;
}
