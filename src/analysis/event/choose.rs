//! Weighs what a text says about events: which series it is about, and which years, places and dates speak for which of its editions.
//! All weights are integers, and ties fall to the earlier mention. Pure: no I/O, no clock.

use std::collections::BTreeMap;

use super::grammar::Kind;
use super::lexicon::Tense;
use super::mentions::{DatesMention, Mentions, Place, SeriesMention, Zone};
use crate::catalog::{Catalog, Edition, Series};

/// Most that mentions in the body add to the weight of a series.
const BODY_LIMIT: u32 = 14;
/// Days between the dates in a text and those of an edition that are still the same event: co-located days before, a shortened stay after.
const SLACK: i32 = 2;

/// Days after an event in which reports about it are published, and in which most are.
pub(super) const REPORTED_WITHIN: i32 = 120;
const FRESH: i32 = 45;
/// Days that the longest of these events take.
const LONGEST: i32 = 7;

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
        weights.entry(mention.series).or_default().add(mention);
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
    /// Whether a prominent mention says which edition.
    edition: bool,
    count: usize,
    /// Mentions that do not speak of a later edition.
    present: usize,
    first: (usize, usize),
}

impl Tally {
    fn add(&mut self, mention: &SeriesMention) {
        let place = mention.place;
        let edition = mention.year.is_some() || mention.area.is_some() || mention.city.is_some() || mention.dated;
        let full = weight(place.zone) * if edition { 3 } else { 2 } / 2;
        let weight = if place.tense == Tense::Now && !mention.aside { full } else { full / 3 };
        if place.zone == Zone::Body {
            self.body += weight;
        } else {
            self.high += weight;
        }
        self.title |= place.zone == Zone::Title;
        self.prominent |= place.zone != Zone::Body;
        self.edition |= place.zone != Zone::Body && edition && place.tense != Tense::Future;
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
    let early = tally.first.0 <= 3 + mentions.sentences / 4;
    let reported = mentions.report_cues >= 2 + mentions.sentences / 40;
    (sparse && !(early && (reported || tally.edition)) && !(tally.prominent && early && mentions.sentences < 12))
        || (tally.present == 0 && sparse)
        || (!tally.prominent && !reported)
}

/// Sentence and word, for the order of the text; the title comes first.
pub(super) fn position(place: &Place) -> (usize, usize) {
    (place.sentence.map_or(0, |sentence| sentence + 1), place.word)
}

/// Year, area and city that stand together beside the name of a series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Together<'m> {
    year: Option<i32>,
    area: Option<&'m str>,
    city: Option<usize>,
    weight: u32,
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
        let beside = |place: &Place| {
            named.iter().any(|mention| mention.place.sentence == place.sentence && mention.place.tense == place.tense)
        };
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
            let base = if mention.dates.kind == Kind::Range { weight(mention.place.zone) + 4 } else { 1 };
            let near = if beside(&mention.place) { BESIDE } else { 0 } + if mention.held { 2 } else { 0 };
            votes.dates.push((mention, base + near));
            if let Some(year) = mention.dates.year.filter(|_| mention.dates.kind == Kind::Range) {
                *votes.years.entry(year).or_default() += base + near;
            }
        }
        votes
    }

    /// The dates in the text that agree best with an edition, of those that run over several days.
    pub fn dates_of(&self, edition: &Edition) -> Option<(&'m DatesMention, u32)> {
        self.best_dates(|mention| mention.dates.kind == Kind::Range && agrees(mention, edition))
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

/// Whether dates in a text are those of an edition.
pub(super) fn agrees(mention: &DatesMention, edition: &Edition) -> bool {
    let (Some(start), Some(end)) = (edition.start, edition.end) else { return false };
    let same_year = mention.dates.year.is_none_or(|year| year == edition.year);
    same_year
        && mention.dates.in_year(edition.year).is_some_and(|(first, last)| {
            let before = (start - first).get_days();
            let after = (last - end).get_days();
            before <= SLACK && after <= SLACK && first <= end && last >= start
        })
}

/// What the name of an edition says beside its year ("Europe 2018": "Europe").
pub(super) fn area_of(edition: &Edition) -> String {
    edition.name.replace(&edition.year.to_string(), "").trim().to_owned()
}

/// Whether a series names its editions by their cities (DevOpsDays), rather than by region (KubeCon) or year.
pub(super) fn is_named_by_city(series: &Series) -> bool {
    let named = |edition: &&Edition| edition.city.as_deref().is_some_and(|city| edition.name.starts_with(city));
    2 * series.editions.iter().filter(named).count() >= series.editions.len()
}

/// An edition with what speaks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Support<'c> {
    pub edition: &'c Edition,
    pub score: i64,
    pub year: u32,
    pub area: u32,
    pub city: u32,
    pub dates: u32,
    /// Whether the text was published soon after it.
    pub near: bool,
    /// Whether it was published before it.
    announced: bool,
    /// Whether it was published right after it, of a series whose editions are all known.
    pub fresh: bool,
    /// Whether no other edition was held in the same year, or in the same city. Said only of series that name their editions by region:
    /// nobody knows all editions of those that go from city to city.
    pub alone_in_year: bool,
    pub alone_in_city: bool,
    /// Whether the text speaks clearly for another city than that of an edition that is named by its city.
    elsewhere: bool,
}

