//! What a report's status said when it was last seen: the small parts that decide what is to be done. Pure data.
//!
//! The watch keeps only these in memory. Whoever needs the whole status, to write it back with other conditions, reads it anew.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::conditions::{OWN_TYPES, READY, RECONCILING, STALLED, find, is_true};
use crate::api::{ConferenceReportStatus, SourceStatus};

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
