//! Where a text speaks of series, places, years and dates, and whether it means the edition that the report is about. Pure: no I/O.

use std::collections::BTreeMap;
use std::ops::Range;

use super::grammar::{self, Dates, Kind};
use super::lexicon::{Cue, Lexicon, Tense};
use super::tense::Tenses;
use crate::analysis::sentences::Sentence;
use crate::analysis::words::{Word, Words};
use crate::analysis::{BlockKind, Document};
use crate::catalog::fold::fold;
use crate::catalog::{Catalog, Matching, PlaceRef, Series};

/// Sentences that count as the beginning of a report.
const LEAD: usize = 5;
/// Words after the name of a series that may belong to it.
const REACH: usize = 7;

/// How prominent a place in the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    Body,
    Heading,
    Lead,
    Title,
}

/// Where something is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub zone: Zone,
    /// Number of the sentence; `None` in the title.
    pub sentence: Option<usize>,
    /// Number of the first word.
    pub word: usize,
    pub tense: Tense,
}

/// A series with what stands beside its name.
#[derive(Clone, Debug)]
pub(super) struct SeriesMention {
    pub place: Place,
    pub series: usize,
    pub year: Option<i32>,
    pub area: Option<Box<str>>,
    pub city: Option<usize>,
    /// Whether it only says when something else was ("the day before KubeCon").
    pub aside: bool,
    /// Whether days stand in the same sentence, which only one edition had.
    pub dated: bool,
}

/// A city.
#[derive(Clone, Debug)]
pub(super) struct CityMention {
    pub place: Place,
    pub city: usize,
    /// Whether a word such as "in" leads to it.
    pub led: bool,
}

/// A region, a country or a year: what it says, and where.
#[derive(Clone, Debug)]
pub(super) struct Mention<T> {
    pub place: Place,
    pub value: T,
}

/// A day or a range of days.
#[derive(Clone, Debug)]
pub(super) struct DatesMention {
    pub place: Place,
    pub dates: Dates,
    /// Whether it is the date of the text, not of the event.
    pub published: bool,
    /// Whether the sentence says that something was held.
    pub held: bool,
}

/// Everything that a text says about events.
#[derive(Clone, Debug, Default)]
pub(super) struct Mentions {
    pub series: Vec<SeriesMention>,
    pub cities: Vec<CityMention>,
    pub areas: Vec<Mention<Box<str>>>,
    pub years: Vec<Mention<i32>>,
    pub dates: Vec<DatesMention>,
    /// Sentences with words of somebody who was at a conference.
    pub report_cues: usize,
    /// Words of the cloud-native world.
    pub field_cues: usize,
    /// Number of sentences.
    pub sentences: usize,
}

/// Reads the title and the text.
pub(super) fn find(
    document: &Document,
    sentences: &[Sentence],
    words: &Words<'_>,
    catalog: &Catalog,
    lexicon: &Lexicon<'_>,
) -> Mentions {
    let mut mentions = Mentions { sentences: sentences.len(), ..Mentions::default() };
    if let Some(title) = &document.title {
        let title = Words::of_text(title);
        let all = 0..title.list().len();
        Scan { words: &title, catalog, lexicon, parts: vec![Part { words: all, zone: Zone::Title, sentence: None }] }
            .run(&mut mentions);
    }
    let mut lead = 0;
    let parts = sentences.iter().enumerate().map(|(number, sentence)| {
        let block = document.blocks.get(sentence.block);
        let zone = match block.map(|block| block.kind) {
            Some(BlockKind::Heading(1)) if lead == 0 => Zone::Title,
            Some(BlockKind::Heading(_)) if number == 0 => Zone::Title,
            Some(BlockKind::Heading(_)) => Zone::Heading,
            // the first line of a plain text, if it is no sentence
            _ if number == 0 && document.text.get(sentence.span.clone()).is_some_and(is_headline) => Zone::Title,
            _ => {
                lead += 1;
                if lead <= LEAD { Zone::Lead } else { Zone::Body }
            }
        };
        Part { words: words.within(&sentence.span), zone, sentence: Some(number) }
    });
    Scan { words, catalog, lexicon, parts: parts.collect() }.run(&mut mentions);
    mentions
}

