//! What is known about the event beforehand, over what the text says: a field that is given wins, what the text says about another edition is left
//! out, and the table of editions fills in what surely follows. Pure: no I/O, no clock.

use jiff::civil::Date;

use crate::analysis::{Event, EventHints};
use crate::catalog::fold::fold;
use crate::catalog::{Catalog, Edition, Series};

/// The event with what is known beforehand.
pub(super) fn apply(found: Option<Event>, hints: &EventHints, catalog: &Catalog) -> Option<Event> {
    if *hints == EventHints::default() {
        return found;
    }
    let mut event = found.unwrap_or_default();
    let named = hints.name.as_deref().or(event.name.as_deref());
    let series = named.and_then(|name| series_of(name, catalog));
    if is_another_series(hints, &event, catalog) {
        event = Event::default();
    }
    let contradicted = contradicts(hints, &event);
    let edition = series.and_then(|series| edition_of(series, hints));
    if contradicted {
        event = Event { name: event.name, ..Event::default() };
    }
    match edition {
        Some(edition) => fill_in(&mut event, edition),
        None if event.year.is_none() => {
            event.year =
                hints.edition.as_deref().and_then(year_in).or_else(|| hints.start_date.as_deref().and_then(year_of));
            if event.year.is_some() {
                event.inferred.push("year");
            }
        }
        None => {}
    }
    let mut given = Vec::new();
    for (name, hint, field) in [
        ("name", &hints.name, &mut event.name),
        ("edition", &hints.edition, &mut event.edition),
        ("location", &hints.location, &mut event.location),
        ("startDate", &hints.start_date, &mut event.start_date),
        ("endDate", &hints.end_date, &mut event.end_date),
    ] {
        if hint.is_some() {
            field.clone_from(hint);
            given.push(name);
        }
    }
    if let Some(year) = hints.year {
        event.year = Some(year);
        given.push("year");
    }
    // One day that is given must not lie behind or before the other one, which is not.
    if event.start_date.is_some() && event.end_date.is_some() && event.start_date > event.end_date {
        if hints.start_date.is_none() {
            event.start_date = None;
        } else {
            event.end_date = None;
        }
    }
    let (start, end) = (event.start_date.is_some(), event.end_date.is_some());
    event
        .inferred
        .retain(|field| !given.contains(field) && (*field != "startDate" || start) && (*field != "endDate" || end));
    Some(event)
}

/// The series that is called so.
fn series_of<'c>(name: &str, catalog: &'c Catalog) -> Option<&'c Series> {
    let name = fold(name);
    catalog.series.iter().find(|series| series.surfaces.iter().any(|surface| fold(&surface.text) == name))
}

/// Whether the hinted name is that of another series than the one in the text.
fn is_another_series(hints: &EventHints, event: &Event, catalog: &Catalog) -> bool {
    let (Some(hinted), Some(found)) = (&hints.name, &event.name) else { return false };
    match (series_of(hinted, catalog), series_of(found, catalog)) {
        (Some(hinted), Some(found)) => hinted.name != found.name,
        _ => fold(hinted) != fold(found),
    }
}

/// Whether what is known belongs to another edition than what the text says.
fn contradicts(hints: &EventHints, event: &Event) -> bool {
    let differ = |hint: &Option<String>, found: &Option<String>, same: fn(&str) -> String| {
        hint.as_deref().zip(found.as_deref()).is_some_and(|(hint, found)| same(hint) != same(found))
    };
    let year = hints.year.or_else(|| hints.start_date.as_deref().or(hints.end_date.as_deref()).and_then(year_of));
    differ(&hints.edition, &event.edition, plain_edition)
        || differ(&hints.location, &event.location, fold)
        || year.zip(event.year).is_some_and(|(hint, found)| hint != found)
        || event.year.zip(hints.edition.as_deref().and_then(year_in)).is_some_and(|(found, hint)| hint != found)
}

/// The one edition of the table that everything known beforehand fits. The name alone fits none.
fn edition_of<'c>(series: &'c Series, hints: &EventHints) -> Option<&'c Edition> {
    let hinted =
        hints.edition.is_some() || hints.year.is_some() || hints.location.is_some() || hints.start_date.is_some();
    let plain = |name: &str| {
        let name = plain_edition(name);
        let prefix =
            series.surfaces.iter().map(|surface| fold(&surface.text)).filter(|known| name.starts_with(known.as_str()));
        let longest = prefix.map(|known| known.len()).max().unwrap_or(0);
        name.get(longest..).unwrap_or_default().trim().to_owned()
    };
    let fits = |edition: &&Edition| {
        let same_city = |city: &str| edition.city.as_deref().is_some_and(|own| fold(own) == fold(city));
        let within = |day: Date| {
            edition
                .start
                .zip(edition.end)
                .is_none_or(|(start, end)| (-7..=7).contains(&(day - start).get_days()) || (start..=end).contains(&day))
        };
        hints.edition.as_deref().is_none_or(|name| plain(name) == plain_edition(&edition.name))
            && hints.year.is_none_or(|year| year == edition.year)
            && hints.location.as_deref().is_none_or(same_city)
            && hints.start_date.as_deref().and_then(|day| day.parse().ok()).is_none_or(within)
    };
    let mut fitting = series.editions.iter().filter(|_| hinted).filter(fits);
    let edition = fitting.next()?;
    fitting.next().is_none().then_some(edition)
}

