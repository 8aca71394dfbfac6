//! How much a sentence tells: the words that the report repeats, names and figures, its place, and whether it names the event.
//! Pure: no I/O, integers throughout.

use std::collections::BTreeMap;

use super::candidates::{Candidate, Rules};
use crate::analysis::language::Language;
use crate::analysis::names::{Found, Names};
use crate::analysis::words::Words;
use crate::analysis::{Document, Event, ThemeHit};
use crate::catalog::{Catalog, PlaceRef, ThemeTerms};

/// Sentences at the beginning among which the one that names the event is looked for.
const LEAD: usize = 12;
/// Candidates that are searched for themes, and the most that themes add.
const SEARCHED: usize = 100;
const THEMES_LIMIT: i64 = 16;
/// What naming the event adds: a summary without it leaves the reader to guess.
const NAMES_EVENT: i64 = 45;

/// What is known about the document.
#[derive(Clone, Copy)]
pub struct Knowledge<'a> {
    /// The language it is in.
    pub language: Language,
    /// The names in it.
    pub names: &'a Names,
    /// The terms of themes in it.
    pub terms: &'a ThemeTerms<'a>,
    /// The themes it is about.
    pub themes: &'a [ThemeHit],
    /// The event that the report is about.
    pub event: Option<&'a Event>,
    /// The catalog that all of it was found with.
    pub catalog: &'a Catalog,
}

/// Fills in the weights.
pub(super) fn weigh(
    candidates: &mut [Candidate<'_>],
    document: &Document,
    words: &Words<'_>,
    rules: &Rules,
    knowledge: &Knowledge<'_>,
) {
    let Knowledge { names, .. } = *knowledge;
    let worth = worth(words, rules);
    let projects = starts(&names.projects);
    let organizations = starts(&names.organizations);
    let last_section = candidates.last().map_or(0, |candidate| candidate.section);
    let mut event_named = false;
    for candidate in candidates.iter_mut() {
        let mut forms: Vec<usize> =
            candidate.words.clone().filter_map(|at| words.list().get(at)).map(|word| word.form).collect();
        forms.sort_unstable();
        forms.dedup();
        candidate.content = forms
            .iter()
            .map(|form| (*form, worth.get(*form).copied().unwrap_or(0)))
            .filter(|(_, worth)| *worth > 0)
            .collect();
        let sum: i64 = candidate.content.iter().map(|(_, worth)| worth).sum();
        // divided by the root of the length: neither long sentences nor short ones win by their length
        let centroid = sum * 10 / root(candidate.words.len().max(8) * 100);

        let mut weight = centroid;
        weight += entities(&projects, candidate, 6).min(16) + entities(&organizations, candidate, 3).min(6);
        // a list of names says less than a statement about one
        let named =
            projects.range(candidate.span.clone()).count() + organizations.range(candidate.span.clone()).count();
        if named >= 4 && 4 * named > candidate.words.len() {
            weight -= 14;
        }
        weight += figures(candidate.text);
        weight += 5 * i64::try_from(candidate.telling.min(3)).unwrap_or(0);
        if candidate.first_in_section {
            weight += 6;
        }
        if candidate.order < 2 {
            weight += 6;
        }
        if last_section > 1 && candidate.section == last_section {
            weight += 4;
        }
        if candidate.order < LEAD && !event_named && names_event(document, candidate, knowledge) {
            event_named = true;
            weight += NAMES_EVENT;
        }
        if candidate.personal {
            weight -= 12;
        }
        if candidate.addressed {
            weight -= 8;
        }
        if candidate.chatter {
            weight -= 16;
        }
        weight -= match candidate.length {
            0..9 => 8,
            9..38 => 0,
            38..50 => 6,
            _ => 16,
        };
        if candidate.list_item {
            // a short one is rather a task or a catchword
            weight -= if candidate.length < 9 { 16 } else { 5 };
        }
        if candidate.text.ends_with('!') {
            weight -= 8;
        }
        candidate.weight = weight;
    }
    add_themes(candidates, knowledge);
}

/// Whether it says which event the report is about: its series together with a year, a place or a number of days, or its city with such a number.
fn names_event(document: &Document, candidate: &Candidate<'_>, knowledge: &Knowledge<'_>) -> bool {
    let Knowledge { event, catalog, .. } = *knowledge;
    let name = event.and_then(|event| event.name.as_deref());
    let location = event.and_then(|event| event.location.as_deref());
    let figures = candidate.text.contains(|c: char| c.is_ascii_digit());
    // another series is named in passing: where the author would rather have been, what was announced elsewhere
    let is_series =
        |index: usize| name.is_none_or(|name| catalog.series.get(index).is_some_and(|series| series.name == name));
    let places = || catalog.place_names.find(&document.text, candidate.span.clone());
    let other_year = event.and_then(|event| event.year).is_some_and(|year| names_another_year(candidate.text, year));
    let is_city = |place: &PlaceRef| match place {
        PlaceRef::City(index) => catalog.places.cities.get(*index).map(|city| city.name.as_str()) == location,
        _ => false,
    };
    let series = catalog.series_names.find(&document.text, candidate.span.clone());
    if series.iter().any(|hit| is_series(hit.target)) {
        let places = places();
        let cities = || places.iter().filter(|hit| matches!(hit.target, PlaceRef::City(_)));
        // "a year ago, in Salt Lake City" tells where another edition was
        let elsewhere = location.is_some() && cities().count() > 0 && !cities().any(|hit| is_city(&hit.target));
        return (figures || !places.is_empty()) && !elsewhere && !other_year;
    }
    !other_year && series.is_empty() && figures && location.is_some() && places().iter().any(|hit| is_city(&hit.target))
}

/// Whether a text names years, and not this one.
fn names_another_year(text: &str, year: i32) -> bool {
    let mut years = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|number| number.len() == 4)
        .filter_map(|number| number.parse::<i32>().ok())
        .filter(|number| (2000..=2100).contains(number))
        .peekable();
    years.peek().is_some() && years.all(|other| other != year)
}