/// Whether a line is short and ends without a full stop.
fn is_headline(line: &str) -> bool {
    line.split_whitespace().count() <= 16 && line.trim_end().ends_with(char::is_alphanumeric)
}

/// A sentence, or the title.
struct Part {
    words: Range<usize>,
    zone: Zone,
    sentence: Option<usize>,
}

struct Scan<'a, 't> {
    words: &'a Words<'t>,
    catalog: &'a Catalog,
    lexicon: &'a Lexicon<'a>,
    parts: Vec<Part>,
}

/// The name of a series or a place.
struct Name<'c> {
    first: usize,
    count: usize,
    meaning: Meaning<'c>,
    /// How much around it must speak for it.
    matching: Matching,
}

/// A hashtag that glues a series to a region and a year.
struct Tag {
    word: usize,
    series: usize,
    year: Option<i32>,
    area: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning<'c> {
    /// A series, by its index in the catalog.
    Series(usize),
    /// A city, by its index in the catalog.
    City(usize),
    /// A country or region, by its English name.
    Area(&'c str),
}

impl<'a> Scan<'a, '_> {
    fn run(&self, mentions: &mut Mentions) {
        let words = self.words;
        let names = self.find_names();
        let dates = grammar::find(words, &self.lexicon.months, &self.lexicon.weekdays);
        let tenses = self.lexicon.tenses(words);
        let cues = self.lexicon.cues(words);
        let glued = self.glued();
        for part in &self.parts {
            let range = &part.words;
            let tense = Tenses { words, cues: slice(&tenses, range, |cue| cue.0), range: range.clone() };
            let place = |word| Place { zone: part.zone, sentence: part.sentence, word, tense: tense.at(word) };
            let cues = slice(&cues, range, |cue| cue.0);
            let has = |wanted: Cue| cues.iter().any(|(_, cue)| *cue == wanted);
            mentions.report_cues += usize::from(has(Cue::Report));
            mentions.field_cues += cues.iter().filter(|(_, cue)| *cue == Cue::Field).count();

            let dates = slice(&dates, range, |dates| dates.first);
            self.names(slice(&names, range, |name| name.first), dates, &place, mentions);
            for tag in slice(&glued, range, |tag| tag.word) {
                mentions.series.push(SeriesMention {
                    place: place(tag.word),
                    series: tag.series,
                    year: tag.year,
                    area: tag.area.map(Into::into),
                    city: None,
                    aside: false,
                    dated: false,
                });
            }
            for found in dates {
                // a day that is nearly all there is in its line is a date line
                let alone = found.count + 5 >= range.len() && !has(Cue::Held);
                let published =
                    found.kind == Kind::Figures || (found.kind == Kind::Day && (has(Cue::Published) || alone));
                let place = place(found.first);
                mentions.dates.push(DatesMention { place, dates: found.clone(), published, held: has(Cue::Held) });
            }
            for word in range.clone() {
                let in_date = dates.iter().any(|dates| (dates.first..dates.first + dates.count).contains(&word));
                if let Some(value) = grammar::long_year(words.form(word)).filter(|_| !in_date) {
                    mentions.years.push(Mention { place: place(word), value });
                }
            }
        }
    }

