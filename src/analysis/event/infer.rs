//! Puts the event together: what the text states, and what surely follows from it. What does neither stays empty.
//! Pure: no I/O, no clock.

use jiff::civil::Date;

use super::choose::{self, Votes};
use super::editions::{self, Support};
use super::grammar::{self, Kind};
use super::mentions::{DatesMention, Mentions, Place, Zone};
use super::vocabulary::Tense;
use crate::analysis::Event;
use crate::catalog::{Catalog, City, Edition, Series};

/// Votes from which on a year or a city counts without an edition of the catalog behind it.
const CLEAR: u32 = 6;
/// Words of the cloud-native world, and sentences of somebody who was at a conference, from which on a text without the name of an event
/// counts as a report about one.
const FIELD_CUES: usize = 5;
const REPORT_CUES: usize = 2;

/// The event of a text that names a series.
pub(super) fn of_series(
    index: usize,
    mentions: &Mentions,
    catalog: &Catalog,
    published: Option<Date>,
) -> Option<Event> {
    let series = catalog.series.get(index)?;
    let votes = Votes::new(mentions, Some(index));
    let ranked = editions::ranked(series, &votes, catalog, published);
    let sure = ranked.first().filter(|best| {
        let tied = ranked.get(1).is_some_and(|second| second.score == best.score);
        best.score > 0 && !tied && best.is_sure()
    });
    let mut event = Event { name: Some(series.name.clone()), ..Event::default() };
    match sure {
        Some(support) => known(&mut event, support, &votes, mentions, catalog),
        None => unknown(&mut event, series, &votes, catalog, published),
    }
    Some(event)
}

/// The event of a text that names no series, but a city where only one edition of the main series was held.
pub(super) fn of_city(mentions: &Mentions, catalog: &Catalog, published: Option<Date>) -> Option<Event> {
    if mentions.field_cues < FIELD_CUES || mentions.report_cues < REPORT_CUES {
        return None;
    }
    // the main series is the one with most editions of those that go from region to region, the first of equals
    let series = catalog.series.iter().filter(|series| !series.co_located && !editions::is_named_by_city(series));
    let series = series.max_by(|a, b| a.editions.len().cmp(&b.editions.len()).then(std::cmp::Ordering::Greater))?;
    let city_of = |index: &usize| catalog.places.cities.get(*index).map(|city| city.name.as_str());
    let led = mentions.cities.iter().filter(|mention| mention.led && mention.place.tense == Tense::Now);
    let mut cities: Vec<&str> = led.filter_map(|mention| city_of(&mention.city)).collect();
    cities.retain(|city| series.editions.iter().any(|edition| edition.city.as_deref() == Some(*city)));
    cities.sort_unstable();
    cities.dedup();
    let votes = Votes::new(mentions, None);
    let dated = |edition: &&&Edition| votes.dates_of(edition).is_some();
    if cities.len() > 1 {
        // several cities are named: the one that the days belong to
        cities.retain(|city| {
            series
                .editions
                .iter()
                .filter(|edition| edition.city.as_deref() == Some(*city))
                .any(|edition| dated(&&edition))
        });
    }
    let [city] = cities.as_slice() else { return None };
    let held: Vec<&Edition> = series.editions.iter().filter(|edition| edition.city.as_deref() == Some(*city)).collect();
    let near = |edition: &&&Edition| {
        published
            .zip(edition.end)
            .is_some_and(|(published, end)| (-4..=editions::REPORTED_WITHIN).contains(&(published - end).get_days()))
    };
    let edition = match held.as_slice() {
        [edition] => edition,
        several => several.iter().find(dated).or_else(|| several.iter().find(near))?,
    };
    // a series that is mentioned in passing counts where the very days of an edition are told as well
    if !mentions.series.is_empty() && !dated(&edition) {
        return None;
    }
    if !votes.years.is_empty() && !votes.years.contains_key(&edition.year) {
        return None;
    }
    let mut event = Event {
        name: Some(series.name.clone()),
        edition: Some(edition.name.clone()),
        year: Some(edition.year),
        location: Some((*city).to_owned()),
        inferred: vec!["name", "edition", "year"],
        ..Event::default()
    };
    match votes.dates_of(edition).and_then(|(mention, _)| mention.dates.in_year(edition.year)) {
        Some((start, end)) => set_dates(&mut event, start, end),
        None => dates_from_table(&mut event, edition),
    }
    Some(event)
}

