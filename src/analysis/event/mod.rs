//! Which event a report is about. Dates, series and places are read with their positions ([`grammar`], [`mentions`], [`tense`]), weighed against each
//! other and the table of editions ([`choose`], [`editions`]), and put together as stated or inferred ([`infer`]). Pure: no I/O, no clock.

mod choose;
mod cues;
mod editions;
mod grammar;
mod hints;
mod infer;
mod mentions;
mod names;
mod published;
mod settle;
mod tags;
mod tense;
#[cfg(test)]
mod tests;
mod vocabulary;

use super::sentences::Sentence;
use super::words::Words;
use super::{Document, Event, EventHints, Lexicon};
use crate::catalog::Catalog;
pub(super) use vocabulary::Vocabulary;

/// The event that a document is about; each hint overrides what the text says. `None` where the text is about none and nothing is hinted.
///
/// The language of the document does not matter: reports quote dates and names in other languages than their own, so the words of all are read.
pub fn find(
    document: &Document,
    sentences: &[Sentence],
    words: &Words<'_>,
    catalog: &Catalog,
    lexicon: &Lexicon,
    hints: &EventHints,
) -> Option<Event> {
    let vocabulary = &lexicon.event;
    let mentions = mentions::find(document, sentences, words, catalog, vocabulary);
    let published = document.published.or_else(|| published::of_text(document, &mentions, vocabulary));
    let found = match choose::series(&mentions, catalog) {
        Some(series) => infer::of_series(series, &mentions, catalog, published),
        None => infer::of_city(&mentions, catalog, published),
    };
    hints::apply(found, hints, catalog)
}
