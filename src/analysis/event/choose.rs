//! Weighs what a text says about events: which series it is about, and which years, places and dates it names.
//! All weights are integers, and ties fall to the earlier mention. Pure: no I/O, no clock.

use std::collections::{BTreeMap, BTreeSet};

use super::editions;
use super::grammar::Kind;
use super::mentions::{DatesMention, Mentions, Place, SeriesMention, Zone};
use super::vocabulary::Tense;
use crate::catalog::{Catalog, Edition};

/// Most that mentions in the body add to the weight of a series.
const BODY_LIMIT: u32 = 14;
/// Details beside the name of a series that make a mention explicit: "KubeCon Europe 2018", "KubeCon in Copenhagen, May 2-4".
const EXPLICIT: u32 = 2;
/// Most details that add to the weight of a mention.
const DETAILS: u32 = 3;

/// What the name of the series in the same sentence adds to dates.
pub(super) const BESIDE: u32 = 6;

/// How much a mention weighs at this place in the text.
pub(super) fn weight(zone: Zone) -> u32 {
    match zone {
        Zone::Title => 12,
        Zone::Lead => 6,
        Zone::Heading => 4,
        Zone::Body => 2,
    }
}

/// The series that the text is about, by its index in the catalog. `None` where it speaks of none, or of one only in passing.
pub(super) fn series(mentions: &Mentions, catalog: &Catalog) -> Option<usize> {
    let mut weights: BTreeMap<usize, Tally> = BTreeMap::new();
    for mention in &mentions.series {
        weights.entry(mention.series).or_default().add(mention, mentions);
    }
    let total = |tally: &Tally| tally.high + tally.body.min(BODY_LIMIT);
    let co_located = |series: usize| catalog.series.get(series).is_some_and(|series| series.co_located);
    // the strongest; of equally strong ones the one that is named first
    let best = |list: &mut dyn Iterator<Item = (usize, Tally)>| {
        list.max_by_key(|(series, tally)| (total(tally), std::cmp::Reverse((tally.first, *series))))
    };
    let entries = || weights.iter().map(|(series, tally)| (*series, *tally));
    let small = best(&mut entries().filter(|(series, _)| co_located(*series)));
    let large = best(&mut entries().filter(|(series, _)| !co_located(*series)));
    let (chosen, tally) = match (large, small) {
        // an event beside a larger one is the subject only where the larger one is hardly mentioned
        (Some(large), Some(small)) if small.1.title && !large.1.title && total(&small.1) >= 2 * total(&large.1) => {
            small
        }
        // or where it is named only once, to say what the smaller one was held beside
        (Some(large), Some(small))
            if !large.1.title
                && large.1.count == 1
                && small.1.count >= 2
                && small.1.first < large.1.first
                && total(&small.1) >= 2 * total(&large.1) =>
        {
            small
        }
        (Some(large), _) => large,
        (None, small) => small?,
    };
    (!is_passing(&tally, mentions)).then_some(chosen)
}

/// How a series is mentioned.
#[derive(Clone, Copy, Default)]
struct Tally {
    high: u32,
    body: u32,
    title: bool,
    prominent: bool,
    /// Whether a prominent mention says which edition, or an explicit one in the first part of the text.
    edition: bool,
    count: usize,
    /// Mentions that do not speak of a later edition.
    present: usize,
    first: (usize, usize),
}

impl Tally {
    fn add(&mut self, mention: &SeriesMention, mentions: &Mentions) {
        let place = mention.place;
        let details = mention.details();
        let full = weight(place.zone) * (2 + details.min(DETAILS)) / 2;
        let weight = if place.tense == Tense::Now && !mention.aside { full } else { full / 3 };
        if place.zone == Zone::Body {
            self.body += weight;
        } else {
            self.high += weight;
        }
        self.title |= place.zone == Zone::Title;
        self.prominent |= place.zone != Zone::Body;
        let explicit = details >= EXPLICIT && !mention.aside && is_early(&place, mentions);
        self.edition |= place.tense != Tense::Future && (explicit || (place.zone != Zone::Body && details > 0));
        if self.count == 0 {
            self.first = position(&place);
        }
        self.count += 1;
        self.present += usize::from(place.tense != Tense::Future);
    }
}

/// Whether a text that names a series so is about something else: a product page that invites to a booth, a blog post with an aside.
fn is_passing(tally: &Tally, mentions: &Mentions) -> bool {
    if tally.title {
        return false;
    }
    let sparse = tally.count <= 1 + mentions.sentences / 60;
    let early = tally.first.0 <= early_until(mentions);
    let reported = mentions.report_cues >= 2 + mentions.sentences / 40;
    (sparse && !(early && (reported || tally.edition)) && !(tally.prominent && early && mentions.sentences < 12))
        || (tally.present == 0 && sparse)
        || (!tally.prominent && !tally.edition && !reported)
}

/// Number of sentences that make the first part of a text.
fn early_until(mentions: &Mentions) -> usize {
    3 + mentions.sentences / 4
}

fn is_early(place: &Place, mentions: &Mentions) -> bool {
    position(place).0 <= early_until(mentions)
}

/// Sentence and word, for the order of the text; the title comes first.
pub(super) fn position(place: &Place) -> (usize, usize) {
    (place.sentence.map_or(0, |sentence| sentence + 1), place.word)
}