/// Adds points to the candidates that speak of the themes that the report is about, more for a stronger theme. Only those are looked at that may
/// be taken: a long report has many others.
fn add_themes(candidates: &mut [Candidate<'_>], knowledge: &Knowledge<'_>) {
    let Knowledge { terms, themes, catalog, .. } = *knowledge;
    let scores: BTreeMap<&str, u32> = themes.iter().map(|theme| (theme.name.as_str(), theme.score)).collect();
    let mut weights: Vec<i64> = candidates.iter().map(|candidate| candidate.weight).collect();
    weights.sort_unstable_by_key(|weight| std::cmp::Reverse(*weight));
    let least = weights.get(SEARCHED).copied().unwrap_or(i64::MIN);
    for candidate in candidates.iter_mut().filter(|candidate| candidate.weight >= least) {
        let mut spoken_of: BTreeMap<usize, i64> = BTreeMap::new();
        for hit in terms.within(candidate.span.clone()) {
            let score = catalog.themes.get(hit.theme).and_then(|theme| scores.get(theme.name.as_str()));
            if let Some(score) = score.filter(|_| hit.weight >= 2) {
                spoken_of.insert(hit.theme, 2 + i64::from((*score).min(24)) / 4);
            }
        }
        candidate.weight += spoken_of.values().sum::<i64>().min(THEMES_LIMIT);
    }
}

/// What each form is worth: how often the report uses it, if it carries meaning. A form that stands in one sentence alone says little about
/// the whole, and one that stands everywhere does not tell sentences apart.
fn worth(words: &Words<'_>, rules: &Rules) -> Vec<i64> {
    let mut counts = vec![0usize; words.forms().len()];
    for word in words.list() {
        if let Some(count) = counts.get_mut(word.form) {
            *count += 1;
        }
    }
    let forms = words.forms().iter().zip(&counts).enumerate();
    forms
        .map(|(at, (form, count))| {
            let meaning = form.chars().count() > 2 && !form.chars().all(|c| c.is_ascii_digit());
            if !meaning || rules.stop.get(at).copied().unwrap_or(false) {
                return 0;
            }
            match *count {
                0 | 1 => 1,
                count => root(count.min(25) * 16),
            }
        })
        .collect()
}

/// Places where entries are named, with how often each is named in all.
fn starts(found: &[Found]) -> BTreeMap<usize, (usize, usize)> {
    let mentions = found.iter().flat_map(|entry| {
        entry.mentions.iter().map(|mention| (mention.span.start, (entry.entry, entry.mentions.len())))
    });
    mentions.collect()
}

/// Points for the different entries that a sentence names, more for those that the report speaks of often.
fn entities(starts: &BTreeMap<usize, (usize, usize)>, candidate: &Candidate<'_>, each: i64) -> i64 {
    let mut named: BTreeMap<usize, usize> = BTreeMap::new();
    for (_, (entry, mentions)) in starts.range(candidate.span.clone()) {
        named.insert(*entry, *mentions);
    }
    named.values().map(|mentions| each + i64::try_from((*mentions).min(4)).unwrap_or(0) - 1).sum()
}

/// Points for figures, more for a number of something than for a version.
fn figures(text: &str) -> i64 {
    let number = |word: &str| {
        word.len() >= 2 && word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains(|c: char| c.is_alphabetic())
    };
    match text.split_whitespace().any(number) {
        true => 7,
        false if text.contains(|c: char| c.is_ascii_digit()) => 3,
        false => 0,
    }
}

/// Integer square root.
fn root(number: usize) -> i64 {
    i64::try_from(number.isqrt().max(1)).unwrap_or(1)
}