/// Fills in an edition of the catalog.
fn known(event: &mut Event, support: &Support<'_>, votes: &Votes<'_>, mentions: &Mentions, catalog: &Catalog) {
    let edition = support.edition;
    let is_city = |index: usize| {
        catalog.places.cities.get(index).is_some_and(|known| Some(known.name.as_str()) == edition.city.as_deref())
    };
    // days that head the parts of a diary need not be all days of its event
    let is_whole = |mention: &DatesMention| {
        mention.dates.kind != Kind::Days || mention.dates.in_year(edition.year) == edition.start.zip(edition.end)
    };
    let in_text = votes.dates_of(edition).map(|(mention, _)| mention).filter(|mention| is_whole(mention));
    let in_text = in_text.or_else(|| {
        // the very day in a line of its own ("Paris, 7 March 2023") states it, whatever the line is for
        let one_day = edition.start.is_some() && edition.start == edition.end;
        let same = |start, year| edition.start == grammar::date(year, start);
        mentions.dates.iter().find(|mention| {
            one_day
                && mention.dates.kind == Kind::Day
                && same(mention.dates.start, mention.dates.year.unwrap_or(edition.year))
        })
    });
    let in_text = in_text.or_else(|| {
        // the catalog does not know the dates: those beside the name will do
        let unknown = edition.start.is_none();
        let fits = |mention: &DatesMention| {
            unknown
                && mention.dates.kind.has_several_days()
                && mention.dates.year.is_none_or(|year| year == edition.year)
        };
        votes.best_dates(fits).map(|(mention, _)| mention)
    });
    let in_text = in_text.or_else(|| {
        // or one full date in the sentence that introduces the event by its name or its city: small events last a day
        let introduces = |mention: &DatesMention, weight: u32| {
            let beside = |place: &Place| place.sentence == mention.place.sentence;
            weight >= choose::BESIDE || mentions.cities.iter().any(|city| beside(&city.place) && is_city(city.city))
        };
        let fits = |mention: &DatesMention| {
            edition.start.is_none()
                && mention.dates.kind == Kind::Day
                && mention.dates.year == Some(edition.year)
                && matches!(mention.place.zone, Zone::Title | Zone::Lead)
        };
        votes.best_dates(fits).filter(|(mention, weight)| introduces(mention, *weight)).map(|(mention, _)| mention)
    });
    let year_stated = support.year > 0 || in_text.is_some_and(|mention| mention.dates.year == Some(edition.year));
    let place = editions::area_of(edition);
    let place_stated =
        place.is_empty() || support.area > 0 || (support.city > 0 && edition.city.as_deref() == Some(place.as_ref()));
    event.year = Some(edition.year);
    event.edition = Some(edition.name.clone());
    if !(year_stated && place_stated) {
        event.inferred.push("edition");
    }
    if !year_stated {
        event.inferred.push("year");
    }
    if let Some(city) = &edition.city {
        event.location = Some(city.clone());
        let stated = mentions.cities.iter().any(|mention| mention.place.tense == Tense::Now && is_city(mention.city));
        if !stated && support.city == 0 {
            event.inferred.push("location");
        }
    }
    match in_text.and_then(|mention| mention.dates.in_year(edition.year)) {
        Some((start, end)) => set_dates(event, start, end),
        None => dates_from_table(event, edition),
    }
}

