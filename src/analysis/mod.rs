//! Text in, analysis out. No Kubernetes, no I/O, no clock, no randomness: the same text, catalog and hints give the same bytes.
//!
//! ```text
//! text --document::parse--> Document {blocks} --language--> Language --sentences--> [Sentence]
//!      --names--> Names {projects, organisations} --event--> Event --themes--> [ThemeHit] --summary--> String
//! ```

pub mod document;
pub mod event;
pub mod language;
mod lexicon;
pub mod names;
mod phrases;
mod result;
pub mod sentences;
pub mod summary;
pub mod themes;
pub mod words;

use std::sync::Arc;

use crate::catalog::Catalog;
pub use document::{Block, BlockKind, Document, DocumentError, Format};
pub use lexicon::Lexicon;
pub use result::{Analysis, Event, EventHints, Hints, OrganizationHit, ProjectHit, ThemeHit};

/// Version of the rules: changes whenever the same text and catalog may give another result.
pub const ANALYZER_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Analyses documents with one catalog. Cheap to clone and to share between threads.
#[derive(Clone)]
pub struct Analyzer {
    catalog: Arc<Catalog>,
    lexicon: Arc<Lexicon>,
}

impl Analyzer {
    /// An analyser that knows what is in the catalog.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let lexicon = Arc::new(Lexicon::new(&catalog.languages));
        Self { catalog, lexicon }
    }

    /// An analyser that knows what is in another catalog, and shares with this one what both know: the words of the languages, where
    /// the one catalog stands on top of the other.
    #[must_use]
    pub fn with(&self, catalog: Arc<Catalog>) -> Self {
        if catalog.languages.is(&self.catalog.languages) {
            Self { catalog, lexicon: Arc::clone(&self.lexicon) }
        } else {
            Self::new(catalog)
        }
    }

    /// The catalog that this analyser uses.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The words of the languages as this analyser uses them.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Reads a text as a document.
    ///
    /// # Errors
    /// As [`document::parse`].
    pub fn read(&self, text: &str, format: Format) -> Result<Document, DocumentError> {
        document::parse(text, format, &self.lexicon)
    }

    /// Says what a document is about.
    pub fn analyze(&self, document: &Document, hints: &Hints) -> Analysis {
        let catalog = self.catalog.as_ref();
        let (language, sentences) = self.prepare(document, hints);
        let names = names::find(document, &sentences, language, catalog);
        let words = words::Words::of_document(document);
        let event = event::find(document, &sentences, &words, catalog, &self.lexicon, &hints.event);
        let terms = catalog.theme_terms.read(&document.text, language.code());
        let themes = themes::score_terms(document, &sentences, &terms, &names, catalog);
        let event_found = event.as_ref();
        let knowledge =
            summary::Knowledge { language, names: &names, terms: &terms, themes: &themes, event: event_found, catalog };
        let summary =
            summary::extract(document, &sentences, &words, &knowledge, &self.lexicon, hints.summary_max_words);
        result::assemble(document, &sentences, language, names, event, themes, summary, catalog)
    }

    /// Every spelling that might have been a name, with what was decided about it and why: the decisions that [`Analyzer::analyze`] makes.
    pub fn explain(&self, document: &Document, hints: &Hints) -> Vec<names::Candidate> {
        let (language, sentences) = self.prepare(document, hints);
        names::explain(document, &sentences, language, &self.catalog)
    }

    fn prepare(&self, document: &Document, hints: &Hints) -> (language::Language, Vec<sentences::Sentence>) {
        let language = match &hints.language {
            Some(code) => language::Language::from_code(code),
            None => language::detect(document, &self.lexicon),
        };
        (language, sentences::split(document, language, &self.lexicon))
    }
}
