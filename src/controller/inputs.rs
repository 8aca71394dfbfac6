//! What a run depends on, as far as it can be known without reading the text. Pure data.

use crate::api::ConfigMapVersion;

/// What a watch knows about the ConfigMap of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapState {
    /// The report has another kind of source.
    NotUsed,
    /// The watch has not listed the ConfigMaps yet.
    Unknown,
    /// There is none of that name.
    Missing,
    /// The watch is for labelled ones only and does not show it: whether there is one has to be asked.
    Unwatched,
    /// There is one, in this version.
    At(ConfigMapVersion),
}

/// Everything that a run depends on and that can be known without reading the text. A run with the same inputs as the one before is
/// a repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// Generation of the spec.
    pub generation: i64,
    /// Value of the annotation that asks for a run.
    pub requested_at: Option<String>,
    /// The ConfigMap that holds the text.
    pub config_map: MapState,
    /// Revision of the catalog to use; none while it cannot be had.
    pub catalog_revision: Option<String>,
    /// What is wrong with the catalogs that the spec refers to, in words: another fault is another input. None where they were not even
    /// read.
    pub catalog_fault: Option<String>,
}

/// Whether a resource version is newer than another, or may be. They are compared as numbers, which Kubernetes promises for its
/// resources since 1.35 and has always kept; anything that is no number is newer as soon as it differs.
pub fn is_newer(version: &str, than: &str) -> bool {
    match (version.parse::<u128>(), than.parse::<u128>()) {
        (Ok(version), Ok(than)) => version > than,
        _ => version != than,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers_and_anything_else_is_newer_when_it_differs() {
        assert!(is_newer("10", "9") && !is_newer("9", "10") && !is_newer("9", "9"));
        assert!(is_newer("b", "a") && is_newer("a", "b") && !is_newer("a", "a"));
    }
}
