//! Names of series that are written as one word with a place and a year: "#KubeConEU2024", "#KCDMunich2023", "KCNA 2022". Pure: no I/O.

use std::collections::BTreeMap;

use super::grammar;
use super::names::Meaning;
use crate::analysis::words::{Word, Words};
use crate::catalog::{Catalog, Matching, Surface};

/// Region that the last letters of a tag stand for.
const REGIONS: &[(&str, &str)] = &[("europe", "Europe"), ("eu", "Europe"), ("na", "North America")];
/// Abbreviations with their region of the main series, which an exam shares.
const SHARED: &[(&str, &str)] = &[("kceu", "Europe"), ("kcna", "North America")];
/// The series that they abbreviate.
const MAIN: &str = "kubecon";
/// Letters of the shortest name of a series that is told from an ordinary word without a "#".
const SHORTEST: usize = 6;
/// Bytes of the longest tag that is read.
const LONGEST: usize = 48;

/// A word that holds a series with its place, its year or both.
pub(super) struct Tag<'c> {
    pub word: usize,
    pub series: usize,
    pub year: Option<i32>,
    pub place: Option<Meaning<'c>>,
    /// Whether it is also the name of something else, so that a city has to speak for it.
    pub is_shared: bool,
}

/// All of them, in text order.
pub(super) fn find<'c>(words: &Words<'_>, catalog: &'c Catalog) -> Vec<Tag<'c>> {
    let glued = |at: usize| words.text().get(..at).is_some_and(|before| before.ends_with('#'));
    let promising: Vec<bool> = words.forms().iter().map(|form| is_promising(form, catalog)).collect();
    let is_candidate = |word: &Word| {
        word.end - word.start <= LONGEST && (glued(word.start) || promising.get(word.form).copied().unwrap_or(false))
    };
    let candidates: Vec<(usize, &Word)> =
        words.list().iter().enumerate().filter(|(_, word)| is_candidate(word)).collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let known = Known::new(catalog);
    candidates.into_iter().filter_map(|(at, word)| known.read(words, at, glued(word.start))).collect()
}

/// Names as they are written in a tag: folded, in one word.
struct Known<'c> {
    series: BTreeMap<String, usize>,
    places: BTreeMap<String, Meaning<'c>>,
}

impl<'c> Known<'c> {
    fn new(catalog: &'c Catalog) -> Self {
        let mut series = BTreeMap::new();
        for (index, entry) in catalog.series.iter().enumerate() {
            for name in joined(&entry.surfaces) {
                series.entry(name).or_insert(index);
            }
        }
        let mut places = BTreeMap::new();
        let of_areas = |areas: &'c [crate::catalog::Area]| {
            areas.iter().flat_map(|area| joined(&area.surfaces).map(|name| (name, Meaning::Area(area.name.as_str()))))
        };
        let cities = catalog.places.cities.iter().enumerate();
        let cities =
            cities.flat_map(|(index, city)| joined(&city.surfaces).map(move |name| (name, Meaning::City(index))));
        for (name, place) in cities.chain(of_areas(&catalog.places.regions)).chain(of_areas(&catalog.places.countries))
        {
            places.entry(name).or_insert(place);
        }
        Self { series, places }
    }

    fn read(&self, words: &Words<'_>, at: usize, is_tag: bool) -> Option<Tag<'c>> {
        let form = words.form(at);
        let (letters, glued_year) = split_year(form)?;
        if let Some((_, region)) = SHARED.iter().find(|(abbreviation, _)| *abbreviation == letters) {
            let series = *self.series.get(MAIN)?;
            let year = glued_year.or_else(|| following_year(words, at + 1));
            return Some(Tag { word: at, series, year, place: Some(Meaning::Area(region)), is_shared: true });
        }
        let tag = |name: &str, year: Option<i32>, place| {
            let series = *self.series.get(name)?;
            Some(Tag { word: at, series, year, place, is_shared: false })
        };
        if let Some((name, region)) = split_region(letters).filter(|(name, _)| is_tag || name.len() >= SHORTEST)
            && let Some(found) = tag(name, glued_year, Some(Meaning::Area(region)))
        {
            return Some(found);
        }
        if !is_tag {
            return glued_year.filter(|_| letters.len() >= SHORTEST).and_then(|year| tag(letters, Some(year), None));
        }
        let parts = || letters.char_indices().skip(2).filter_map(|(cut, _)| letters.split_at_checked(cut));
        let placed = parts().find_map(|(name, place)| tag(name, glued_year, Some(*self.places.get(place)?)));
        placed.or_else(|| glued_year.and_then(|year| tag(letters, Some(year), None)))
    }
}

/// The plain ones of these spellings in one word.
fn joined(surfaces: &[Surface]) -> impl Iterator<Item = String> {
    surfaces
        .iter()
        .filter(|surface| surface.matching == Matching::Plain)
        .map(|surface| surface.text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect())
}

/// Letters and the year behind them: "kubeconeu2024", "kubeconeu24", "kubeconeu". `None` where other figures follow.
fn split_year(form: &str) -> Option<(&str, Option<i32>)> {
    let letters = form.trim_end_matches(|c: char| c.is_ascii_digit());
    let figures = form.get(letters.len()..)?;
    match figures.len() {
        0 => Some((letters, None)),
        2 => {
            let year = 2000 + figures.parse::<i32>().ok()?;
            grammar::YEARS.contains(&year).then_some((letters, Some(year)))
        }
        _ => grammar::long_year(figures).map(|year| (letters, Some(year))),
    }
}

/// A name and the region at its end.
fn split_region(letters: &str) -> Option<(&str, &'static str)> {
    REGIONS.iter().find_map(|(end, region)| Some((letters.strip_suffix(end)?, *region)))
}

/// Whether a word without a "#" may be one of them: few are, so that the names need not be prepared for every text.
fn is_promising(form: &str, catalog: &Catalog) -> bool {
    let Some((letters, year)) = split_year(form) else { return false };
    let is_name = |name: &str| name.len() >= SHORTEST && catalog.series_names.may_hold(name);
    SHARED.iter().any(|(abbreviation, _)| *abbreviation == letters)
        || (year.is_some() && is_name(letters))
        || split_region(letters).is_some_and(|(name, _)| is_name(name))
}

/// The year right behind an abbreviation.
fn following_year(words: &Words<'_>, at: usize) -> Option<i32> {
    grammar::long_year(words.form(at)).or_else(|| grammar::short_year(words, at))
}