impl Support<'_> {
    /// Whether enough speaks for the edition to name it. The date of publication supports, but does not decide alone.
    pub fn is_sure(&self) -> bool {
        if self.elsewhere && self.city == 0 && self.area == 0 {
            return false;
        }
        let (year, area, city, dates) = (self.year > 0, self.area > 0, self.city > 0, self.dates > 0);
        (year && (area || city || dates || self.alone_in_year || self.fresh))
            || (city && (dates || self.near || (self.alone_in_city && self.city >= 3)))
            || (dates && (area || self.near || self.dates >= 10))
            || (area && self.near)
    }
}

/// What speaks for the editions of a series, the best one first.
pub(super) fn editions<'c>(
    series: &'c Series,
    votes: &Votes<'_>,
    catalog: &Catalog,
    published: Option<jiff::civil::Date>,
) -> Vec<Support<'c>> {
    let strongest_year = Votes::top(&votes.years).map_or(0, |(_, votes)| votes);
    let strongest_city = Votes::top(&votes.cities).map_or(0, |(_, votes)| votes);
    let by_city = is_named_by_city(series);
    let support = |edition: &'c Edition| {
        let area = area_of(edition);
        let city = edition.city.as_deref();
        let is_city =
            |index: usize| catalog.places.cities.get(index).is_some_and(|known| Some(known.name.as_str()) == city);
        let is_area = |name: &str| name.eq_ignore_ascii_case(&area);
        let year = votes.years.get(&edition.year).copied().unwrap_or(0);
        let area_votes: u32 = votes.areas.iter().filter(|(name, _)| is_area(name)).map(|(_, votes)| votes).sum();
        let city_votes: u32 = votes.cities.iter().filter(|(index, _)| is_city(**index)).map(|(_, votes)| votes).sum();
        let dates = votes.dates_of(edition).map_or(0, |(_, weight)| weight);
        let mut score = i64::from(year + area_votes + city_votes + dates);
        for beside in &votes.together {
            let fits = beside.year.is_none_or(|year| year == edition.year)
                && beside.area.is_none_or(is_area)
                && beside.city.is_none_or(is_city);
            if beside.year.is_some() || beside.area.is_some() || beside.city.is_some() {
                score += if fits { i64::from(beside.weight) } else { -i64::from(beside.weight) };
            }
        }
        if year == 0 {
            score -= i64::from(strongest_year);
        }
        let days = published.zip(edition.end).map(|(published, end)| (published - end).get_days());
        let near = days.is_some_and(|days| (-4..=REPORTED_WITHIN).contains(&days));
        let just_held = days.is_some_and(|days| (-4..=FRESH).contains(&days));
        // A report is written after the event, or while it goes on: where the text speaks of one that was just over, a later one is announced.
        let announced = days.is_some_and(|days| days < -LONGEST);
        let alike = |same: &dyn Fn(&Edition) -> bool| {
            !by_city && series.editions.iter().filter(|other| same(other)).count() == 1
        };
        Support {
            edition,
            announced,
            score: score
                + if just_held {
                    5
                } else if near {
                    3
                } else {
                    0
                },
            year,
            area: area_votes,
            city: city_votes,
            dates,
            near,
            fresh: just_held && !by_city,
            alone_in_year: alike(&|other| other.year == edition.year),
            alone_in_city: alike(&|other| other.city == edition.city),
            elsewhere: by_city && strongest_city > 0,
        }
    };
    let mut list: Vec<Support<'c>> = series.editions.iter().map(support).collect();
    if list.iter().any(|support| support.near && (support.city > 0 || support.dates > 0)) {
        for support in list.iter_mut().filter(|support| support.announced) {
            support.score -= i64::from(2 * weight(Zone::Title));
        }
    }
    list.sort_by_key(|support| std::cmp::Reverse(support.score));
    list
}
