//! The watches of a namespace, or of all: what they keep, and which reports and catalogs a change has looked at. Replicas that stand by
//! watch as well, so that whoever takes over knows everything at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::{DeserializeGuard, PartialObjectMeta, Selector, SelectorExt};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Client, Resource, ResourceExt};
use tokio::task::JoinSet;

use crate::api::conditions::{READY, find, is_true};
use crate::api::{ConferenceReport, REQUESTED_AT_ANNOTATION, ReportCatalog};
use crate::controller::context::{Context, Scope};
use crate::controller::known::Known;
use crate::controller::ledger::Ledger;
use crate::controller::references::{Reference, References};
use crate::controller::schedule::{after_foreign_write, after_start};
use crate::controller::seen::Seen;
use crate::source::http::host_of;

use super::config::{Settings, WatchConfigMaps};
use super::health::Health;
use super::queue::{Host, Lane, Task, Urgency};
use super::watch::{self, Change, Reporter};
use super::workers::Inbox;

/// How long the reconcilers wait for the lists of ConfigMaps and catalogs before they go ahead without: what the lists would have
/// told is then read by name.
const LISTS_WITHIN: Duration = Duration::from_secs(30);

/// Namespace and name of a report or a catalog.
pub type Key = (String, String);

/// What the watches report to.
#[derive(Clone)]
pub struct Inboxes {
    /// Reports to be handled.
    pub reports: Inbox<Key>,
    /// Catalogs to be handled.
    pub catalogs: Inbox<Key>,
}

/// The scopes of a process: one for all namespaces, or one for each that is watched.
#[derive(Clone, Default)]
pub struct Scopes(BTreeMap<Option<String>, Arc<Scope>>);

impl Scopes {
    /// Starts the watches of each namespace that the settings name, or of all.
    pub fn start(
        settings: &Settings,
        (context, health): (&Arc<Context>, &Arc<Health>),
        ledger: &Arc<Ledger>,
        inboxes: &Inboxes,
        watches: &mut JoinSet<()>,
    ) -> Self {
        let namespaces: Vec<Option<&String>> =
            if settings.namespaces.is_empty() { vec![None] } else { settings.namespaces.iter().map(Some).collect() };
        let start = |namespace: Option<&String>| {
            let scope = start(namespace.map(String::as_str), settings, (context, health), ledger, inboxes, watches);
            (namespace.cloned(), scope)
        };
        Self(namespaces.into_iter().map(start).collect())
    }

    /// The scope that a namespace belongs to.
    pub fn of(&self, namespace: &str) -> Option<Arc<Scope>> {
        self.0.get(&None).or_else(|| self.0.get(&Some(namespace.to_owned()))).cloned()
    }

    /// Waits for the lists of ConfigMaps and catalogs, but not for ever.
    pub async fn listed(&self) {
        let all = futures::future::join_all(self.0.values().map(|scope| async {
            let _ = scope.config_maps.store.wait_until_ready().await;
            let _ = scope.catalogs.store.wait_until_ready().await;
        }));
        if tokio::time::timeout(LISTS_WITHIN, all).await.is_err() {
            tracing::warn!("ConfigMaps or ReportCatalogs could not be listed yet; going ahead without");
        }
    }
}

fn start(
    namespace: Option<&str>,
    settings: &Settings,
    (context, health): (&Arc<Context>, &Arc<Health>),
    ledger: &Arc<Ledger>,
    inboxes: &Inboxes,
    watches: &mut JoinSet<()>,
) -> Arc<Scope> {
    let client = &context.client;
    let reporter = |resource: &'static str, what: &str| {
        let gate = match namespace {
            Some(namespace) => format!("list of {what} in {namespace}"),
            None => format!("list of {what}"),
        };
        health.expect(&gate);
        Reporter { resource, gate, metrics: Arc::clone(&context.metrics), health: Arc::clone(health) }
    };
    let reports = watch::place::<ConferenceReport>();
    let maps = watch::place::<PartialObjectMeta<ConfigMap>>();
    let catalogs = watch::place::<ReportCatalog>();
    let scope = Arc::new(Scope {
        context: Arc::clone(context),
        references: Arc::new(References::default()),
        ledger: Arc::clone(ledger),
        catalog_ledger: Arc::new(Ledger::default()),
        reports: reports.0.clone(),
        config_maps: maps.0.clone(),
        labelled_only: settings.watch_config_maps == WatchConfigMaps::Labelled,
        catalogs: catalogs.0.clone(),
    });
    let own = watch::config(&settings.selector, settings.streaming_lists);
    let everything = watch::config(&Selector::default(), settings.streaming_lists);

    let [report_resource, map_resource, catalog_resource] = watch::WATCHED;
    let told = reporter(report_resource, "ConferenceReports");
    let events = watch::guarded_events(api::<Seen>(client, namespace), own, told.clone());
    let changed = on_report(Arc::clone(&scope), inboxes.clone());
    watches.spawn(watch::fill(events, reports, told, |_| {}, changed));

    let told = reporter(map_resource, "ConfigMaps");
    let api_of_maps = api::<PartialObjectMeta<ConfigMap>>(client, namespace);
    let labelled = watcher::Config {
        label_selector: settings.watch_config_maps.label_selector().map(str::to_owned),
        ..everything.clone()
    };
    let events = watch::events(api_of_maps, labelled, told.clone());
    let changed = on_config_map(Arc::clone(&scope), inboxes.clone());
    watches.spawn(watch::fill(events, maps, told, prune_map, changed));

    let told = reporter(catalog_resource, "ReportCatalogs");
    let api_of_catalogs = api::<DeserializeGuard<ReportCatalog>>(client, namespace);
    let events = watch::guarded_events(api_of_catalogs, everything.page_size(watch::CATALOGS_A_PAGE), told.clone());
    let changed = on_catalog(Arc::clone(&scope), settings.selector.clone(), inboxes.clone());
    let prune_catalog = |catalog: &mut ReportCatalog| catalog.metadata.managed_fields = None;
    watches.spawn(watch::fill(events, catalogs, told, prune_catalog, changed));
    scope
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

