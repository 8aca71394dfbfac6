//! The types of the catalog, and how its matchers are compiled. Pure.
//!
//! Shared with the build script, which does all of that beforehand for the built-in catalog and embeds what comes out: nothing here, in [`super::merge`],
//! [`super::matcher`] and what they use may refer to the rest of the crate.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Shared;
use super::matcher::{NameMatcher, PlaceRef, SurfaceMatcher, ThemeMatcher};

/// Everything that the analysis knows, compiled and ready to be shared between threads; what a catalog on top of another leaves as it is, the two share.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Catalog {
    /// `sha256:<hex>` over everything below.
    pub revision: String,
    /// Projects and products.
    pub projects: Vec<Shared<Project>>,
    /// Organisations.
    pub organizations: Vec<Shared<Organization>>,
    /// Themes, by id.
    pub themes: Vec<Shared<Theme>>,
    /// Event series with their editions.
    pub series: Shared<Vec<Series>>,
    /// Cities, countries and regions.
    pub places: Shared<Places>,
    /// Stop words, months, furniture phrases and the like, by ISO 639-1 code.
    pub languages: Shared<BTreeMap<String, LanguageData>>,
    /// Phrases in which no name is found ("at scale").
    pub block_phrases: Shared<Vec<String>>,
    /// Careful names that are words of some languages alone, folded, with their ISO 639-1 codes ("harvester": en).
    pub words_of: Shared<BTreeMap<String, BTreeSet<String>>>,
    /// Finds spellings of projects and organisations.
    pub names: NameMatcher,
    /// Finds terms of themes.
    pub theme_terms: Shared<ThemeMatcher>,
    /// Finds spellings of series; gives the index into `series`.
    pub series_names: Shared<SurfaceMatcher<usize>>,
    /// Finds names of places.
    pub place_names: Shared<SurfaceMatcher<PlaceRef>>,
}

impl Catalog {
    /// Builds the matchers anew from the lists: to be called after they were filled or changed.
    #[must_use]
    pub fn compiled(mut self) -> Self {
        self.names = NameMatcher::new(&self);
        self.theme_terms = ThemeMatcher::new(&self.themes).into();
        let series = self.series.iter().enumerate().map(|(index, s)| (index, s.surfaces.as_slice()));
        self.series_names = SurfaceMatcher::new(series, false).into();
        let cities = self.places.cities.iter().enumerate().map(|(i, c)| (PlaceRef::City(i), c.surfaces.as_slice()));
        let countries =
            self.places.countries.iter().enumerate().map(|(i, c)| (PlaceRef::Country(i), c.surfaces.as_slice()));
        let regions = self.places.regions.iter().enumerate().map(|(i, c)| (PlaceRef::Region(i), c.surfaces.as_slice()));
        self.place_names = SurfaceMatcher::new(cities.chain(countries).chain(regions), true).into();
        self
    }
}

/// How careful to be with a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Matching {
    /// Accepted in any case.
    #[default]
    Plain,
    /// Accepted in its own spelling when the text around it speaks for it.
    NeedsEvidence,
    /// Accepted with an explicit cue alone.
    NeedsCue,
}

/// A spelling of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surface {
    /// The spelling, in NFC.
    pub text: String,
    /// How careful to be with it.
    pub matching: Matching,
}

/// A project or product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Name that is reported.
    pub name: String,
    /// All spellings, the name first.
    pub surfaces: Vec<Surface>,
    /// Category, as in the landscape.
    pub category: Option<String>,
    /// CNCF maturity.
    pub maturity: Option<String>,
    /// Home page.
    pub homepage: Option<String>,
    /// Source repository.
    pub repository: Option<String>,
    /// Organisation behind it.
    pub vendor: Option<String>,
    /// Name of the project that it is a part of.
    pub parent: Option<String>,
    /// Ids of themes that it speaks for.
    pub themes: Vec<String>,
    /// Everyday technology: recognised but not reported.
    pub general: bool,
    /// Written or touched by people, not only taken from the landscape.
    pub curated: bool,
}

/// An organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Name that is reported.
    pub name: String,
    /// All spellings, the name first.
    pub surfaces: Vec<Surface>,
    /// Home page.
    pub homepage: Option<String>,
    /// Written or touched by people, not only taken from the landscape.
    pub curated: bool,
}

/// A theme with its terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    /// Id.
    pub name: String,
    /// Title in English.
    pub title: String,
    /// Terms by language code; "any" holds in all.
    pub terms: BTreeMap<String, Vec<Term>>,
}

/// A term of a theme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The words in lower case, single spaces between them.
    pub text: String,
    /// Whether the first word may be the end of a longer one ("*sicherheit").
    pub open_start: bool,
    /// Whether the last word may go on ("beveilig*").
    pub open_end: bool,
    /// 1 hints at the theme, 2 is typical of it, 3 names it.
    pub weight: u32,
}

/// A series of events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Name that is reported.
    pub name: String,
    /// All spellings, the name first.
    pub surfaces: Vec<Surface>,
    /// Held beside a larger event: a report that names both is about the larger one.
    pub co_located: bool,
    /// Known editions.
    pub editions: Vec<Edition>,
}

/// An edition of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Name, for example "Europe 2018".
    pub name: String,
    /// Year.
    pub year: i32,
    /// City, in English.
    pub city: Option<String>,
    /// First day.
    pub start: Option<jiff::civil::Date>,
    /// Last day.
    pub end: Option<jiff::civil::Date>,
    /// Held without a place.
    pub is_virtual: bool,
}

/// Names of places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Cities.
    pub cities: Vec<City>,
    /// Countries: name, region, all spellings.
    pub countries: Vec<Area>,
    /// Regions, as they occur in names of editions.
    pub regions: Vec<Area>,
}

/// A city.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct City {
    /// Name in English.
    pub name: String,
    /// Name of the country in English.
    pub country: String,
    /// Name of the region.
    pub region: String,
    /// All spellings, the name first.
    pub surfaces: Vec<Surface>,
}

/// A country or a region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Name in English.
    pub name: String,
    /// Name of the region it lies in, for a country.
    pub region: Option<String>,
    /// All spellings, the name first.
    pub surfaces: Vec<Surface>,
}

/// Words of a language that the rules need; all in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageData {
    /// Frequent function words that tell the language.
    pub stopwords: Vec<String>,
    /// Words at the start of a sentence that lean on the one before.
    pub openers: Vec<String>,
    /// Names of months and their abbreviations.
    pub months: BTreeMap<String, i8>,
    /// Names of weekdays and their abbreviations.
    pub weekdays: Vec<String>,
    /// Phrases that ask the reader to do something.
    pub calls_to_action: Vec<String>,
    /// Phrases that mark page furniture.
    pub furniture: Vec<String>,
    /// Abbreviations with their dots.
    pub abbreviations: Vec<String>,
    /// Cues that an earlier edition is meant.
    pub last_year: Vec<String>,
    /// Cues that a later edition is meant.
    pub next_year: Vec<String>,
}
