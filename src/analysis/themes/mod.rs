//! What a report is about: the terms of each theme, weighed by where and how often they stand, with the projects that speak for it.
//!
//! A theme counts where a reader would say that the report is about it: it has a heading, or several sentences speak of it. A list of tools
//! says little: what projects add is limited by what the terms say ([`tally`]). Integers throughout. Pure: no I/O, no clock.

mod evidence;
mod tally;
#[cfg(test)]
mod tests;

use super::language::Language;
use super::names::Names;
use super::sentences::Sentence;
use super::{Document, ThemeHit};
use crate::catalog::{Catalog, ThemeTerms};

/// Most themes that are told of a report.
const MOST: usize = 12;
/// A theme this many times weaker than the strongest is not one that the report is about.
const WEAKER: u32 = 9;

/// The themes of a document, strongest first, then by name. The score is the theme's share of all that the document says about themes, in
/// per cent, at least 1.
pub fn score(
    document: &Document,
    sentences: &[Sentence],
    language: Language,
    names: &Names,
    catalog: &Catalog,
) -> Vec<ThemeHit> {
    score_terms(document, sentences, &catalog.theme_terms.read(&document.text, language.code()), names, catalog)
}

/// As [`score`], with the terms of the document, where others need them too.
pub(super) fn score_terms(
    document: &Document,
    sentences: &[Sentence],
    terms: &ThemeTerms<'_>,
    names: &Names,
    catalog: &Catalog,
) -> Vec<ThemeHit> {
    let tallies = tally::count(document, sentences, terms, names, catalog);
    let words: usize =
        sentences.iter().filter_map(|sentence| document.text.get(sentence.span.clone())).map(count_words).sum();
    let points: Vec<u32> = tallies.iter().map(|tally| tally.points(words)).collect();
    let total: u32 = points.iter().sum();
    let strongest = points.iter().copied().max().unwrap_or(0);
    let mut themes: Vec<ThemeHit> = tallies
        .iter()
        .zip(&points)
        .zip(&catalog.themes)
        .filter(|((tally, points), _)| tally.is_salient(words, strongest) && **points * WEAKER >= strongest)
        .map(|((tally, points), theme)| ThemeHit {
            name: theme.name.clone(),
            title: theme.title.clone(),
            score: (points * 100 / total.max(1)).clamp(1, 100),
            mentions: tally.mentions,
            evidence: evidence::choose(document, sentences, &tally.by_sentence),
        })
        .filter(|theme| !theme.evidence.is_empty())
        .collect();
    themes.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
    themes.truncate(MOST);
    themes
}

fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}
