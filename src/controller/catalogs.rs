//! Analysers for the catalogs that reports refer to: compiled when first needed, shared by all reports with the same catalogs, and kept
//! as long as they are among the last used and do not take too much memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::analysis::Analyzer;
use crate::api::{ReportCatalog, ReportCatalogSpec};
use crate::catalog::Catalog;
use crate::catalog::conflicts::Conflict;
use crate::catalog::size::{Size, TooMuch};
use crate::source::FetchError;

use super::analyse::{WorkError, Workers};
use super::recent::Recent;

/// Compiled catalogs that are kept.
const KEPT: usize = 16;
/// What those may hold together, as a share of what the catalogs of one report may: as much, so that the memory for all is that of the largest.
const KEPT_SHARE: usize = 1000;
/// Combinations of catalogs that something is known about beside.
const KNOWN: usize = 1024;

/// UID and generation of each catalog, in the order of the spec.
type Key = Vec<(String, i64)>;

/// An analyser that one run makes and others wait for; or why it could not be made.
type Cell = Arc<OnceCell<Result<Analyzer, FetchError>>>;

/// What catalogs hold, and the revision of the built-in catalog with them on top; or that they hold too much.
type Revision = Result<(Size, String), TooMuch>;

/// What is remembered about combinations of catalogs.
#[derive(Default)]
struct Memory {
    revisions: Recent<Key, Option<Revision>>,
    analyzers: Recent<Key, (usize, Cell)>,
    /// How often in a row compiling took too long.
    timeouts: Recent<Key, u32>,
}

/// The analysers.
pub struct Analyzers {
    builtin: Analyzer,
    workers: Workers,
    memory: Mutex<Memory>,
}

impl Analyzers {
    /// With the built-in catalog, which is compiled now.
    pub fn new(workers: Workers) -> Self {
        Self { builtin: Analyzer::new(Catalog::builtin()), workers, memory: Mutex::default() }
    }

    /// The revision of the built-in catalog with these on top of it, in their order. Nothing is compiled for that.
    ///
    /// # Errors
    /// When they hold too much.
    pub fn revision(&self, overlays: &[Arc<ReportCatalog>]) -> Result<String, FetchError> {
        self.measured(overlays).map(|(_, revision)| revision).map_err(too_much)
    }

    /// The analyser with these catalogs on top of the built-in one, later ones winning over earlier ones.
    ///
    /// # Errors
    /// When they hold too much, or cannot be compiled in time.
    pub async fn with(&self, overlays: &[Arc<ReportCatalog>]) -> Result<Analyzer, FetchError> {
        if overlays.is_empty() {
            return Ok(self.builtin.clone());
        }
        let (size, _) = self.measured(overlays).map_err(too_much)?;
        let key = key(overlays);
        let cell = {
            let mut memory = self.memory();
            let cell = Arc::clone(&memory.analyzers.get(&key, || (size.share(), Cell::default())).1);
            memory.analyzers.shrink(KEPT, KEPT_SHARE, |(share, _)| *share);
            cell
        };
        let made = cell.get_or_init(|| self.compile(overlays)).await.clone();
        if made.is_err() {
            // Those who waited for it have the answer too; who comes later tries anew.
            self.memory().analyzers.forget(&key, |(_, known)| Arc::ptr_eq(known, &cell));
        }
        made
    }

    async fn compile(&self, overlays: &[Arc<ReportCatalog>]) -> Result<Analyzer, FetchError> {
        let (base, parts) = (self.builtin.clone(), overlays.to_vec());
        let work = move || {
            let compiled = base.catalog().with_overlays(&named(&parts));
            compiled.map(|(catalog, _)| base.with(Arc::new(catalog)))
        };
        match self.workers.compile(work).await {
            Ok(compiled) => compiled.map_err(too_much),
            Err(error) => Err(failed(error, overlays.last().map_or("", name))),
        }
    }

    /// What clashes in a catalog on top of the built-in one.
    ///
    /// # Errors
    /// When it holds too much or cannot be compiled in time; with the number of times in a row that it took too long.
    pub async fn conflicts(&self, catalog: &Arc<ReportCatalog>) -> Result<Vec<Conflict>, (FetchError, u32)> {
        let only = std::slice::from_ref(catalog);
        self.measured(only).map_err(|error| (too_much(error), 0))?;
        let (builtin, copy) = (Arc::clone(self.builtin.catalog()), Arc::clone(catalog));
        let work = move || builtin.with_overlays(&[(name(&copy), &copy.spec)]).map(|(_, conflicts)| conflicts);
        let compiled = self.workers.compile(work).await;
        let mut memory = self.memory();
        let timeouts = memory.timeouts.get(&key(only), || 0);
        match &compiled {
            Err(WorkError::TooLong(_)) => *timeouts = timeouts.saturating_add(1),
            Err(WorkError::NoPlace(_)) => {}
            Ok(_) | Err(WorkError::Failed) => *timeouts = 0,
        }
        let timeouts = *timeouts;
        memory.timeouts.shrink(KNOWN, usize::MAX, |_| 0);
        match compiled {
            Ok(conflicts) => conflicts.map_err(|error| (too_much(error), timeouts)),
            Err(error) => Err((failed(error, name(catalog)), timeouts)),
        }
    }