fn key<K: Resource>(object: &K) -> Key {
    (object.meta().namespace.clone().unwrap_or_default(), object.meta().name.clone().unwrap_or_default())
}

/// What makes a report worth a run at once: its spec, a request, its deletion. Not its status: the operator writes that itself.
fn trigger(report: &ConferenceReport) -> (Option<&str>, Option<i64>, Option<&str>, bool) {
    let metadata = &report.metadata;
    let request = metadata.annotations.as_ref().and_then(|all| all.get(REQUESTED_AT_ANNOTATION));
    (metadata.uid.as_deref(), metadata.generation, request.map(String::as_str), metadata.deletion_timestamp.is_some())
}

/// The task for a report that was just seen for the first time, or edited, and the wait before it. What was tried before this process
/// started is routine, and what was `found` at the start without having been tried a backlog; URLs that failed then are not all tried in the same
/// moment.
fn task(before: Option<&ConferenceReport>, report: &ConferenceReport, found: bool) -> (Task, Duration) {
    let lane = lane(report);
    let conditions = report.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    let tried = find(conditions, READY).is_some_and(|ready| ready.observed_generation == report.metadata.generation);
    if before.is_some() || !tried {
        let urgency = if before.is_none() && found { Urgency::Backlog } else { Urgency::Change };
        return (Task { urgency, lane }, Duration::ZERO);
    }
    let failing_url = lane != Lane::Cluster && !is_true(conditions, READY);
    let wait =
        if failing_url { after_start(report.metadata.uid.as_deref().unwrap_or_default()) } else { Duration::ZERO };
    (Task { urgency: Urgency::Routine, lane }, wait)
}

fn lane(report: &ConferenceReport) -> Lane {
    report.spec.source.http.as_ref().map_or(Lane::Cluster, |http| Lane::Url(Host::of(&host_of(&http.url))))
}

fn on_report(scope: Arc<Scope>, inboxes: Inboxes) -> impl FnMut(Change<'_, ConferenceReport>) + Send {
    move |Change { before, after, found }| {
        let gone = before.filter(|before| after.is_none_or(|after| after.metadata.uid != before.metadata.uid));
        if let Some(uid) = gone.and_then(|gone| gone.metadata.uid.as_deref()) {
            scope.ledger.evict(uid);
        }
        let Some(report) = after else {
            if let Some(gone) = gone {
                scope.references.remove(&key(gone));
                inboxes.reports.forget(&key(gone));
            }
            return;
        };
        scope.references.set(&key(report), Reference::of(&report.spec));
        let same = before.filter(|before| before.metadata.uid == report.metadata.uid);
        if let (Some(uid), Some(version)) = (&report.metadata.uid, &report.metadata.resource_version) {
            // The operator writes statuses itself; those of others are put right.
            let changed = same.is_some_and(|before| before.status != report.status);
            let foreign =
                || scope.ledger.status_changed(uid, version, &Known::of(report.status.as_ref()), Instant::now());
            if changed && let Some(answered) = foreign() {
                let task = Task { urgency: Urgency::Routine, lane: lane(report) };
                inboxes.reports.add_after(&key(report), task, after_foreign_write(uid, answered));
            }
            scope.ledger.seen(uid, version);
        }
        if before.map(trigger) != Some(trigger(report)) {
            let (task, wait) = task(before, report, found);
            if wait.is_zero() {
                inboxes.reports.add(&key(report), task);
            } else {
                inboxes.reports.add_after(&key(report), task, wait);
            }
        }
    }
}

fn on_config_map(scope: Arc<Scope>, inboxes: Inboxes) -> impl FnMut(Change<'_, PartialObjectMeta<ConfigMap>>) + Send {
    move |Change { before, after, .. }| {
        let version =
            |map: &PartialObjectMeta<ConfigMap>| (map.metadata.uid.clone(), map.metadata.resource_version.clone());
        if before.map(version) == after.map(version) {
            return;
        }
        if let Some((namespace, name)) = after.or(before).map(key) {
            wake(&scope, &inboxes, &namespace, Reference::ConfigMap(name), Urgency::Change);
        }
    }
}

