//! Analysers for the catalogs that reports refer to: compiled when first needed, shared by all reports with the same catalogs, and kept
//! as long as they are among the last used.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::analysis::Analyzer;
use crate::api::{ReportCatalog, ReportCatalogSpec};
use crate::catalog::Catalog;
use crate::runtime::queue::Urgency;
use crate::source::FetchError;

use super::analyse::{WorkError, Workers};

/// Compiled catalogs that are kept. Each may take some megabytes.
const KEPT: usize = 16;

/// What it means that a catalog could not be compiled.
pub fn failed(error: WorkError, name: String) -> FetchError {
    match error {
        WorkError::TooLong(limit) => {
            FetchError::AnalysisTimedOut { what: format!("compiling ReportCatalog {name:?}"), limit }
        }
        WorkError::Failed => FetchError::CatalogInvalid { name, problem: error.to_string() },
    }
}

/// UID and generation of each catalog, in the order of the spec.
type Key = Vec<(String, i64)>;

#[derive(Default)]
struct Cache {
    /// Grows with every use, so that the entry with the smallest number is the one that was not used for longest.
    clock: u64,
    entries: BTreeMap<Key, (u64, Arc<OnceCell<Analyzer>>)>,
}

/// The analysers.
pub struct Analyzers {
    builtin: Analyzer,
    workers: Workers,
    cache: Mutex<Cache>,
}

impl Analyzers {
    /// With the built-in catalog, which is compiled now.
    pub fn new(workers: Workers) -> Self {
        Self { builtin: Analyzer::new(Catalog::builtin()), workers, cache: Mutex::default() }
    }

    /// The analyser with these catalogs on top of the built-in one, later ones winning over earlier ones.
    ///
    /// # Errors
    /// When a catalog cannot be compiled in time.
    pub async fn with(&self, overlays: &[Arc<ReportCatalog>]) -> Result<Analyzer, FetchError> {
        if overlays.is_empty() {
            return Ok(self.builtin.clone());
        }
        let cell = self.cell(overlays);
        let analyzer = cell.get_or_try_init(|| async {
            let (base, parts) = (self.builtin.clone(), overlays.to_vec());
            let work = move || {
                let named: Vec<(&str, &ReportCatalogSpec)> =
                    parts.iter().map(|part| (part.metadata.name.as_deref().unwrap_or_default(), &part.spec)).collect();
                base.with(Arc::new(base.catalog().with_overlays(&named).0))
            };
            let name = overlays.last().and_then(|last| last.metadata.name.clone()).unwrap_or_default();
            // All who use it wait for it, whoever comes first.
            self.workers.run(Urgency::Change, work).await.map_err(|error| failed(error, name))
        });
        analyzer.await.cloned()
    }

    /// The place for the analyser; whoever comes first fills it, the others wait for that.
    fn cell(&self, overlays: &[Arc<ReportCatalog>]) -> Arc<OnceCell<Analyzer>> {
        let key: Key = overlays
            .iter()
            .map(|part| (part.metadata.uid.clone().unwrap_or_default(), part.metadata.generation.unwrap_or_default()))
            .collect();
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.clock += 1;
        let now = cache.clock;
        let entry = cache.entries.entry(key).or_default();
        entry.0 = now;
        let cell = Arc::clone(&entry.1);
        if cache.entries.len() > KEPT {
            let oldest = cache.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|key| cache.entries.remove(&key));
        }
        cell
    }

    /// The catalog that is compiled into the program.
    pub fn builtin(&self) -> &Arc<Catalog> {
        self.builtin.catalog()
    }

    /// The places for work that takes a processor.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }
}
