//! Which reports refer to which ConfigMap, Secret or catalog, so that a change of one wakes the others. Holds names only; no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::api::ConferenceReportSpec;

/// Something in the report's namespace that a report refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// A ConfigMap, by name.
    ConfigMap(String),
    /// A Secret, by name.
    Secret(String),
    /// A ReportCatalog, by name.
    Catalog(String),
}

impl Reference {
    /// Everything that a spec refers to.
    pub fn of(spec: &ConferenceReportSpec) -> BTreeSet<Reference> {
        let mut found = BTreeSet::new();
        if let Some(map) = &spec.source.config_map_ref {
            found.insert(Self::ConfigMap(map.name.clone()));
        }
        if let Some(http) = &spec.source.http {
            found.extend(
                [&http.secret_ref, &http.cert_secret_ref].into_iter().flatten().map(|to| Self::Secret(to.name.clone())),
            );
        }
        found.extend(spec.catalog_refs.iter().map(|to| Self::Catalog(to.name.clone())));
        found
    }
}

/// A report: namespace and name.
pub type ReportKey = (String, String);

#[derive(Debug, Default)]
struct Tables {
    by_report: BTreeMap<ReportKey, BTreeSet<Reference>>,
    by_reference: BTreeMap<(String, Reference), BTreeSet<String>>,
}

/// The index, to be shared between the watches.
#[derive(Debug, Default)]
pub struct References(Mutex<Tables>);

impl References {
    /// Notes what a report refers to now, in place of what it referred to before.
    pub fn set(&self, report: &ReportKey, references: BTreeSet<Reference>) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.by_report.get(report) == Some(&references) {
            return;
        }
        tables.forget(report);
        let (namespace, name) = report;
        for reference in &references {
            tables.by_reference.entry((namespace.clone(), reference.clone())).or_default().insert(name.clone());
        }
        if !references.is_empty() {
            tables.by_report.insert(report.clone(), references);
        }
    }

    /// Forgets a report.
    pub fn remove(&self, report: &ReportKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).forget(report);
    }

    /// The names of the reports in a namespace that refer to something, sorted.
    pub fn dependents(&self, namespace: &str, reference: Reference) -> Vec<String> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let names = tables.by_reference.get(&(namespace.to_owned(), reference));
        names.map(|names| names.iter().cloned().collect()).unwrap_or_default()
    }
}

impl Tables {
    fn forget(&mut self, report: &ReportKey) {
        let (namespace, name) = report;
        for reference in self.by_report.remove(report).unwrap_or_default() {
            let key = (namespace.clone(), reference);
            if let Some(names) = self.by_reference.get_mut(&key) {
                names.remove(name);
                if names.is_empty() {
                    self.by_reference.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ConfigMapSource, HttpSource, LocalReference, Source};
    use proptest::prelude::*;

    fn key(namespace: &str, name: &str) -> ReportKey {
        (namespace.to_owned(), name.to_owned())
    }

    #[test]
    fn a_spec_refers_to_its_config_map_secrets_and_catalogs() {
        let to = |name: &str| LocalReference { name: name.to_owned() };
        let spec = ConferenceReportSpec {
            source: Source {
                config_map_ref: Some(ConfigMapSource { name: "m".into(), key: None }),
                http: Some(HttpSource {
                    secret_ref: Some(to("s")),
                    cert_secret_ref: Some(to("c")),
                    ..HttpSource::default()
                }),
                inline: None,
            },
            catalog_refs: vec![to("k"), to("k")],
            ..ConferenceReportSpec::default()
        };
        let found: Vec<Reference> = Reference::of(&spec).into_iter().collect();
        assert_eq!(
            found,
            [
                Reference::ConfigMap("m".into()),
                Reference::Secret("c".into()),
                Reference::Secret("s".into()),
                Reference::Catalog("k".into())
            ]
        );
    }

    #[test]
    fn dependents_stay_within_their_namespace_and_follow_a_changed_spec() {
        let index = References::default();
        let map = |name: &str| Reference::ConfigMap(name.to_owned());
        index.set(&key("a", "two"), BTreeSet::from([map("x")]));
        index.set(&key("a", "one"), BTreeSet::from([map("x")]));
        index.set(&key("b", "one"), BTreeSet::from([map("x")]));
        assert_eq!(index.dependents("a", map("x")), ["one", "two"]);
        index.set(&key("a", "two"), BTreeSet::from([map("y")]));
        assert_eq!(index.dependents("a", map("x")), ["one"]);
        assert_eq!(index.dependents("a", map("y")), ["two"]);
        assert!(index.dependents("a", Reference::Secret("x".into())).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_stays_behind_when_all_reports_are_gone(
            steps in proptest::collection::vec((0u8..6, proptest::collection::btree_set(0u8..5, 0..4)), 0..60)
        ) {
            let index = References::default();
            for (report, maps) in steps {
                let references = maps.iter().map(|n| Reference::ConfigMap(n.to_string())).collect();
                index.set(&key("ns", &report.to_string()), references);
            }
            for report in 0u8..6 {
                index.remove(&key("ns", &report.to_string()));
            }
            let tables = index.0.lock().unwrap();
            prop_assert!(tables.by_report.is_empty() && tables.by_reference.is_empty());
        }
    }
}
