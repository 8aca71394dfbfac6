//! The editions of a series, and how much of what a text says speaks for each of them. All weights are integers, and ties fall to the
//! earlier edition of the catalog. Pure: no I/O.

use std::borrow::Cow;

use super::choose::{self, Votes};
use super::grammar::{Dates, Kind};
use super::mentions::Zone;
use crate::catalog::{Area, Catalog, Edition, Series};

/// Days between the dates in a text and those of an edition that are still the same event: co-located days before, a shortened stay after.
const SLACK: i32 = 2;
/// Days after an event in which reports about it are published, and in which most are.
pub(super) const REPORTED_WITHIN: i32 = 120;
const FRESH: i32 = 45;
/// Days before an event from which on diaries of it begin.
const EVE: i32 = 4;
/// Days that the longest of these events take.
const LONGEST: i32 = 7;
/// What the month of an edition beside the name of the series adds.
const IN_MONTH: i64 = 6;

/// Whether dates in a text are those of an edition: several days that are about its days, or the only day of one that lasts a day.
pub(super) fn agrees(dates: &Dates, edition: &Edition) -> bool {
    let (Some(start), Some(end)) = (edition.start, edition.end) else { return false };
    if dates.year.is_some_and(|year| year != edition.year) {
        return false;
    }
    let Some((first, last)) = dates.in_year(edition.year) else { return false };
    match dates.kind {
        Kind::Range | Kind::Days => {
            let before = (start - first).get_days();
            let after = (last - end).get_days();
            before <= SLACK && after <= SLACK && first <= end && last >= start
        }
        Kind::Day => start == end && first == start,
        Kind::Figures | Kind::Month => false,
    }
}

/// What the name of an edition says beside its year ("Europe 2018": "Europe").
pub(super) fn area_of(edition: &Edition) -> Cow<'_, str> {
    let (name, year) = (edition.name.as_str(), edition.year.to_string());
    // Nearly all names end with the year and have no other figure.
    match name.strip_suffix(&year).filter(|rest| !rest.bytes().any(|byte| byte.is_ascii_digit())) {
        Some(area) => Cow::Borrowed(area.trim()),
        None => Cow::Owned(name.replace(&year, "").trim().to_owned()),
    }
}

/// Whether a place in a text, under its English name, is what the name of an edition says: "United Kingdom" is the "UK" of "UK 2024".
pub(super) fn is_area(name: &str, area: &str, catalog: &Catalog) -> bool {
    let places = &catalog.places;
    let spelt = |known: &Area| known.name == name && known.surfaces.iter().any(|surface| surface.text == area);
    name.eq_ignore_ascii_case(area) || places.countries.iter().chain(&places.regions).any(spelt)
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
    /// Whether the text names its month beside the series.
    month: bool,
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
        (year && (area || city || dates || self.month || self.alone_in_year || self.fresh))
            || (city && (dates || self.near || (self.alone_in_city && self.city >= 3)))
            || (dates && (area || self.near || self.dates >= 10))
            || (area && self.near)
    }
}

/// What speaks for the editions of a series, the best one first.
pub(super) fn ranked<'c>(
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
        let is_area = |name: &str| is_area(name, &area, catalog);
        let year = votes.years.get(&edition.year).copied().unwrap_or(0);
        let area_votes: u32 = votes.areas.iter().filter(|(name, _)| is_area(name)).map(|(_, votes)| votes).sum();
        let city_votes: u32 = votes.cities.iter().filter(|(index, _)| is_city(**index)).map(|(_, votes)| votes).sum();
        let dates = votes.dates_of(edition).map_or(0, |(_, weight)| weight);
        let month = votes.names_month_of(edition);
        let mut score = i64::from(year + area_votes + city_votes + dates) + if month { IN_MONTH } else { 0 };
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
        // a diary is dated from the evening before the first day
        let begun =
            published.zip(edition.start).is_none_or(|(published, start)| (published - start).get_days() >= -EVE);
        let near = begun && days.is_some_and(|days| days <= REPORTED_WITHIN);
        let just_held = begun && days.is_some_and(|days| days <= FRESH);
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
            month,
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
            support.score -= i64::from(2 * choose::weight(Zone::Title));
        }
    }
    list.sort_by_key(|support| std::cmp::Reverse(support.score));
    list
}
