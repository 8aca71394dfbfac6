//! What a report's status said when it was last seen: the small parts that decide what is to be done. Pure data.
//!
//! The watch keeps only these in memory. Whoever needs the whole status, to write it back with other conditions, reads it anew.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::conditions::{OWN_TYPES, READY, RECONCILING, STALLED, find, is_true};
use crate::api::{ConferenceReport, ConferenceReportStatus, REQUESTED_AT_ANNOTATION, SourceStatus};

/// The small parts of a status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Generation that the status tells about; -1 before the first.
    pub observed_generation: i64,
    /// The request that was answered last.
    pub last_handled: Option<String>,
    /// Conditions of this operator.
    pub conditions: Vec<Condition>,
    /// The text that was analysed.
    pub source: Option<SourceStatus>,
    /// Version of the rules it was analysed with.
    pub analyzer_version: Option<String>,
    /// Catalog it was analysed with.
    pub catalog_revision: Option<String>,
}

impl Known {
    /// Takes them from a status.
    pub fn of(status: Option<&ConferenceReportStatus>) -> Self {
        let Some(status) = status else {
            return Self { observed_generation: -1, ..Self::default() };
        };
        Self {
            observed_generation: status.observed_generation.unwrap_or(-1),
            last_handled: status.last_handled_reconcile_at.clone(),
            conditions: own(&status.conditions),
            source: status.source.clone(),
            analyzer_version: status.analyzer_version.clone(),
            catalog_revision: status.catalog_revision.clone(),
        }
    }

    /// Whether the report is Ready.
    pub fn is_ready(&self) -> bool {
        is_true(&self.conditions, READY)
    }

    /// Whether the report is Stalled.
    pub fn is_stalled(&self) -> bool {
        is_true(&self.conditions, STALLED)
    }

    /// Whether the report was left in the middle of work on a new generation.
    pub fn is_progressing(&self) -> bool {
        find(&self.conditions, READY).is_some_and(|ready| ready.status == "Unknown")
            && is_true(&self.conditions, RECONCILING)
    }

    /// Reason of the Ready condition.
    pub fn reason(&self) -> Option<&str> {
        find(&self.conditions, READY).map(|ready| ready.reason.as_str())
    }
}

/// The conditions that this operator owns; server-side apply leaves the others to their owners.
pub fn own(conditions: &[Condition]) -> Vec<Condition> {
    conditions.iter().filter(|condition| OWN_TYPES.contains(&&*condition.type_)).cloned().collect()
}

/// Drops from a watched report what the reconcilers never look at, so that thousands of them fit into little memory.
pub fn prune(report: &mut ConferenceReport) {
    let metadata = &mut report.metadata;
    metadata.managed_fields = None;
    metadata.labels = None;
    metadata.owner_references = None;
    metadata.finalizers = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.retain(|key, _| key == REQUESTED_AT_ANNOTATION);
    }
    if let Some(status) = &mut report.status {
        *status = ConferenceReportStatus {
            observed_generation: status.observed_generation,
            last_handled_reconcile_at: status.last_handled_reconcile_at.take(),
            conditions: own(&status.conditions),
            source: status.source.take(),
            analyzer_version: status.analyzer_version.take(),
            catalog_revision: status.catalog_revision.take(),
            ..ConferenceReportStatus::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pruning_keeps_all_that_is_known() {
        let mut report = ConferenceReport::default();
        report.metadata.annotations = Some([(REQUESTED_AT_ANNOTATION.to_owned(), "now".to_owned())].into());
        report.status = Some(ConferenceReportStatus {
            observed_generation: Some(4),
            last_handled_reconcile_at: Some("then".into()),
            source: Some(SourceStatus::default()),
            analyzer_version: Some("1".into()),
            catalog_revision: Some("2".into()),
            summary: Some("long".into()),
            ..ConferenceReportStatus::default()
        });
        let before = Known::of(report.status.as_ref());
        prune(&mut report);
        assert_eq!(Known::of(report.status.as_ref()), before);
        assert_eq!(report.status.and_then(|status| status.summary), None);
        assert_eq!(report.metadata.annotations.map(|a| a.len()), Some(1));
    }
}
