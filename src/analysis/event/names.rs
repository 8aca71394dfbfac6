//! Names of series and places in a text, and what stands beside the name of a series: "KubeCon + CloudNativeCon Europe 2018 in Copenhagen".
//! Pure: no I/O.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::cues::{ARTICLES, ASIDE, LINKS, REGION_WORDS};
use super::editions;
use super::grammar::{self, Dates};
use super::mentions::SeriesMention;
use crate::analysis::words::{Words, fold};
use crate::catalog::fold::Folded;
use crate::catalog::{Catalog, Matching, PlaceRef, Series};

/// Words after the name of a series that may belong to it.
const REACH: usize = 7;
/// Words in a row that may link a series to its year or place.
const LINKS_IN_A_ROW: usize = 2;

/// The name of a series or a place.
pub(super) struct Name<'c> {
    pub first: usize,
    pub count: usize,
    pub meaning: Meaning<'c>,
    /// How much around it must speak for it.
    pub matching: Matching,
    /// The place that the name of a series ends with: "Devoxx Belgium".
    tail: Option<Meaning<'c>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning<'c> {
    /// A series, by its index in the catalog.
    Series(usize),
    /// A city, by its index in the catalog.
    City(usize),
    /// A country or region, by its English name.
    Area(&'c str),
}

/// Names of series and places in the given parts of a text, in its order.
pub(super) fn find<'a>(words: &Words<'_>, catalog: &'a Catalog, parts: &[Range<usize>]) -> Vec<Name<'a>> {
    let mut names = Vec::new();
    let mut add = |span: &Range<usize>, meaning: Meaning<'a>, matching: Matching| {
        let words = words.within(span);
        if !words.is_empty() {
            names.push(Name { first: words.start, count: words.len(), meaning, matching, tail: None });
        }
    };
    let holds =
        |matcher: &dyn Fn(&str) -> bool| -> Vec<bool> { words.forms().iter().map(|form| matcher(form)).collect() };
    let (series, place) =
        (holds(&|form| catalog.series_names.may_hold(form)), holds(&|form| catalog.place_names.may_hold(form)));
    for part in parts {
        let list = words.list().get(part.clone()).unwrap_or_default();
        let (Some(first), Some(last)) = (list.first(), list.last()) else { continue };
        let any = |held: &[bool]| list.iter().any(|word| held.get(word.form).copied().unwrap_or(false));
        let (has_series, has_place) = (any(&series), any(&place));
        if !(has_series || has_place) {
            continue;
        }
        let folded = Folded::new(words.text(), first.start..last.end);
        if has_series {
            for hit in catalog.series_names.find_in(words.text(), &folded) {
                add(&hit.span, Meaning::Series(hit.target), hit.matching);
            }
        }
        if has_place {
            for hit in catalog.place_names.find_in(words.text(), &folded) {
                if let Some(meaning) = place_of(catalog, hit.target) {
                    add(&hit.span, meaning, hit.matching);
                }
            }
        }
    }
    without_overlaps(names)
}

fn place_of(catalog: &Catalog, place: PlaceRef) -> Option<Meaning<'_>> {
    let places = &catalog.places;
    match place {
        PlaceRef::City(city) => Some(Meaning::City(city)),
        PlaceRef::Country(at) => places.countries.get(at).map(|area| Meaning::Area(&area.name)),
        PlaceRef::Region(at) => places.regions.get(at).map(|area| Meaning::Area(&area.name)),
    }
}