    /// Names of series and places, in text order.
    fn find_names(&self) -> Vec<Name<'a>> {
        let text = self.words.text();
        let places = &self.catalog.places;
        let mut names = Vec::new();
        let mut add = |span: &Range<usize>, meaning: Meaning<'a>, matching: Matching| {
            let words = self.words.within(span);
            if !words.is_empty() {
                names.push(Name { first: words.start, count: words.len(), meaning, matching });
            }
        };
        let holds = |matcher: &dyn Fn(&str) -> bool| -> Vec<bool> {
            self.words.forms().iter().map(|form| matcher(form)).collect()
        };
        let (series, place) = (
            holds(&|form| self.catalog.series_names.may_hold(form)),
            holds(&|form| self.catalog.place_names.may_hold(form)),
        );
        for part in &self.parts {
            let words = self.words.list().get(part.words.clone()).unwrap_or_default();
            let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
            let any = |held: &[bool]| words.iter().any(|word| held.get(word.form).copied().unwrap_or(false));
            if any(&series) {
                for hit in self.catalog.series_names.find(text, first.start..last.end) {
                    add(&hit.span, Meaning::Series(hit.target), hit.matching);
                }
            }
            if any(&place) {
                for hit in self.catalog.place_names.find(text, first.start..last.end) {
                    let meaning = match hit.target {
                        PlaceRef::City(city) => Some(Meaning::City(city)),
                        PlaceRef::Country(at) => places.countries.get(at).map(|area| Meaning::Area(&area.name)),
                        PlaceRef::Region(at) => places.regions.get(at).map(|area| Meaning::Area(&area.name)),
                    };
                    if let Some(meaning) = meaning {
                        add(&hit.span, meaning, hit.matching);
                    }
                }
            }
        }
        names.sort_by_key(|name| (name.first, std::cmp::Reverse(name.count)));
        let mut end = 0;
        names.retain(|name| {
            let keep = name.first >= end;
            if keep {
                end = name.first + name.count;
            }
            keep
        });
        names
    }

    /// Hashtags that glue a series to a region and a year: "#KubeConEU2024".
    fn glued(&self) -> Vec<Tag> {
        let split: Vec<_> = self.words.forms().iter().map(|form| split_tag(form)).collect();
        if split.iter().all(Option::is_none) {
            return Vec::new();
        }
        let plain = |(index, series): (usize, &'a Series)| {
            series
                .surfaces
                .iter()
                .filter(|surface| surface.matching == Matching::Plain)
                .map(move |surface| (fold(&surface.text), index))
        };
        let series: BTreeMap<_, _> = self.catalog.series.iter().enumerate().flat_map(plain).collect();
        let known = |word: (usize, &Word)| {
            let (name, area, year) = split.get(word.1.form).copied().flatten()?;
            Some(Tag { word: word.0, series: *series.get(name)?, year, area })
        };
        self.words.list().iter().enumerate().filter_map(known).collect()
    }

    fn names(&self, names: &[Name<'_>], dates: &[Dates], place: &impl Fn(usize) -> Place, mentions: &mut Mentions) {
        for (index, hit) in names.iter().enumerate() {
            match &hit.meaning {
                Meaning::Series(series) => {
                    let before = hit.first.checked_sub(1).map_or("", |at| self.words.form(at));
                    let aside = ASIDE.contains(&before);
                    let mut mention = SeriesMention {
                        place: place(hit.first),
                        series: *series,
                        year: None,
                        area: None,
                        city: None,
                        aside,
                        dated: dates.iter().any(|dates| dates.kind == Kind::Range),
                    };
                    self.before(index, names, &mut mention);
                    self.after(index, names, dates, &mut mention);
                    if hit.matching == Matching::Plain
                        || mention.year.is_some()
                        || mention.city.is_some()
                        || mention.area.is_some()
                    {
                        mentions.series.push(mention);
                    }
                }
                Meaning::City(city) => {
                    let before = hit.first.checked_sub(1).map_or("", |at| self.words.form(at));
                    let led = LEADS.contains(&before);
                    let is_series = |name: &&Name<'_>| matches!(name.meaning, Meaning::Series(_));
                    let known = match hit.matching {
                        Matching::Plain => true,
                        Matching::NeedsEvidence => {
                            led || names.iter().filter(is_series).any(|name| hit.first.abs_diff(name.first) <= 4)
                        }
                        Matching::NeedsCue => led && names.iter().any(|name| is_series(&name)),
                    };
                    if known {
                        mentions.cities.push(CityMention { place: place(hit.first), city: *city, led });
                    }
                }
                Meaning::Area(area) => mentions.areas.push(Mention { place: place(hit.first), value: (*area).into() }),
            }
        }
    }

    /// "European KubeCon", "2024 KubeCon", "Paris KubeCon".
    fn before(&self, index: usize, names: &[Name<'_>], mention: &mut SeriesMention) {
        let Some(at) = names.get(index).and_then(|hit| hit.first.checked_sub(1)) else { return };
        if !self.words.gap(at).is_some_and(|gap| gap.len() <= 3 && !gap.contains(['.', ',', ';', ':', '!', '?', '\n']))
        {
            return;
        }
        mention.year = grammar::long_year(self.words.form(at));
        let previous = index.checked_sub(1).and_then(|previous| names.get(previous));
        if let Some(hit) = previous.filter(|hit| hit.first + hit.count == at + 1) {
            match &hit.meaning {
                Meaning::City(city) => mention.city = Some(*city),
                Meaning::Area(area) => mention.area = Some((*area).into()),
                Meaning::Series(_) => {}
            }
        }
    }

    /// "KubeCon + CloudNativeCon Europe 2018 in Copenhagen", "KubeCon EU ’23", "KubeCon van 2022".
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
            if !joined || dates.iter().any(|dates| dates.first == at) {
                return;
            }
            while following.peek().is_some_and(|next| next.first < at) {
                following.next();
            }
            if let Some(next) = following.peek().filter(|next| next.first == at) {
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
            let year = grammar::long_year(self.words.form(at)).or_else(|| grammar::short_year(self.words, at));
            if let Some(year) = year {
                if mention.year.is_some_and(|known| known != year) {
                    return;
                }
                mention.year = Some(year);
            } else if skipped < 2 && LINKS.contains(&self.words.form(at)) {
                skipped += 1;
            } else {
                return;
            }
            at += 1;
        }
    }
}

