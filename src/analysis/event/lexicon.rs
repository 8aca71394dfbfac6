//! What the event rules look for, compiled from the catalog once: series, places, months, and the cues that an earlier or a later edition
//! is meant. Pure: no I/O.

use std::collections::{BTreeMap, BTreeSet};

use super::cues;
use crate::analysis::phrases::Phrases;
use crate::analysis::words::{Words, fold};
use crate::api::Matching;
use crate::catalog::{Area, Catalog, Series, Surface};

/// What a phrase of the lexicon stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A series, by its index in the catalog.
    Series(usize),
    /// A city, by its index in the catalog.
    City(usize),
    /// A country or region, by its English name in lower case, and the region it lies in.
    Area(Box<str>, Option<Box<str>>),
}

/// A phrase with the care it needs.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub meaning: Meaning,
    /// How it must be written, where its case matters (acronyms, ordinary words).
    pub exact: Option<Box<str>>,
    /// Whether something around it must speak for it.
    pub careful: bool,
}

/// When an edition was or will be, seen from the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tense {
    /// The edition that the report is about, as far as the words around it say.
    Now,
    /// An earlier edition.
    Past,
    /// A later edition.
    Future,
}

/// The compiled rules.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    /// Series and places.
    pub(super) names: Phrases<Entry>,
    /// Series of one long word, which hashtags glue to a region and a year ("#KubeConEU2024").
    pub(super) glued: Phrases<usize>,
    /// Cues of tense.
    pub(super) tenses: Phrases<Tense>,
    /// Words and phrases of somebody who was there.
    pub(super) report: Phrases<()>,
    /// Words and phrases beside a publication date.
    pub(super) published: Phrases<()>,
    /// Words and phrases that speak of the place or time of an event.
    pub(super) held: Phrases<()>,
    /// Words of the cloud-native world.
    pub(super) field: Phrases<()>,
    /// Months by their folded names and abbreviations.
    pub(super) months: BTreeMap<Box<str>, i8>,
    /// Folded names of weekdays.
    pub(super) weekdays: Vec<Box<str>>,
    /// For each series and edition, its area in lower case ("Europe 2018": "europe").
    pub(super) areas: Vec<Vec<Box<str>>>,
}

impl Lexicon {
    /// Compiles the catalog's series, places and words.
    pub fn new(catalog: &Catalog) -> Self {
        let mut lexicon = Self::default();
        for (index, series) in catalog.series.iter().enumerate() {
            lexicon.add_series(index, series);
        }
        for (index, city) in catalog.places.cities.iter().enumerate() {
            lexicon.add_names(&city.surfaces, &city.name, &Meaning::City(index));
        }
        for area in catalog.places.regions.iter().chain(&catalog.places.countries) {
            lexicon.add_area(area);
        }
        for (phrases, list) in [
            (&mut lexicon.report, cues::REPORT),
            (&mut lexicon.published, cues::PUBLISHED),
            (&mut lexicon.held, cues::HELD),
            (&mut lexicon.field, cues::FIELD),
        ] {
            list.iter().for_each(|phrase| phrases.add(phrase, ()));
        }
        for (tense, list) in [(Tense::Past, cues::PAST), (Tense::Future, cues::FUTURE), (Tense::Now, cues::NOW)] {
            list.iter().for_each(|phrase| lexicon.tenses.add(phrase, tense));
        }
        for language in catalog.languages.values() {
            language.last_year.iter().for_each(|phrase| lexicon.tenses.add(phrase, Tense::Past));
            language.next_year.iter().for_each(|phrase| lexicon.tenses.add(phrase, Tense::Future));
            for (name, month) in &language.months {
                if let [word] = fold(name).as_slice() {
                    lexicon.months.insert(word.clone(), *month);
                }
            }
            lexicon.weekdays.extend(language.weekdays.iter().flat_map(|name| fold(name)));
        }
        lexicon
    }

    fn add_series(&mut self, index: usize, series: &Series) {
        self.add_names(&series.surfaces, &series.name, &Meaning::Series(index));
        for surface in &series.surfaces {
            if let [word] = fold(&surface.text).as_slice()
                && word.chars().count() >= 6
                && surface.matching == Matching::Plain
            {
                self.glued.add_open(word, false, true, index);
            }
        }
        let area = |name: &str, year: i32| name.replace(&year.to_string(), "").trim().to_lowercase().into_boxed_str();
        self.areas.push(series.editions.iter().map(|edition| area(&edition.name, edition.year)).collect());
    }

    fn add_area(&mut self, area: &Area) {
        let region = area.region.as_deref().map(|region| region.to_lowercase().into_boxed_str());
        let meaning = Meaning::Area(area.name.to_lowercase().into_boxed_str(), region);
        self.add_names(&area.surfaces, &area.name, &meaning);
    }

    fn add_names(&mut self, surfaces: &[Surface], name: &str, meaning: &Meaning) {
        let own = Surface { text: name.to_owned(), matching: Matching::Plain };
        let spellings = if surfaces.is_empty() { std::slice::from_ref(&own) } else { surfaces };
        let mut seen = BTreeSet::new();
        for surface in spellings {
            let folded = fold(&surface.text);
            let acronym = surface.text.chars().count() <= 4 && surface.text.chars().all(|c| !c.is_lowercase());
            let careful = surface.matching != Matching::Plain;
            if seen.insert(folded) {
                let exact = (acronym || careful).then(|| surface.text.as_str().into());
                self.names.add(&surface.text, Entry { meaning: meaning.clone(), exact, careful });
            }
        }
    }
}

impl Entry {
    /// Whether the words of this name are written as it asks: places and acronyms are not taken for ordinary words in small letters.
    pub fn is_written_well(&self, words: &Words<'_>, first: usize, count: usize) -> bool {
        let span = words.span(first, count);
        let written = words.text().get(span).unwrap_or("");
        if let Some(exact) = &self.exact {
            return written == exact.as_ref();
        }
        match self.meaning {
            Meaning::Series(_) => true,
            Meaning::City(_) => written.starts_with(char::is_uppercase),
            // adjectives are written small in some languages ("européenne"), but stand beside a series then
            Meaning::Area(..) => true,
        }
    }
}