/// All instances read all catalogs, but only the one whose selector takes a catalog in writes its status.
fn on_catalog(scope: Arc<Scope>, selector: Selector, inboxes: Inboxes) -> impl FnMut(Change<'_, ReportCatalog>) + Send {
    move |Change { before, after, .. }| {
        let version = |catalog: &ReportCatalog| {
            (catalog.metadata.uid.clone(), catalog.metadata.generation, catalog.metadata.deletion_timestamp.is_some())
        };
        let is_own = |catalog: &ReportCatalog| selector.matches(catalog.labels());
        let changed = before.map(version) != after.map(version);
        let gone = before.filter(|before| after.is_none_or(|after| after.metadata.uid != before.metadata.uid));
        if let Some(uid) = gone.and_then(|gone| gone.metadata.uid.as_deref()) {
            scope.catalog_ledger.evict(uid);
        }
        match (before, after) {
            (_, Some(catalog)) if is_own(catalog) => {
                if let (Some(uid), Some(version)) = (&catalog.metadata.uid, &catalog.metadata.resource_version) {
                    scope.catalog_ledger.seen(uid, version);
                }
                if changed || !before.is_some_and(is_own) {
                    inboxes.catalogs.add(&key(catalog), Task { urgency: Urgency::Change, lane: Lane::Cluster });
                }
            }
            (Some(gone), _) => {
                scope.catalog_ledger.evict(gone.metadata.uid.as_deref().unwrap_or_default());
                inboxes.catalogs.forget(&key(gone));
            }
            (None, _) => {}
        }
        // Many reports may use a catalog: whoever edits one of them meanwhile goes first.
        if changed && let Some((namespace, name)) = after.or(before).map(key) {
            wake(&scope, &inboxes, &namespace, Reference::Catalog(name), Urgency::Routine);
        }
    }
}

/// Has the reports looked at that refer to something.
fn wake(scope: &Scope, inboxes: &Inboxes, namespace: &str, reference: Reference, urgency: Urgency) {
    for name in scope.references.dependents(namespace, reference) {
        let report = scope.reports.store.get(&ObjectRef::new(&name).within(namespace));
        let lane = report.map_or(Lane::Cluster, |report| lane(&report));
        inboxes.reports.add(&(namespace.to_owned(), name), Task { urgency, lane });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::{Verdict, conditions};
    use crate::api::{ConferenceReportStatus, HttpSource, Reason};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;

    fn report(url: bool, generation: i64, verdict: Option<(Verdict, i64)>) -> ConferenceReport {
        let mut report = ConferenceReport::default();
        report.metadata.uid = Some("0b5f-9d1c".into());
        report.metadata.generation = Some(generation);
        report.spec.source.http = url.then(HttpSource::default);
        report.status = verdict.map(|(verdict, generation)| ConferenceReportStatus {
            conditions: conditions(&[], &verdict, "", generation, &Time(Timestamp::UNIX_EPOCH)),
            ..ConferenceReportStatus::default()
        });
        report
    }

    #[test]
    fn what_is_new_or_edited_is_a_change_and_what_a_start_finds_is_a_backlog_or_when_done_routine() {
        let urgency = |before: Option<&ConferenceReport>, report: &ConferenceReport, found: bool| {
            task(before, report, found).0.urgency
        };
        let done = report(false, 1, Some((Verdict::Succeeded, 1)));
        assert_eq!(urgency(None, &report(false, 1, None), false), Urgency::Change);
        assert_eq!(urgency(None, &report(false, 1, None), true), Urgency::Backlog);
        assert_eq!(urgency(None, &done, true), Urgency::Routine);
        assert_eq!(urgency(None, &report(false, 2, Some((Verdict::Succeeded, 1))), true), Urgency::Backlog);
        assert_eq!(urgency(Some(&done), &report(false, 2, Some((Verdict::Succeeded, 1))), false), Urgency::Change);
    }

    #[test]
    fn after_a_start_urls_that_failed_are_spread_and_nothing_else_waits() {
        let failing = |url| report(url, 1, Some((Verdict::Retrying(Reason::TimedOut), 1)));
        let (kind, wait) = task(None, &failing(true), true);
        assert_eq!(kind.urgency, Urgency::Routine);
        assert!(wait > Duration::ZERO && wait < Duration::from_secs(10), "{wait:?}");
        for (before, report) in [
            (None, failing(false)),
            (None, report(true, 1, Some((Verdict::Succeeded, 1)))),
            (None, report(true, 2, Some((Verdict::Retrying(Reason::TimedOut), 1)))),
            (Some(failing(true)), failing(true)),
        ] {
            assert_eq!(task(before.as_ref(), &report, true).1, Duration::ZERO, "{report:?}");
        }
    }
}