/// The parts of a hashtag: "kubecon", "Europe", 2024. `None` where it has neither a region nor a year.
fn split_tag(form: &str) -> Option<(&str, Option<&'static str>, Option<i32>)> {
    let letters = form.trim_end_matches(|c: char| c.is_ascii_digit());
    let figures = form.get(letters.len()..)?;
    let year = match figures.len() {
        0 => None,
        2 => Some(2000 + figures.parse::<i32>().ok()?).filter(|year| grammar::YEARS.contains(year)),
        _ => grammar::long_year(figures),
    };
    let (name, area) = match letters.strip_suffix("europe").or_else(|| letters.strip_suffix("eu")) {
        Some(name) => (name, Some("Europe")),
        None => letters.strip_suffix("na").map_or((letters, None), |name| (name, Some("North America"))),
    };
    (name.len() >= 6 && (year.is_some() || area.is_some())).then_some((name, area, year))
}

/// Words before a series that only serves to say when something else was.
const ASIDE: &[&str] = &["before", "vor", "avant", "antes", "voor", "vóór", "alongside", "neben", "naast"];
/// Words that lead to a place.
const LEADS: &[&str] = &[
    "in", "à", "en", "te", "at", "nach", "naar", "to", "aus", "uit", "from", "de", "zonnige", "sunny", "sonnigen", "a",
    "of", "op", "über", "over",
];
/// Words that may stand between a series and its year or place.
const LINKS: &[&str] = &[
    "au",
    "aux",
    "auf",
    "am",
    "sur",
    "na",
    "in",
    "à",
    "en",
    "te",
    "of",
    "the",
    "de",
    "van",
    "von",
    "at",
    "conference",
    "conferentie",
    "konferenz",
    "conférence",
    "conferencia",
    "edition",
    "editie",
    "édition",
    "edición",
    "s",
    "événement",
    "events",
    "event",
    "summit",
    "other",
    "cncf",
    "virtual",
    "die",
    "la",
    "le",
    "im",
    "jahr",
];

/// The part of a sorted list whose words lie within a range.
fn slice<'l, T>(list: &'l [T], range: &Range<usize>, word: impl Fn(&T) -> usize) -> &'l [T] {
    let first = list.partition_point(|item| word(item) < range.start);
    let last = list.partition_point(|item| word(item) < range.end);
    list.get(first..last.max(first)).unwrap_or_default()
}
