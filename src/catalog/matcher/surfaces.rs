//! Finds spellings of event series and of places. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::grouped::Grouped;
use super::spellings::{Spellings, is_edge};
use crate::catalog::fold::Folded;
use crate::catalog::surfaces::{Variant, variants};
use crate::catalog::{Matching, Surface};

/// An occurrence of a spelling of a series or a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceHit<T> {
    /// What is named.
    pub target: T,
    /// How careful to be with the spelling.
    pub matching: Matching,
    /// Where it is.
    pub span: Range<usize>,
}

/// What a spelling means.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Target<T> {
    target: T,
    matching: Matching,
    /// The spelling as the catalog writes it.
    written: Box<str>,
    /// Whether the spelling was taken apart.
    split: bool,
}

/// Finds spellings of things of one sort, such as event series.
#[derive(Debug, Serialize, Deserialize)]
pub struct SurfaceMatcher<T> {
    spellings: Spellings,
    /// The longest word of each spelling.
    heads: Spellings,
    targets: Grouped<Target<T>>,
    capital: bool,
}

impl<T> Default for SurfaceMatcher<T> {
    fn default() -> Self {
        let (spellings, heads) = (Spellings::default(), Spellings::default());
        Self { spellings, heads, targets: Grouped::default(), capital: false }
    }
}

impl<T: Copy + Ord> SurfaceMatcher<T> {
    /// Compiles spellings. With `capital`, a name that the catalog writes with a capital must have one in the text too. Spellings of at most four
    /// capital letters, and those that are not plain, are found in their own case only.
    pub(in crate::catalog) fn new<'a>(entries: impl Iterator<Item = (T, &'a [Surface])>, capital: bool) -> Self {
        let mut patterns: BTreeMap<String, Vec<Target<T>>> = BTreeMap::new();
        for (target, surfaces) in entries {
            for surface in surfaces {
                for (text, matching, variant) in variants(surface) {
                    // names of places are not joined or taken apart: "Den Haag", but no "DenHaag"
                    let written = variant == Variant::Written;
                    if written || (!capital && matches!(variant, Variant::Joined | Variant::Split)) {
                        let split = variant == Variant::Split;
                        let written = surface.text.as_str().into();
                        patterns.entry(text).or_default().push(Target { target, matching, written, split });
                    }
                }
            }
        }
        let longest = |text: &'_ str| -> Option<String> {
            let words = text.split(|c: char| !c.is_alphanumeric());
            words.max_by_key(|word| word.len()).filter(|word| !word.is_empty()).map(str::to_owned)
        };
        let heads: BTreeSet<String> = patterns.keys().filter_map(|text| longest(text)).collect();
        let spellings = Spellings::new(patterns.keys());
        Self { spellings, heads: Spellings::new(heads), targets: patterns.into_values().collect(), capital }
    }

    /// Whether a text with this word (in lower case) may hold a spelling: false for nearly all words, so that most of a text need not be searched.
    pub fn may_hold(&self, word: &str) -> bool {
        self.heads.position(word).is_some()
    }

    /// The spellings in `span` of `text` as whole words (a possessive or a hyphen may follow), in text order, the longest of overlapping ones.
    /// A spelling of several things gives a hit for each.
    pub fn find(&self, text: &str, span: Range<usize>) -> Vec<SurfaceHit<T>> {
        self.find_in(text, &Folded::new(text, span))
    }

    /// As [`SurfaceMatcher::find`], in a part of `text` that is folded already.
    pub fn find_in(&self, text: &str, folded: &Folded) -> Vec<SurfaceHit<T>> {
        let mut hits = Vec::new();
        for (start, rest) in folded.starts() {
            for (number, length) in self.spellings.at(rest) {
                if !is_edge(&folded.text, start + length) {
                    continue;
                }
                let Some(span) = folded.original(start..start + length) else { continue };
                let Some(found) = text.get(span.clone()) else { continue };
                for Target { target, matching, written, split } in self.targets.get(number) {
                    if self.accepts(found, written, *matching) && (!split || has_capitals(found)) {
                        hits.push(SurfaceHit { target: *target, matching: *matching, span: span.clone() });
                    }
                }
            }
        }
        hits.sort_by_key(|hit| (hit.span.start, usize::MAX - hit.span.end, hit.target));
        let mut last: Option<Range<usize>> = None;
        hits.retain(|hit| {
            let keep = last.as_ref().is_none_or(|last| hit.span == *last || hit.span.start >= last.end);
            if keep {
                last = Some(hit.span.clone());
            }
            keep
        });
        hits
    }

    fn accepts(&self, found: &str, written: &str, matching: Matching) -> bool {
        let upper = |text: &str| text.chars().next().is_some_and(char::is_uppercase);
        let acronym = written.chars().count() <= 4 && !written.chars().any(char::is_lowercase);
        if acronym || matching != Matching::Plain {
            return found == written;
        }
        !(self.capital && upper(written) && !upper(found))
    }
}

/// Whether each word begins with a capital.
fn has_capitals(text: &str) -> bool {
    text.split([' ', '-']).all(|word| word.starts_with(char::is_uppercase))
}

/// What a name of a place means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PlaceRef {
    /// Index into [`crate::catalog::Places::cities`].
    City(usize),
    /// Index into [`crate::catalog::Places::countries`].
    Country(usize),
    /// Index into [`crate::catalog::Places::regions`].
    Region(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, City, Places, Series};

    fn surface(text: &str, matching: Matching) -> Surface {
        Surface { text: text.to_owned(), matching }
    }

    #[test]
    fn series_and_places_are_found_in_their_own_case_where_that_matters() {
        let catalog = Catalog {
            series: vec![Series {
                name: "KubeCon".into(),
                surfaces: vec![surface("KubeCon", Matching::Plain), surface("KubeCon EU", Matching::Plain)],
                ..Series::default()
            }]
            .into(),
            places: Places {
                cities: vec![
                    City {
                        name: "Essen".into(),
                        surfaces: vec![surface("Essen", Matching::NeedsCue)],
                        ..City::default()
                    },
                    City {
                        name: "Nantes".into(),
                        surfaces: vec![surface("Nantes", Matching::Plain)],
                        ..City::default()
                    },
                ],
                ..Places::default()
            }
            .into(),
            ..Catalog::default()
        }
        .compiled();
        let series = |text: &str| {
            catalog
                .series_names
                .find(text, 0..text.len())
                .into_iter()
                .map(|hit| text[hit.span].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(series("kubecon eu, KubeCon's, kubecons"), ["kubecon eu", "KubeCon"]);
        let places = |text: &str| {
            catalog.place_names.find(text, 0..text.len()).into_iter().map(|hit| hit.target).collect::<Vec<_>>()
        };
        assert_eq!(
            places("essen in Essen, nantes, Nantes, NANTES"),
            [PlaceRef::City(0), PlaceRef::City(1), PlaceRef::City(1)]
        );
    }
}
