//! What can be said only once the whole text is read: whether an edition that is near is that of the report, which abbreviations mean a
//! series, and which days head the parts of a diary. Pure: no I/O.

use std::mem;

use super::editions;
use super::grammar::{self, Dates, Kind};
use super::mentions::{DatesMention, Mentions, Place, Zone};
use super::vocabulary::Tense;
use crate::catalog::Catalog;

/// Takes away abbreviations that are also names of something else, where no city of an edition speaks for them.
pub(super) fn shared_names(mentions: &mut Mentions, catalog: &Catalog) {
    let cities = &mentions.cities;
    let is_named = |city: &str| {
        cities.iter().any(|mention| catalog.places.cities.get(mention.city).is_some_and(|known| known.name == city))
    };
    mentions.series.retain(|mention| {
        let Some(series) = catalog.series.get(mention.series).filter(|_| mention.is_shared) else {
            return !mention.is_shared;
        };
        let meant = series.editions.iter().filter(|edition| {
            mention.year.is_none_or(|year| year == edition.year)
                && mention.area.as_deref().is_none_or(|area| area == editions::area_of(edition))
        });
        meant.filter_map(|edition| edition.city.as_deref()).any(is_named)
    });
}

/// Decides what is near: a later edition where the text tells of another one; else, at its beginning, the edition that it is about.
pub(super) fn tenses(mentions: &mut Mentions) {
    let told = mentions
        .series
        .iter()
        .any(|mention| mention.place.tense == Tense::Now && mention.place.zone != Zone::Body && mention.details() > 0);
    let settle = |place: &mut Place| {
        if place.tense == Tense::Soon {
            let begins = !told && matches!(place.zone, Zone::Title | Zone::Lead);
            place.tense = if begins { Tense::Now } else { Tense::Future };
        }
    };
    mentions.series.iter_mut().for_each(|mention| settle(&mut mention.place));
    mentions.cities.iter_mut().for_each(|mention| settle(&mut mention.place));
    mentions.areas.iter_mut().for_each(|mention| settle(&mut mention.place));
    mentions.years.iter_mut().for_each(|mention| settle(&mut mention.place));
    mentions.dates.iter_mut().for_each(|mention| settle(&mut mention.place));
}

/// Puts days together that follow each other as headings, or as lines of their own: a diary goes from one day of its event to the next.
pub(super) fn runs_of_days(mentions: &mut Mentions) {
    let heads = |mention: &DatesMention| {
        mention.dates.kind == Kind::Day
            && mention.place.sentence.is_some()
            && (mention.published || matches!(mention.place.zone, Zone::Heading | Zone::Title))
    };
    let mut run: Vec<usize> = Vec::new();
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (at, mention) in mentions.dates.iter().enumerate().filter(|(_, mention)| heads(mention)) {
        let last = run.last().and_then(|last| mentions.dates.get(*last));
        match last {
            Some(last) if last.dates.start == mention.dates.start => {}
            Some(last) if follows(&last.dates, &mention.dates) => run.push(at),
            _ => runs.push(mem::replace(&mut run, vec![at])),
        }
    }
    runs.push(run);
    for run in runs.into_iter().filter(|run| run.len() > 1) {
        let days = || run.iter().filter_map(|at| mentions.dates.get(*at));
        let year = days().find_map(|mention| mention.dates.year);
        let Some((first, last)) = days().next().zip(days().next_back()) else { continue };
        let dates = Dates { kind: Kind::Days, end: last.dates.end, year, ..first.dates.clone() };
        let place = Place { zone: Zone::Heading, tense: Tense::Now, ..first.place };
        let together = DatesMention { place, dates, published: false, held: true };
        let starts: Vec<_> = days().map(|mention| mention.dates.start).collect();
        for mention in mentions.dates.iter_mut() {
            mention.published &= !(mention.dates.kind == Kind::Day && starts.contains(&mention.dates.start));
        }
        mentions.dates.push(together);
    }
}

/// Whether a day is the one after another, as far as their years are written.
fn follows(day: &Dates, next: &Dates) -> bool {
    // a leap year, so that 29 February has a day before it and one after it
    let year = day.year.or(next.year).unwrap_or(2024);
    let tomorrow = grammar::date(year, day.start).and_then(|day| day.tomorrow().ok());
    day.year.zip(next.year).is_none_or(|(this, other)| this == other)
        && tomorrow.is_some_and(|tomorrow| (tomorrow.month(), tomorrow.day()) == next.start)
}
