//! The catalog that is compiled into the program. Pure functions over embedded data.

use std::sync::{Arc, LazyLock};

use super::Catalog;
use super::raw::RawCatalog;

/// The catalog that the build script has put together and compiled, so that a start costs little: matchers and all, in postcard's binary form.
static COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalog.bin"));
/// The data files as they were written, for whoever checks them.
static WRITTEN: &str = include_str!(concat!(env!("OUT_DIR"), "/catalog.json"));

impl Catalog {
    /// The catalog that is compiled into the program. What is embedded was written with the types that read it, so reading cannot fail; should it
    /// nevertheless, the catalog is empty and the log says why.
    pub fn builtin() -> Arc<Catalog> {
        static BUILTIN: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
            Arc::new(postcard::from_bytes(COMPILED).unwrap_or_else(|error| {
                tracing::error!(%error, "the built-in catalog is not readable");
                Catalog::default()
            }))
        });
        Arc::clone(&BUILTIN)
    }
}

/// The data files as they were written.
pub(super) fn written() -> Result<RawCatalog, serde_json::Error> {
    serde_json::from_str(WRITTEN)
}

#[cfg(test)]
mod tests {
    use super::super::{Catalog, merge};
    use super::*;

    #[test]
    fn what_is_embedded_is_what_the_data_files_say() {
        let raw = written().unwrap();
        assert!(raw.products.iter().map(|file| file.data.len()).sum::<usize>() > 1000);
        let (catalog, anew) = (Catalog::builtin(), merge::from_raw(&raw).compiled());
        assert!(catalog.revision.starts_with("sha256:"));
        assert!(catalog.projects.len() > 1000 && catalog.organizations.len() > 500);
        assert_eq!((&catalog.projects, &catalog.organizations), (&anew.projects, &anew.organizations));
        assert!(catalog.names.patterns().eq(anew.names.patterns()));
        let text = "The summit in San Francisco, KubeCon in Amsterdam, security of the supply chain, Sicherheitsfragen";
        let all = 0..text.len();
        for language in ["en", "de"] {
            let found = catalog.theme_terms.find(text, all.clone(), language);
            assert!(!found.is_empty() && found == anew.theme_terms.find(text, all.clone(), language));
        }
        assert_eq!(catalog.series_names.find(text, all.clone()), anew.series_names.find(text, all.clone()));
        assert_eq!(catalog.place_names.find(text, all.clone()).len(), 2);
    }

    #[test]
    fn the_matchers_are_small() {
        let catalog = Catalog::builtin();
        assert!(catalog.names.memory().0 + catalog.theme_terms.memory() < 3 << 20);
    }
}
