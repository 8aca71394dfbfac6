//! The resources as users see them: types, schema, CEL rules, conditions. Pure data; nothing here talks to a cluster.
//!
//! `crds/` is generated from these types by `make generate`.

mod catalog;
#[cfg(test)]
mod cel_tests;
pub mod conditions;
pub mod crd;
mod reason;
mod report;
mod rules;
mod status;

pub use catalog::{
    CatalogOrganization, CatalogProject, CatalogTheme, Matching, ReportCatalog, ReportCatalogSpec, ReportCatalogStatus,
};
pub use reason::Reason;
pub use report::{
    ConferenceReport, ConferenceReportSpec, ConfigMapSource, EventOverride, HttpSource, LocalReference, Source,
    SummaryOptions, TextFormat,
};
pub use rules::LANGUAGES;
pub use status::{
    ConferenceReportStatus, ConfigMapVersion, EventStatus, OrganizationStatus, ProjectStatus, SourceStatus, ThemeStatus,
};

/// The API group of all resources.
pub const GROUP: &str = "confreports.dev";
/// The API version of all resources.
pub const VERSION: &str = "v1alpha1";
/// Name under which the operator owns fields by server-side apply.
pub const FIELD_MANAGER: &str = "conference-report-operator";
/// Annotation that asks for a reconciliation now; its value comes back in `status.lastHandledReconcileAt`.
/// The same key that Flux uses, so that `flux`-style tools work.
pub const REQUESTED_AT_ANNOTATION: &str = "reconcile.fluxcd.io/requestedAt";

/// Whether a field is at its default and can be left out of what is written.
fn is_false(value: &bool) -> bool {
    !*value
}
