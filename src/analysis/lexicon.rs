//! What the rules look for in the languages of a catalog, compiled once instead of for each text. Pure.

use std::collections::BTreeMap;

use super::document::furniture::phrases::Phrases;
use super::language::Stopwords;
use super::sentences::Endings;
use super::{event, summary};
use crate::catalog::LanguageData;

/// The words and phrases of all languages as each stage looks for them. Texts share it; it takes some hundred kilobytes.
#[derive(Debug)]
pub struct Lexicon {
    pub(super) furniture: Phrases,
    pub(super) stopwords: Stopwords,
    pub(super) endings: Endings,
    pub(super) event: event::Vocabulary,
    pub(super) summary: summary::Vocabulary,
}

impl Lexicon {
    /// Compiles the words of the languages, which are given by their ISO 639-1 codes.
    pub fn new(languages: &BTreeMap<String, LanguageData>) -> Self {
        Self {
            furniture: Phrases::new(languages),
            stopwords: Stopwords::new(languages),
            endings: Endings::new(languages),
            event: event::Vocabulary::new(languages),
            summary: summary::Vocabulary::new(languages),
        }
    }
}