    /// Counting and digesting some megabytes takes milliseconds, but many reports may refer to the same catalogs.
    fn measured(&self, overlays: &[Arc<ReportCatalog>]) -> Revision {
        let key = key(overlays);
        let known = self.memory().revisions.get(&key, || None).clone();
        known.unwrap_or_else(|| {
            let parts = named(overlays);
            let revision =
                Size::of_all(&parts).and_then(|size| Ok((size, self.builtin.catalog().revision_with(&parts)?)));
            let mut memory = self.memory();
            *memory.revisions.get(&key, || None) = Some(revision.clone());
            memory.revisions.shrink(KNOWN, usize::MAX, |_| 0);
            revision
        })
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The places for work that takes a processor.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }
}

fn key(overlays: &[Arc<ReportCatalog>]) -> Key {
    let version = |part: &Arc<ReportCatalog>| {
        (part.metadata.uid.clone().unwrap_or_default(), part.metadata.generation.unwrap_or_default())
    };
    overlays.iter().map(version).collect()
}

fn name(catalog: &Arc<ReportCatalog>) -> &str {
    catalog.metadata.name.as_deref().unwrap_or_default()
}

fn named(overlays: &[Arc<ReportCatalog>]) -> Vec<(&str, &ReportCatalogSpec)> {
    overlays.iter().map(|part| (name(part), &part.spec)).collect()
}

fn too_much(error: TooMuch) -> FetchError {
    FetchError::CatalogInvalid { problem: error.to_string(), name: error.catalog }
}

/// What it means that a catalog could not be compiled.
fn failed(error: WorkError, name: &str) -> FetchError {
    let what = || format!("compiling ReportCatalog {name:?}");
    match error {
        WorkError::TooLong(limit) => FetchError::AnalysisTimedOut { what: what(), limit },
        WorkError::NoPlace(limit) => FetchError::Busy { what: what(), limit },
        WorkError::Failed => FetchError::CatalogInvalid { name: name.to_owned(), problem: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::CatalogProject;
    use crate::catalog::size::MAX_VALUES;

    fn catalog(name: &str, projects: usize) -> Arc<ReportCatalog> {
        let project = |number| CatalogProject { name: format!("{name}{number}"), ..CatalogProject::default() };
        let spec = ReportCatalogSpec { projects: (0..projects).map(project).collect(), ..ReportCatalogSpec::default() };
        let mut catalog = ReportCatalog::new(name, spec);
        catalog.metadata.uid = Some(name.to_owned());
        catalog.metadata.generation = Some(1);
        Arc::new(catalog)
    }

    #[tokio::test]
    async fn the_revision_is_known_before_anything_is_compiled_and_is_that_of_what_is_compiled() {
        let analyzers = Analyzers::new(Workers::new(1, Duration::from_secs(60)));
        let both = [catalog("a", 1), catalog("b", 1)];
        for overlays in [&both[..0], &both[..1], &both] {
            let revision = analyzers.revision(overlays).unwrap();
            assert_eq!(analyzers.with(overlays).await.unwrap().catalog().revision, revision);
        }
        let swapped = [Arc::clone(&both[1]), Arc::clone(&both[0])];
        assert_ne!(analyzers.revision(&both), analyzers.revision(&swapped));
    }

    #[tokio::test]
    async fn catalogs_that_hold_too_much_together_are_refused_without_being_compiled() {
        let analyzers = Analyzers::new(Workers::new(1, Duration::from_secs(60)));
        let both = [catalog("a", MAX_VALUES), catalog("b", 1)];
        assert!(analyzers.conflicts(&both[0]).await.is_ok(), "each alone can be used");
        let refused = analyzers.with(&both).await.err();
        assert_eq!(refused, analyzers.revision(&both).err());
        assert!(matches!(refused, Some(FetchError::CatalogInvalid { name, .. }) if name == "b"));
        assert!(analyzers.conflicts(&catalog("c", MAX_VALUES + 1)).await.is_err());
    }

    #[tokio::test]
    async fn time_outs_are_counted_for_a_catalog_and_waiting_for_a_place_is_none() {
        let analyzers = Analyzers::new(Workers::new(1, Duration::ZERO));
        let slow = catalog("slow", 2000);
        let mut seen = Vec::new();
        while seen.last() != Some(&("AnalysisTimedOut", 3)) {
            let (error, timeouts) = analyzers.conflicts(&slow).await.unwrap_err();
            let now = (error.reason().as_str(), timeouts);
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let busy = |count| ("OperatorBusy", count);
        let slow = |count| ("AnalysisTimedOut", count);
        assert_eq!(seen, [slow(1), busy(1), slow(2), busy(2), slow(3)]);
    }
}