/// The first of overlapping names, the longest of those that start at the same word; a place at the end of a series' name stays with it.
fn without_overlaps(mut names: Vec<Name<'_>>) -> Vec<Name<'_>> {
    names.sort_by_key(|name| (name.first, std::cmp::Reverse(name.count)));
    let mut kept: Vec<Name<'_>> = Vec::with_capacity(names.len());
    for name in names {
        match kept.last_mut() {
            Some(last) if name.first < last.first + last.count => {
                let ends_it = name.first > last.first && name.first + name.count == last.first + last.count;
                if ends_it && last.tail.is_none() && matches!(last.meaning, Meaning::Series(_)) {
                    last.tail = Some(name.meaning);
                }
            }
            _ => kept.push(name),
        }
    }
    kept
}

/// What the names of a series' editions say beside the year, in words: "Suisse Romande", "Washington DC".
type Labels = Vec<(Vec<Box<str>>, Box<str>)>;

/// Reads what stands beside the names of series.
pub(super) struct Beside<'a, 't> {
    words: &'a Words<'t>,
    catalog: &'a Catalog,
    labels: BTreeMap<usize, Labels>,
}

impl<'a, 't> Beside<'a, 't> {
    /// Prepares for the series among these names.
    pub fn new(words: &'a Words<'t>, catalog: &'a Catalog, names: &[Name<'_>]) -> Self {
        let mut labels: BTreeMap<usize, Labels> = BTreeMap::new();
        for name in names {
            if let Meaning::Series(index) = name.meaning
                && let Some(series) = catalog.series.get(index)
            {
                labels.entry(index).or_insert_with(|| labels_of(series));
            }
        }
        Self { words, catalog, labels }
    }

    /// Whether the series at this word only says when or where something else was: "before KubeCon", "seit der re:Invent".
    pub fn is_aside(&self, first: usize) -> bool {
        let form = |back: usize| first.checked_sub(back).map_or("", |at| self.words.form(at));
        ASIDE.contains(&form(1)) || (ARTICLES.contains(&form(1)) && ASIDE.contains(&form(2)))
    }

    /// Adds year and places that stand around the series with this index in the names of its sentence.
    pub fn complete(&self, index: usize, names: &[Name<'_>], dates: &[Dates], mention: &mut SeriesMention) {
        self.before(index, names, mention);
        match names.get(index).and_then(|name| name.tail) {
            Some(Meaning::City(city)) => mention.city = mention.city.or(Some(city)),
            Some(Meaning::Area(area)) => mention.area = mention.area.take().or_else(|| Some(area.into())),
            Some(Meaning::Series(_)) | None => {}
        }
        self.after(index, names, dates, mention);
    }

    /// "European KubeCon", "2024 KubeCon", "Paris KubeCon".
    fn before(&self, index: usize, names: &[Name<'_>], mention: &mut SeriesMention) {
        let Some(at) = names.get(index).and_then(|hit| hit.first.checked_sub(1)) else { return };
        let parted = |gap: &str| gap.len() > 3 || gap.contains(['.', ',', ';', ':', '!', '?', '\n']);
        if self.words.gap(at).is_none_or(parted) {
            return;
        }
        mention.year = grammar::long_year(self.words.form(at));
        let previous = index.checked_sub(1).and_then(|previous| names.get(previous));
        match previous.filter(|hit| hit.first + hit.count == at + 1).map(|hit| hit.meaning) {
            Some(Meaning::City(city)) => mention.city = Some(city),
            Some(Meaning::Area(area)) => mention.area = Some(area.into()),
            Some(Meaning::Series(_)) => {}
            None => {
                let region = at.checked_sub(1).and_then(|at| self.region_word(at)).filter(|(_, count)| *count == 2);
                mention.area = region.or_else(|| self.region_word(at)).map(|(region, _)| region.into());
            }
        }
    }

    /// "KubeCon + CloudNativeCon Europe 2018 in Copenhagen", "KubeCon EU ’23", "KubeCon van 2022", "KCD Washington DC 2024".
    fn after(&self, index: usize, names: &[Name<'_>], dates: &[Dates], mention: &mut SeriesMention) {
        let Some(hit) = names.get(index) else { return };
        let mut at = hit.first + hit.count;
        let mut following = names.get(index + 1..).unwrap_or_default().iter().peekable();
        let mut skipped = 0;
        for _ in 0..REACH {
            let joined = self
                .words
                .gap(at.saturating_sub(1))
                .is_some_and(|gap| gap.len() <= 6 && !gap.contains(['.', ';', '!', '?', '\n']));
            let is_day = |dates: &&Dates| dates.kind != grammar::Kind::Month && dates.first == at;
            if !joined || dates.iter().any(|dates| is_day(&dates)) {
                return;
            }
            while following.peek().is_some_and(|next| next.first < at) {
                following.next();
            }
            let next = following.peek().filter(|next| next.first == at);
            let label = self.label(mention.series, at).filter(|(_, count)| next.is_none_or(|next| next.count < *count));
            if let Some((label, count)) = label.or_else(|| self.region_word(at).filter(|_| next.is_none())) {
                mention.area = mention.area.take().or_else(|| Some(label.into()));
                at += count;
                skipped = 0;
                continue;
            }
            if let Some(next) = next {
                match &next.meaning {
                    // a row of names shares its year: "KubeCon + Open Source Summit China 2024", "Istio Day at KubeCon Europe 2023"
                    Meaning::Series(_) => {}
                    Meaning::City(city) => mention.city = mention.city.or(Some(*city)),
                    Meaning::Area(area) => mention.area = mention.area.take().or_else(|| Some((*area).into())),
                }
                at += next.count;
                skipped = 0;
                continue;
            }
            let year = grammar::long_year(self.words.form(at))
                .or_else(|| grammar::short_year(self.words, at))
                .or_else(|| self.bare_year(at, mention));
            if let Some(year) = year {
                if mention.year.is_some_and(|known| known != year) {
                    return;
                }
                mention.year = Some(year);
            } else if skipped < LINKS_IN_A_ROW && LINKS.contains(&self.words.form(at)) {
                skipped += 1;
            } else {
                return;
            }
            at += 1;
        }
    }

    /// A year in two figures without an apostrophe, where the series had an edition in that region that year: "KubeCon EU 24".
    fn bare_year(&self, at: usize, mention: &SeriesMention) -> Option<i32> {
        let form = self.words.form(at);
        let area = mention.area.as_deref()?;
        let year = (form.len() == 2).then(|| form.parse::<i32>().ok()).flatten()? + 2000;
        let series = self.catalog.series.get(mention.series)?;
        let held = |edition: &&crate::catalog::Edition| edition.year == year && editions::area_of(edition) == area;
        series.editions.iter().find(held).map(|_| year)
    }

    /// The name of an edition without its year that stands at this word, and the number of its words; the longest that fits.
    fn label(&self, series: usize, at: usize) -> Option<(&str, usize)> {
        let fits = |label: &[Box<str>]| {
            label.iter().enumerate().all(|(offset, word)| {
                self.words.form(at + offset) == word.as_ref()
                    && (offset == 0 || self.words.gap(at + offset - 1).is_some_and(|gap| gap.len() <= 3))
            })
        };
        let labels = self.labels.get(&series)?.iter().filter(|(words, _)| fits(words));
        labels.max_by_key(|(words, _)| words.len()).map(|(words, label)| (label.as_ref(), words.len()))
    }

    /// The region that an adjective at this word means, and the number of its words.
    fn region_word(&self, at: usize) -> Option<(&'static str, usize)> {
        let fits =
            |phrase: &str| phrase.split(' ').enumerate().all(|(offset, word)| self.words.form(at + offset) == word);
        let (phrase, region) = REGION_WORDS.iter().find(|(phrase, _)| fits(phrase))?;
        Some((region, phrase.split(' ').count()))
    }
}

fn labels_of(series: &Series) -> Labels {
    let mut labels: Vec<Cow<'_, str>> =
        series.editions.iter().map(editions::area_of).filter(|area| !area.is_empty()).collect();
    labels.sort_unstable();
    labels.dedup();
    labels.into_iter().map(|label| (fold(&label), label.into())).collect()
}
