//! Which event a report is about. Dates, series and places are read with their positions ([`grammar`], [`mentions`], [`tense`]), weighed against each
//! other and the table of editions ([`choose`], [`editions`]), and put together as stated or inferred ([`infer`]). Pure: no I/O, no clock.

mod choose;
mod cues;
mod editions;
mod grammar;
mod infer;
mod lexicon;
mod mentions;
mod names;
mod published;
mod settle;
mod tags;
mod tense;
#[cfg(test)]
mod tests;

use super::language::Language;
use super::sentences::Sentence;
use super::words::Words;
use super::{Document, Event, EventHints};
use crate::catalog::Catalog;

/// The event that a document is about; each hint overrides what the text says. `None` where the text is about none and nothing is hinted.
///
/// The language does not matter: reports quote dates and names in other languages than their own, so the words of all are read.
pub fn find(
    document: &Document,
    sentences: &[Sentence],
    _language: Language,
    catalog: &Catalog,
    hints: &EventHints,
) -> Option<Event> {
    let words = Words::of_document(document);
    let lexicon = lexicon::Lexicon::new(catalog);
    let mentions = mentions::find(document, sentences, &words, catalog, &lexicon);
    let published = document.published.or_else(|| published::of_text(document, &mentions, &lexicon));
    let found = match choose::series(&mentions, catalog) {
        Some(series) => infer::of_series(series, &mentions, catalog, published),
        None => infer::of_city(&mentions, catalog, published),
    };
    with_hints(found, hints)
}

/// Overrides what was found with what is known beforehand.
fn with_hints(found: Option<Event>, hints: &EventHints) -> Option<Event> {
    if *hints == EventHints::default() {
        return found;
    }
    let mut event = found.unwrap_or_default();
    let mut known = Vec::new();
    let fields = [
        ("name", &hints.name, &mut event.name),
        ("edition", &hints.edition, &mut event.edition),
        ("location", &hints.location, &mut event.location),
        ("startDate", &hints.start_date, &mut event.start_date),
        ("endDate", &hints.end_date, &mut event.end_date),
    ];
    for (name, hint, field) in fields {
        if let Some(value) = hint {
            *field = Some(value.clone());
            known.push(name);
        }
    }
    if let Some(year) = hints.year {
        event.year = Some(year);
        known.push("year");
    }
    event.inferred.retain(|field| !known.contains(field));
    Some(event)
}