/// Fills in what the text says about an edition that the catalog does not know, or that stays unclear.
fn unknown(event: &mut Event, series: &Series, votes: &Votes<'_>, catalog: &Catalog, published: Option<Date>) {
    let dates = votes.best_dates(|mention| {
        let prominent = mention.place.zone != Zone::Body;
        mention.dates.kind.has_several_days() && (prominent || mention.held)
    });
    let day = || {
        votes.best_dates(|mention| {
            mention.dates.kind == Kind::Day && mention.held && matches!(mention.place.zone, Zone::Lead | Zone::Title)
        })
    };
    let dates = dates.or_else(day).map(|(mention, _)| &mention.dates);
    let voted = Votes::top(&votes.years).filter(|(_, votes)| *votes >= CLEAR).map(|(year, _)| year);
    let reported = |published: Date| {
        let (_, end) = dates?.in_year(i32::from(published.year()))?;
        (0..=editions::REPORTED_WITHIN).contains(&(published - end).get_days()).then_some(i32::from(published.year()))
    };
    event.year = voted.or_else(|| dates.and_then(|dates| dates.year)).or_else(|| {
        let year = published.and_then(reported)?;
        event.inferred.push("year");
        Some(year)
    });
    let city = Votes::top(&votes.cities).filter(|(_, votes)| *votes >= CLEAR);
    let city = city.and_then(|(city, votes)| Some((catalog.places.cities.get(city)?, votes)));
    let city = city.filter(|(city, _)| event.year.is_none_or(|year| !is_of_another_year(series, &city.name, year)));
    event.location = city.map(|(city, _)| city.name.clone());
    let Some(year) = event.year else { return };
    let area = Votes::top(&votes.areas).filter(|(_, votes)| *votes >= CLEAR);
    if let Some(place) = place_in_name(series, area, city) {
        if place.inferred || event.inferred.contains(&"year") {
            event.inferred.push("edition");
        }
        event.edition = Some(format!("{} {year}", place.name).trim().to_owned());
    }
    let dates = dates.filter(|dates| dates.year.is_none_or(|own| own == year));
    if let Some((start, end)) = dates.and_then(|dates| dates.in_year(year)) {
        set_dates(event, start, end);
    }
}

/// Whether the catalog knows the editions of this year, and that the one in this city was in another year.
fn is_of_another_year(series: &Series, city: &str, year: i32) -> bool {
    let held_in = |edition: &&Edition| edition.city.as_deref() == Some(city);
    !editions::is_named_by_city(series)
        && series.editions.iter().any(|edition| edition.year == year)
        && series.editions.iter().any(|edition| held_in(&edition))
        && !series.editions.iter().filter(held_in).any(|edition| edition.year == year)
}

/// What stands before the year in the name of an edition, and whether the text says it itself.
struct PlaceInName<'a> {
    name: &'a str,
    inferred: bool,
}

/// How the series names its editions: by region as KubeCon, by city as DevOpsDays, or by the year alone.
fn place_in_name<'a>(
    series: &Series,
    area: Option<(&'a str, u32)>,
    city: Option<(&'a City, u32)>,
) -> Option<PlaceInName<'a>> {
    let stated = |name| Some(PlaceInName { name, inferred: false });
    let has_editions = !series.editions.is_empty();
    if has_editions && series.editions.iter().all(|edition| editions::area_of(edition).is_empty()) {
        return stated("");
    }
    let by_city = editions::is_named_by_city(series);
    match (area, city) {
        (Some((area, _)), None) => stated(area),
        (Some((area, for_area)), Some((_, for_city))) if !by_city || for_area > for_city => stated(area),
        (_, Some((city, _))) if by_city => stated(&city.name),
        (_, Some((city, _))) => Some(PlaceInName { name: &city.region, inferred: true }),
        // a series with several editions a year is not told by the year
        (None, None) => {
            if has_editions {
                None
            } else {
                stated("")
            }
        }
    }
}

fn dates_from_table(event: &mut Event, edition: &Edition) {
    if let (Some(start), Some(end)) = (edition.start, edition.end) {
        set_dates(event, start, end);
        event.inferred.extend(["startDate", "endDate"]);
    }
}

fn set_dates(event: &mut Event, start: Date, end: Date) {
    event.start_date = Some(start.to_string());
    event.end_date = Some(end.to_string());
}
