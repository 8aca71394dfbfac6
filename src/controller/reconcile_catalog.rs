//! One run for one catalog: count, compile on top of the built-in catalog, say what clashes. Writes only its status.

use std::convert::Infallible;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::runtime::controller::Action;

use crate::api::conditions::{Verdict, conditions};
use crate::api::{Reason, ReportCatalog, ReportCatalogStatus};
use crate::source::revision_of;

use super::context::Scope;
use super::known::own;
use super::schedule::backoff;
use super::write::{self, Target, WriteError};

/// Name of the controller in metrics.
pub const CONTROLLER: &str = "reportcatalog";
/// The most conflicts that are listed.
const MAX_CONFLICTS: usize = 50;
/// The most characters of one of them.
const MAX_CONFLICT: usize = 250;

/// Handles a catalog. Never fails.
///
/// # Errors
/// None.
pub async fn reconcile(catalog: Arc<ReportCatalog>, scope: Arc<Scope>) -> Result<Action, Infallible> {
    let metadata = &catalog.metadata;
    let (Some(namespace), Some(name), Some(uid), Some(version)) =
        (&metadata.namespace, &metadata.name, &metadata.uid, &metadata.resource_version)
    else {
        return Ok(Action::await_change());
    };
    if metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let context = &scope.context;
    let measured = context.metrics.reconcile_started(CONTROLLER);
    let status = status(&catalog, &scope).await;
    if catalog.status.as_ref() == Some(&status) {
        measured.finish("success");
        return Ok(Action::await_change());
    }
    let target = Target { namespace, name, uid };
    let written = write::apply::<ReportCatalog>(&context.client, target, version, &status, context.api_timeout).await;
    let (label, action) = match written {
        Ok(_) | Err(WriteError::Gone) => {
            scope.catalog_ledger.update(uid, |entry| entry.failures = 0);
            ("success", Action::await_change())
        }
        Err(error) => {
            let failures = scope.catalog_ledger.get(uid).failures.saturating_add(1);
            scope.catalog_ledger.update(uid, |entry| entry.failures = failures);
            tracing::warn!(catalog = %format!("{namespace}/{name}"), %error, failures, "status of catalog not written");
            ("error", Action::requeue(backoff(uid, failures, error.after())))
        }
    };
    measured.finish(label);
    Ok(action)
}

async fn status(catalog: &Arc<ReportCatalog>, scope: &Scope) -> ReportCatalogStatus {
    let generation = catalog.metadata.generation.unwrap_or_default();
    let previous = catalog.status.as_ref().map(|status| own(&status.conditions)).unwrap_or_default();
    let (builtin, copy) = (Arc::clone(scope.context.analyzers.builtin()), Arc::clone(catalog));
    let compiled = scope.context.analyzers.workers().run(move || {
        let name = copy.metadata.name.clone().unwrap_or_default();
        let conflicts = builtin.with_overlays(&[(name.as_str(), &copy.spec)]).1;
        conflicts.iter().map(ToString::to_string).collect::<Vec<String>>()
    });
    let (verdict, message, conflicts) = match compiled.await {
        Ok(conflicts) if conflicts.is_empty() => (Verdict::Succeeded, "the catalog can be used".to_owned(), conflicts),
        Ok(conflicts) => {
            let message =
                format!("the catalog can be used; {} of its entries clash, see status.conflicts", conflicts.len());
            (Verdict::Succeeded, message, conflicts)
        }
        Err(error) => {
            (Verdict::Stalled(Reason::CatalogInvalid), format!("the catalog cannot be used: {error}"), Vec::new())
        }
    };
    let spec = &catalog.spec;
    let number = |count: usize| Some(i64::try_from(count).unwrap_or(i64::MAX));
    let mut made = conditions(&previous, &verdict, &message, generation, &Time(Timestamp::now()));
    // A catalog fetches nothing.
    made.retain(|condition| condition.type_ != crate::api::conditions::FETCH_FAILED);
    ReportCatalogStatus {
        observed_generation: Some(generation),
        conditions: made,
        revision: serde_json::to_vec(spec).ok().map(|json| revision_of(&json)),
        projects: number(spec.projects.len()),
        organizations: number(spec.organizations.len()),
        themes: number(spec.themes.len()),
        conflicts: conflicts.iter().take(MAX_CONFLICTS).map(|text| text.chars().take(MAX_CONFLICT).collect()).collect(),
    }
}
