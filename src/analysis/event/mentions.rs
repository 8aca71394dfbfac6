//! Where a text speaks of series, places, years and dates, and whether it means the edition that the report is about. Pure: no I/O.

use std::ops::Range;

use super::cues::LEADS;
use super::grammar::{self, Dates, Kind};
use super::names::{self, Beside, Meaning, Name};
use super::settle;
use super::tags;
use super::tense::Tenses;
use super::vocabulary::{Cue, Tense, Vocabulary};
use crate::analysis::sentences::Sentence;
use crate::analysis::words::Words;
use crate::analysis::{BlockKind, Document};
use crate::catalog::{Catalog, Matching};

/// Sentences that count as the beginning of a report.
const LEAD: usize = 5;
/// Words from which on a line counts among them: the headers of an e-mail and the first rows of a list do not use up the beginning.
const SENTENCE: usize = 7;
/// But no more lines than these belong to the beginning.
const LEAD_LINES: usize = 16;

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
    /// Whether the name is also that of something else, so that the city of an edition has to speak for it.
    pub is_shared: bool,
}

impl SeriesMention {
    /// How many of year, region, city and days stand beside the name.
    pub fn details(&self) -> u32 {
        [self.year.is_some(), self.area.is_some(), self.city.is_some(), self.dated].into_iter().map(u32::from).sum()
    }
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

/// Most mentions of a kind that are weighed against each other: the first, which say most. The longest real texts have some hundred.
const MOST: usize = 5_000;

/// Reads the title and the text.
pub(super) fn find(
    document: &Document,
    sentences: &[Sentence],
    words: &Words<'_>,
    catalog: &Catalog,
    vocabulary: &Vocabulary,
) -> Mentions {
    let mut mentions = Mentions { sentences: sentences.len(), ..Mentions::default() };
    if let Some(title) = &document.title {
        let title = Words::of_text(title);
        let all = 0..title.list().len();
        Scan {
            words: &title,
            catalog,
            vocabulary,
            parts: vec![Part { words: all, zone: Zone::Title, sentence: None }],
        }
        .run(&mut mentions);
    }
    let (mut lead, mut lines) = (0, 0);
    let parts = sentences.iter().enumerate().map(|(number, sentence)| {
        let block = document.blocks.get(sentence.block);
        let zone = match block.map(|block| block.kind) {
            Some(BlockKind::Heading(1)) if lead == 0 => Zone::Title,
            Some(BlockKind::Heading(_)) if number == 0 => Zone::Title,
            Some(BlockKind::Heading(_)) => Zone::Heading,
            // the first line of a plain text, if it is no sentence
            _ if number == 0 && document.text.get(sentence.span.clone()).is_some_and(is_headline) => Zone::Title,
            _ => {
                lines += 1;
                lead += usize::from(words.within(&sentence.span).len() >= SENTENCE);
                if lead <= LEAD && lines <= LEAD_LINES { Zone::Lead } else { Zone::Body }
            }
        };
        Part { words: words.within(&sentence.span), zone, sentence: Some(number) }
    });
    Scan { words, catalog, vocabulary, parts: parts.collect() }.run(&mut mentions);
    mentions.series.truncate(MOST);
    mentions.cities.truncate(MOST);
    mentions.areas.truncate(MOST);
    mentions.years.truncate(MOST);
    mentions.dates.truncate(MOST);
    settle::shared_names(&mut mentions, catalog);
    settle::tenses(&mut mentions);
    settle::runs_of_days(&mut mentions);
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
    vocabulary: &'a Vocabulary,
    parts: Vec<Part>,
}

impl Scan<'_, '_> {
    fn run(&self, mentions: &mut Mentions) {
        let words = self.words;
        let ranges: Vec<Range<usize>> = self.parts.iter().map(|part| part.words.clone()).collect();
        let names = names::find(words, self.catalog, &ranges);
        let beside = Beside::new(words, self.catalog, &names);
        let dates = grammar::find(words, self.vocabulary);
        let tenses = self.vocabulary.tenses(words);
        let cues = self.vocabulary.cues(words);
        let tags = tags::find(words, self.catalog);
        for part in &self.parts {
            let range = &part.words;
            let tense = Tenses { words, cues: slice(&tenses, range, |cue| cue.0), range: range.clone() };
            let place = |word| Place { zone: part.zone, sentence: part.sentence, word, tense: tense.at(word) };
            let cues = slice(&cues, range, |cue| cue.0);
            let has = |wanted: Cue| cues.iter().any(|(_, cue)| *cue == wanted);
            mentions.report_cues += usize::from(has(Cue::Report));
            mentions.field_cues += cues.iter().filter(|(_, cue)| *cue == Cue::Field).count();

            let dates = slice(&dates, range, |dates| dates.first);
            self.names(slice(&names, range, |name| name.first), &beside, dates, &place, mentions);
            for tag in slice(&tags, range, |tag| tag.word) {
                let mut mention = SeriesMention::new(place(tag.word), tag.series);
                mention.year = tag.year;
                mention.is_shared = tag.is_shared;
                match tag.place {
                    Some(Meaning::City(city)) => mention.city = Some(city),
                    Some(Meaning::Area(area)) => mention.area = Some(area.into()),
                    Some(Meaning::Series(_)) | None => {}
                }
                mentions.series.push(mention);
            }
            for found in dates {
                // a day that is nearly all there is in its line is a date line
                let alone = found.count + 5 >= range.len() && !has(Cue::Held);
                let published =
                    found.kind == Kind::Figures || (found.kind == Kind::Day && (has(Cue::Published) || alone));
                let place = place(found.first);
                mentions.dates.push(DatesMention { place, dates: found.clone(), published, held: has(Cue::Held) });
            }
            let in_date = |word: usize| {
                let days = dates.iter().filter(|dates| dates.kind != Kind::Month);
                days.into_iter().any(|dates| (dates.first..dates.first + dates.count).contains(&word))
            };
            for word in range.clone() {
                if let Some(value) = grammar::long_year(words.form(word)).filter(|_| !in_date(word)) {
                    mentions.years.push(Mention { place: place(word), value });
                }
            }
        }
    }

    fn names(
        &self,
        names: &[Name<'_>],
        beside: &Beside<'_, '_>,
        dates: &[Dates],
        place: &impl Fn(usize) -> Place,
        mentions: &mut Mentions,
    ) {
        for (index, hit) in names.iter().enumerate() {
            match &hit.meaning {
                Meaning::Series(series) => {
                    let mut mention = SeriesMention::new(place(hit.first), *series);
                    mention.aside = beside.is_aside(hit.first);
                    mention.dated = dates.iter().any(|dates| dates.kind == Kind::Range);
                    beside.complete(index, names, dates, &mut mention);
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
}

impl SeriesMention {
    fn new(place: Place, series: usize) -> Self {
        Self { place, series, year: None, area: None, city: None, aside: false, dated: false, is_shared: false }
    }
}

/// The part of a sorted list whose words lie within a range.
fn slice<'l, T>(list: &'l [T], range: &Range<usize>, word: impl Fn(&T) -> usize) -> &'l [T] {
    let first = list.partition_point(|item| word(item) < range.start);
    let last = list.partition_point(|item| word(item) < range.end);
    list.get(first..last.max(first)).unwrap_or_default()
}