/// Fills in what the table says and the text does not.
fn fill_in(event: &mut Event, edition: &Edition) {
    let (start, end) = (edition.start.map(|day| day.to_string()), edition.end.map(|day| day.to_string()));
    if event.start_date.is_none() && event.end_date.is_none() {
        for (name, field, known) in [("startDate", &mut event.start_date, start), ("endDate", &mut event.end_date, end)]
        {
            if known.is_some() {
                *field = known;
                event.inferred.push(name);
            }
        }
    }
    if event.year.is_none() {
        event.year = Some(edition.year);
        event.inferred.push("year");
    }
    for (name, field, known) in [
        ("edition", &mut event.edition, Some(edition.name.clone())),
        ("location", &mut event.location, edition.city.clone()),
    ] {
        if field.is_none() && known.is_some() {
            *field = known;
            event.inferred.push(name);
        }
    }
}

/// The name of an edition in one form: "EU 2024" and "Europe 2024" are the same.
fn plain_edition(name: &str) -> String {
    let words = fold(name);
    let words = words.split(' ').map(|word| match word {
        "eu" => "europe",
        "na" => "north america",
        other => other,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The year in the name of an edition.
fn year_in(name: &str) -> Option<i32> {
    let mut numbers = name.split(|c: char| !c.is_ascii_digit()).filter(|number| number.len() == 4);
    numbers.next().and_then(|number| number.parse().ok()).filter(|year| (2000..=2100).contains(year))
}

/// The year of a day.
fn year_of(day: &str) -> Option<i32> {
    day.get(..4).and_then(year_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Event {
        Event {
            name: Some("KubeCon + CloudNativeCon".into()),
            edition: Some("Europe 2023".into()),
            year: Some(2023),
            location: Some("Amsterdam".into()),
            start_date: Some("2023-04-18".into()),
            end_date: Some("2023-04-21".into()),
            inferred: vec!["year"],
        }
    }

    fn line(event: &Event) -> String {
        let fields = [&event.name, &event.edition, &event.location, &event.start_date, &event.end_date];
        let fields: Vec<&str> = fields.iter().map(|field| field.as_deref().unwrap_or("-")).collect();
        format!("{} {} {:?}", fields.join(" | "), event.year.unwrap_or(0), event.inferred)
    }

    #[test]
    fn what_is_known_beforehand_gives_one_event_and_no_mixture_of_two() {
        let text = |value: &str| Some(value.to_owned());
        let table = [
            (
                EventHints { edition: text("Europe 2024"), ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | Europe 2024 | Paris | 2024-03-19 | 2024-03-22 2024 ["startDate", "endDate", "year", "location"]"#,
            ),
            (
                EventHints { edition: text("KubeCon EU 2024"), ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | KubeCon EU 2024 | Paris | 2024-03-19 | 2024-03-22 2024 ["startDate", "endDate", "year", "location"]"#,
            ),
            (
                EventHints { edition: text("Europe 2023"), ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | Europe 2023 | Amsterdam | 2023-04-18 | 2023-04-21 2023 ["year"]"#,
            ),
            (
                EventHints { edition: text("Antarctica 2031"), ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | Antarctica 2031 | - | - | - 2031 ["year"]"#,
            ),
            (
                EventHints { location: text("Paris"), ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | Europe 2024 | Paris | 2024-03-19 | 2024-03-22 2024 ["startDate", "endDate", "year", "edition"]"#,
            ),
            (
                EventHints { year: Some(2022), ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | - | - | - | - 2022 []"#,
            ),
            (
                EventHints { start_date: text("2023-04-20"), end_date: None, ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | Europe 2023 | Amsterdam | 2023-04-20 | 2023-04-21 2023 ["year"]"#,
            ),
            (
                EventHints { start_date: text("2023-04-25"), end_date: None, ..EventHints::default() },
                r#"KubeCon + CloudNativeCon | Europe 2023 | Amsterdam | 2023-04-25 | - 2023 ["year"]"#,
            ),
            (EventHints { name: text("Our Meetup"), ..EventHints::default() }, r#"Our Meetup | - | - | - | - 0 []"#),
        ];
        for (hints, want) in table {
            let event = apply(Some(found()), &hints, &Catalog::builtin()).unwrap();
            assert_eq!(line(&event), want, "{hints:?}");
        }
    }

    #[test]
    fn without_hints_the_text_decides() {
        assert_eq!(apply(Some(found()), &EventHints::default(), &Catalog::builtin()), Some(found()));
        assert_eq!(apply(None, &EventHints::default(), &Catalog::builtin()), None);
    }
}