/// Year, area and city that stand together beside the name of a series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Together<'m> {
    pub year: Option<i32>,
    pub area: Option<&'m str>,
    pub city: Option<usize>,
    pub weight: u32,
}

/// What speaks for the editions of one series.
#[derive(Debug, Default)]
pub(super) struct Votes<'m> {
    pub years: BTreeMap<i32, u32>,
    /// By index in the catalog's cities.
    pub cities: BTreeMap<usize, u32>,
    /// By English name.
    pub areas: BTreeMap<&'m str, u32>,
    /// Year, area and city that stand together beside the name of the series.
    pub together: Vec<Together<'m>>,
    /// Dates that may be those of the event, with their weight.
    pub dates: Vec<(&'m DatesMention, u32)>,
}

impl<'m> Votes<'m> {
    /// Collects what the text says about a series; without one, what it says about any event.
    pub fn new(mentions: &'m Mentions, series: Option<usize>) -> Self {
        let mut votes = Self::default();
        let named: Vec<&SeriesMention> =
            mentions.series.iter().filter(|mention| Some(mention.series) == series).collect();
        let held: BTreeSet<_> = named.iter().map(|mention| (mention.place.sentence, mention.place.tense)).collect();
        let beside = |place: &Place| held.contains(&(place.sentence, place.tense));
        for mention in &named {
            if mention.place.tense != Tense::Now {
                continue;
            }
            let weight = 2 * weight(mention.place.zone);
            let area = mention.area.as_deref();
            if let Some(year) = mention.year {
                *votes.years.entry(year).or_default() += weight;
            }
            if let Some(area) = area {
                *votes.areas.entry(area).or_default() += weight;
            }
            if let Some(city) = mention.city {
                *votes.cities.entry(city).or_default() += weight;
            }
            votes.together.push(Together { year: mention.year, area, city: mention.city, weight });
        }
        for mention in mentions.years.iter().filter(|mention| mention.place.tense == Tense::Now) {
            let weight = weight(mention.place.zone);
            let counts = match mention.place.zone {
                Zone::Title => weight,
                _ if beside(&mention.place) => weight,
                Zone::Lead => weight / 3,
                _ => 0,
            };
            if counts > 0 {
                *votes.years.entry(mention.value).or_default() += counts;
            }
        }
        for mention in mentions.areas.iter().filter(|mention| mention.place.tense == Tense::Now) {
            if mention.place.zone == Zone::Title || beside(&mention.place) {
                *votes.areas.entry(&mention.value).or_default() += weight(mention.place.zone);
            }
        }
        for mention in mentions.cities.iter().filter(|mention| mention.place.tense == Tense::Now) {
            let weight = weight(mention.place.zone);
            let counts = match mention.place.zone {
                Zone::Title => weight,
                _ if beside(&mention.place) => weight,
                Zone::Lead if mention.led => weight / 2,
                Zone::Lead => weight / 3,
                _ if mention.led => 1,
                _ => continue,
            };
            *votes.cities.entry(mention.city).or_default() += counts;
        }
        for mention in mentions.dates.iter().filter(|mention| mention.place.tense == Tense::Now && !mention.published) {
            let kind = mention.dates.kind;
            let is_beside = beside(&mention.place);
            if kind == Kind::Month && !is_beside {
                continue;
            }
            let base = if kind.has_several_days() { weight(mention.place.zone) + 4 } else { 1 };
            let near = if is_beside { BESIDE } else { 0 } + if mention.held { 2 } else { 0 };
            votes.dates.push((mention, base + near));
            let counts = match kind {
                Kind::Range | Kind::Days => base + near,
                Kind::Day if is_beside => weight(mention.place.zone),
                Kind::Day | Kind::Figures | Kind::Month => continue,
            };
            if let Some(year) = mention.dates.year {
                *votes.years.entry(year).or_default() += counts;
            }
        }
        votes
    }

    /// The dates in the text that agree best with an edition: those that run over several days, or its only day.
    pub fn dates_of(&self, edition: &Edition) -> Option<(&'m DatesMention, u32)> {
        self.best_dates(|mention| editions::agrees(&mention.dates, edition))
    }

    /// Whether the text names the month of an edition beside the series.
    pub fn names_month_of(&self, edition: &Edition) -> bool {
        let months = self.dates.iter().map(|(mention, _)| &mention.dates).filter(|dates| dates.kind == Kind::Month);
        let starts_in = |month: i8| edition.start.is_some_and(|start| start.month() == month);
        months.into_iter().any(|dates| dates.year == Some(edition.year) && starts_in(dates.start.0))
    }

    /// The best of the dates that fit; of equally good ones the first.
    pub fn best_dates(&self, fits: impl Fn(&DatesMention) -> bool) -> Option<(&'m DatesMention, u32)> {
        let fitting = self.dates.iter().filter(|(mention, _)| fits(mention));
        fitting.max_by_key(|(mention, weight)| (*weight, std::cmp::Reverse(position(&mention.place)))).copied()
    }

    /// The value with most votes, with its votes; of equals the smallest.
    pub fn top<K: Ord + Copy>(votes: &BTreeMap<K, u32>) -> Option<(K, u32)> {
        votes.iter().max_by_key(|(key, votes)| (**votes, std::cmp::Reverse(**key))).map(|(key, votes)| (*key, *votes))
    }
}
