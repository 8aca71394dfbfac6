//! The data files in `catalog/` as they are written: one type a file format, unknown fields refused.
//!
//! Shared with the build script, which checks the files with these types: nothing here may refer to the rest of the crate, see [`super::model`].
//! No I/O.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Matching;

/// All files by what they hold; within a list in the order in which they are applied.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RawCatalog {
    /// `landscape/products.yaml`.
    pub products: Vec<RawFile<Vec<RawProject>>>,
    /// `landscape/members.yaml`.
    pub members: Vec<RawFile<Vec<RawOrganization>>>,
    /// `projects/*.yaml`.
    pub projects: Vec<RawFile<Vec<RawProject>>>,
    /// `organizations/*.yaml`.
    pub organizations: Vec<RawFile<Vec<RawOrganization>>>,
    /// `matching/projects.yaml`.
    pub project_matching: Vec<RawFile<RawMatchingList>>,
    /// `matching/organizations.yaml`.
    pub organization_matching: Vec<RawFile<RawMatchingList>>,
    /// `block-phrases.yaml`.
    pub block_phrases: Vec<RawFile<Vec<String>>>,
    /// `themes/*.yaml`.
    pub themes: Vec<RawFile<RawTheme>>,
    /// `events/*.yaml`.
    pub events: Vec<RawFile<Vec<RawSeries>>>,
    /// `places.yaml`.
    pub places: Vec<RawFile<RawPlaces>>,
    /// `languages.yaml`.
    pub languages: Vec<RawFile<BTreeMap<String, RawLanguage>>>,
}

/// What a file holds, with its path below `catalog/` for messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFile<T> {
    /// Path below `catalog/`.
    pub file: String,
    /// What it holds.
    pub data: T,
}

/// Another spelling: the text alone, or with its own matching.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RawAlias {
    /// The text alone.
    Text(String),
    /// With its own matching.
    Careful(RawCarefulAlias),
}

/// A spelling with its own matching.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCarefulAlias {
    /// The text.
    pub name: String,
    /// How careful to be with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
}

/// An entry of `landscape/products.yaml` or `projects/*.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawProject {
    /// Name under which entries are merged, and reported unless `displayName` says otherwise.
    pub name: String,
    /// Name that is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Other spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<RawAlias>,
    /// Category, as in the landscape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// CNCF maturity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maturity: Option<String>,
    /// Home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Source repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Organisation behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Project that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Ids of themes that it speaks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub themes: Vec<String>,
    /// How careful to be with its name and aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
    /// Everyday technology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub general: Option<bool>,
}

/// An entry of `landscape/members.yaml` or `organizations/*.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawOrganization {
    /// Name under which entries are merged, and reported unless `displayName` says otherwise.
    pub name: String,
    /// Name that is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Other spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<RawAlias>,
    /// Home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Membership of the CNCF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<String>,
    /// How careful to be with its name and aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
}

/// `matching/*.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RawMatchingList {
    /// Names and aliases that need evidence.
    pub needs_evidence: Vec<String>,
    /// Names and aliases that need a cue.
    pub needs_cue: Vec<String>,
    /// Which of them are words of one language alone, by ISO 639-1 code.
    pub words_of: BTreeMap<String, Vec<String>>,
}

/// `themes/*.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTheme {
    /// Id.
    pub name: String,
    /// Title in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Terms by language, as written ("beveilig*^3").
    #[serde(default)]
    pub terms: BTreeMap<String, Vec<String>>,
}

/// An entry of `events/*.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RawSeries {
    /// Name that is reported.
    pub name: String,
    /// Other spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<RawAlias>,
    /// How careful to be with its name and aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
    /// Held beside a larger event.
    #[serde(default)]
    pub co_located: bool,
    /// Known editions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editions: Vec<RawEdition>,
}

/// An edition of a series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawEdition {
    /// Name, for example "Europe 2018".
    pub name: String,
    /// Year.
    pub year: i32,
    /// City, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// First day, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Last day, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Held without a place.
    #[serde(default, rename = "virtual")]
    pub is_virtual: bool,
}

/// `places.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawPlaces {
    /// Cities.
    pub cities: Vec<RawPlace>,
    /// Countries.
    pub countries: Vec<RawPlace>,
    /// Regions.
    pub regions: Vec<RawPlace>,
}

/// A city, country or region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPlace {
    /// Name in English.
    pub name: String,
    /// Country, for a city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Region, for a city or a country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Other spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<RawAlias>,
    /// How careful to be with its name and aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Matching>,
}

/// A language in `languages.yaml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RawLanguage {
    /// Frequent function words.
    pub stopwords: Vec<String>,
    /// Words at the start of a sentence that lean on the one before.
    pub openers: Vec<String>,
    /// Names of months and their abbreviations.
    pub months: BTreeMap<String, i8>,
    /// Names of weekdays and their abbreviations; Monday is 1.
    pub weekdays: BTreeMap<String, i8>,
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
