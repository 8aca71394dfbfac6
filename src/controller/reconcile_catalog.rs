//! One run for one catalog: count, compile on top of the built-in catalog, say what clashes. Writes only its status.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::api::conditions::{FETCH_FAILED, conditions};
use crate::api::{Reason, ReportCatalog, ReportCatalogStatus};
use crate::catalog::conflicts::Conflict;
use crate::source::{FetchError, revision_of};

use super::context::Scope;
use super::known::own;
use super::outcome::Outcome;
use super::schedule::backoff;
use super::write::{self, Anew, Target, WriteError};

/// Name of the controller in metrics.
pub const CONTROLLER: &str = "reportcatalog";
/// The most conflicts that are listed.
const MAX_CONFLICTS: usize = 50;
/// The most characters of one of them.
const MAX_CONFLICT: usize = 250;

/// Handles a catalog and says after which time it is to be handled again by itself. Never fails. Once `stop` is cancelled, compiling is given
/// up; what is being written is written.
pub async fn reconcile(catalog: &Arc<ReportCatalog>, scope: &Scope, stop: &CancellationToken) -> Option<Duration> {
    let metadata = &catalog.metadata;
    let (namespace, name, uid) = (metadata.namespace.as_deref()?, metadata.name.as_deref()?, metadata.uid.as_deref()?);
    let version = metadata.resource_version.as_deref()?;
    if metadata.deletion_timestamp.is_some() {
        return None;
    }
    let context = &scope.context;
    let measured = context.metrics.reconcile_started(CONTROLLER);
    let tried = scope.catalog_ledger.get(uid).failures.saturating_add(1);
    let (outcome, conflicts) = tokio::select! {
        looked = look(catalog, scope) => looked,
        () = stop.cancelled() => {
            measured.finish("requeue_after");
            return None;
        }
    };
    let made = |before: Option<&ReportCatalogStatus>| status(catalog, before, &outcome, &conflicts);
    let status = made(catalog.status.as_ref());
    let written = if catalog.status.as_ref() == Some(&status) {
        Ok(None)
    } else {
        // The watch may not have shown an own write yet, and a condition that stands keeps its time.
        let meanwhile = |live: &ReportCatalog| {
            let status = made(live.status.as_ref());
            if live.status.as_ref() == Some(&status) { Anew::Stands } else { Anew::Other(status) }
        };
        let target = Target { namespace, name, uid };
        write::apply(&context.client, target, version, &status, context.api_timeout, meanwhile).await
    };
    let (label, again) = match &written {
        Ok(_) | Err(WriteError::Gone) => (outcome.label(), outcome.next(uid, tried, None)),
        Err(error) => {
            tracing::warn!(catalog = %format!("{namespace}/{name}"), %error, failures = tried, "status of catalog not written");
            ("error", Some(backoff(uid, tried, error.after())))
        }
    };
    match again {
        Some(_) => scope.catalog_ledger.update(uid, |entry| entry.failures = tried),
        None => scope.catalog_ledger.update(uid, |entry| entry.failures = 0),
    }
    measured.finish(label);
    again
}

/// Compiles the catalog on top of the built-in one: whether that works, and what clashes.
async fn look(catalog: &Arc<ReportCatalog>, scope: &Scope) -> (Outcome, Vec<String>) {
    match scope.context.analyzers.conflicts(catalog).await {
        Ok(conflicts) => {
            let message = match conflicts.len() {
                0 => "the catalog can be used".to_owned(),
                clashes => format!("the catalog can be used; {clashes} of its entries clash, see status.conflicts"),
            };
            (Outcome::Done { message }, conflicts.iter().take(MAX_CONFLICTS).map(told).collect())
        }
        // That of a report would name the field of the report.
        Err((FetchError::CatalogInvalid { problem, .. }, _)) => {
            (Outcome::Stalled { reason: Reason::CatalogInvalid, message: problem }, Vec::new())
        }
        // Only time-outs count: a status that could not be written is no fault of the catalog's.
        Err((error, timeouts)) => (Outcome::of(&error, timeouts), Vec::new()),
    }
}

fn told(conflict: &Conflict) -> String {
    conflict.to_string().chars().take(MAX_CONFLICT).collect()
}

/// The status of a catalog that has said something `previous`ly.
fn status(
    catalog: &ReportCatalog,
    previous: Option<&ReportCatalogStatus>,
    outcome: &Outcome,
    conflicts: &[String],
) -> ReportCatalogStatus {
    let generation = catalog.metadata.generation.unwrap_or_default();
    let known = previous.map(|status| own(&status.conditions)).unwrap_or_default();
    let verdict = outcome.verdict();
    let observed =
        if verdict.observes() { Some(generation) } else { previous.and_then(|status| status.observed_generation) };
    let mut made = conditions(&known, &verdict, outcome.message(), generation, &Time(Timestamp::now()));
    // A catalog fetches nothing.
    made.retain(|condition| condition.type_ != FETCH_FAILED);
    let spec = &catalog.spec;
    let number = |count: usize| Some(i64::try_from(count).unwrap_or(i64::MAX));
    ReportCatalogStatus {
        observed_generation: observed,
        conditions: made,
        revision: serde_json::to_vec(spec).ok().map(|json| revision_of(&json)),
        projects: number(spec.projects.len()),
        organizations: number(spec.organizations.len()),
        themes: number(spec.themes.len()),
        conflicts: conflicts.to_vec(),
    }
}
