//! Days and ranges of days in prose, in Dutch, German, English, French and Spanish alike: an English date in a Dutch text is as good as a
//! Dutch one. Numbers are read with the names of months from the catalog and checked against the calendar. Pure: no I/O, no clock.

use jiff::civil::Date;

use super::vocabulary::Vocabulary;
use crate::analysis::words::Words;

/// The longest event, in days.
const LONGEST: i32 = 12;
/// Years that an event may have been held in.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 2010..=2039;

/// Words that lead from a first day to a last one.
const TO: &[&str] = &[
    "bis", "zum", "to", "tot", "t", "m", "met", "through", "thru", "until", "till", "al", "au", "a", "à", "hasta",
    "jusqu", "tm",
];
/// Words that name a second day beside a first one.
const AND: &[&str] = &["und", "and", "en", "et", "y", "e", "u"];
/// Words before a first day that make "and" mean "to".
const BETWEEN: &[&str] = &["entre", "between", "zwischen", "tussen"];
/// Words that may stand between a day, its month and its year.
const OF: &[&str] = &["de", "del", "of", "the", "den", "dem", "der", "des", "van", "el", "le", "d"];
/// Endings of ordinal numbers.
const ORDINALS: &[&str] = &["st", "nd", "rd", "th", "er", "ère", "ere", "e", "ste", "º", "ª", "°"];

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From a first day to a last one.
    Range,
    /// One day, its month in words.
    Day,
    /// One day in figures (19/03/2024, 2024-03-19): the usual form of a publication date.
    Figures,
    /// Single days that head the parts of a text one after the other; not read from one place.
    Days,
    /// A month of a year, without a day.
    Month,
}

impl Kind {
    /// Whether it says from when to when something went on.
    pub fn has_several_days(self) -> bool {
        matches!(self, Self::Range | Self::Days)
    }
}

/// A day, or a range of days, in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dates {
    /// Number of its first word.
    pub first: usize,
    /// Number of its words.
    pub count: usize,
    /// How it is written.
    pub kind: Kind,
    /// Month and day of the first day.
    pub start: (i8, i8),
    /// Month and day of the last day.
    pub end: (i8, i8),
    /// Year, where it is written.
    pub year: Option<i32>,
}

impl Dates {
    /// First and last day in this year.
    pub fn in_year(&self, year: i32) -> Option<(Date, Date)> {
        Some((date(year, self.start)?, date(year, self.end)?))
    }
}

/// A date from a year, a month and a day, if there is such a day.
pub(super) fn date(year: i32, (month, day): (i8, i8)) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, month, day).ok()
}

/// All days and ranges in a text, in its order; they do not overlap.
pub(super) fn find(words: &Words<'_>, vocabulary: &Vocabulary) -> Vec<Dates> {
    let reader = Reader { words, vocabulary };
    let starts = |form: &str| form.starts_with(|c: char| c.is_ascii_digit()) || vocabulary.months.contains_key(form);
    let starts: Vec<bool> = words.forms().iter().map(|form| starts(form)).collect();
    let mut found: Vec<Dates> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.list().get(at) {
        if !starts.get(word.form).copied().unwrap_or(false) {
            at += 1;
            continue;
        }
        match reader.read(at).filter(Dates::is_on_the_calendar) {
            Some(dates) => {
                at += dates.count.max(1);
                found.push(dates);
            }
            None => at += 1,
        }
    }
    found
}

impl Dates {
    fn is_on_the_calendar(&self) -> bool {
        // a leap year, so that 29 February is not refused where the year is not written
        let year = self.year.unwrap_or(2024);
        self.in_year(year).is_some_and(|(start, end)| {
            let days = (end - start).get_days();
            (0..LONGEST).contains(&days) && (self.kind != Kind::Range || days > 0)
        })
    }
}

struct Reader<'a, 't> {
    words: &'a Words<'t>,
    vocabulary: &'a Vocabulary,
}

impl Reader<'_, '_> {
    fn read(&self, at: usize) -> Option<Dates> {
        self.iso(at)
            .or_else(|| self.figures(at))
            .or_else(|| self.day_first(at))
            .or_else(|| self.month_first(at))
            .or_else(|| self.month_of_year(at))
    }

    /// "November 2023", "mayo de 2018": dated as its first day.
    fn month_of_year(&self, at: usize) -> Option<Dates> {
        let month = self.month(at)?;
        let (year, after) = self.year_after(at + 1);
        year?;
        Some(Dates { first: at, count: after - at, kind: Kind::Month, start: (month, 1), end: (month, 1), year })
    }

    /// "2. bis 4. Mai 2018", "19, 20 and 21 March", "31 March – 3 April", "9 mei".
    fn day_first(&self, at: usize) -> Option<Dates> {
        let first_day = self.day(at)?;
        let mut start_month = None;
        let mut year = None;
        let mut next = at + 1;
        if let Some((month, after)) = self.month_after(at) {
            start_month = Some(month);
            (year, next) = self.year_after(after);
        }
        if let Some((last_day, after)) = self.second_day(next, first_day)
            && let Some((month, after)) = self.month_after(after - 1)
        {
            let (last_year, after) = self.year_after(after);
            let start = (start_month.unwrap_or(month), first_day);
            return Some(self.range(at, after, start, (month, last_day), last_year.or(year)));
        }
        let month = start_month?;
        Some(Dates {
            first: at,
            count: next - at,
            kind: Kind::Day,
            start: (month, first_day),
            end: (month, first_day),
            year,
        })
    }

    /// "May 2-4, 2018", "March 31 – April 3", "November 18th to the 21st", "May 9, 2019".
    fn month_first(&self, at: usize) -> Option<Dates> {
        let month = self.month(at)?;
        let mut day_at = at + 1;
        if OF.contains(&self.words.form(day_at)) {
            day_at += 1;
        }
        if !self.close(at, day_at) {
            return None;
        }
        let first_day = self.day(day_at)?;
        let (year, next) = self.year_after(day_at + 1);
        if let Some((last_day, end_month, after)) = self.second_in_month_first(next, first_day) {
            let (last_year, after) = self.year_after(after);
            return Some(self.range(
                at,
                after,
                (month, first_day),
                (end_month.unwrap_or(month), last_day),
                last_year.or(year),
            ));
        }
        // "mai 24 Firmen": without a year, only English writes the month first
        Some(Dates {
            first: at,
            count: next - at,
            kind: Kind::Day,
            start: (month, first_day),
            end: (month, first_day),
            year,
        })
    }

    /// Like [`Self::second_day`], with a month before the second day where the range goes over the end of one.
    fn second_in_month_first(&self, next: usize, first_day: i8) -> Option<(i8, Option<i8>, usize)> {
        let (after, _) = self.connector(next)?;
        if let Some(month) = self.month(after) {
            let day = self.day(after + 1).filter(|_| self.close(after, after + 1))?;
            return Some((day, Some(month), after + 2));
        }
        self.second_day(next, first_day).map(|(day, after)| (day, None, after))
    }

    /// The last day of a range that goes on at this word, and the word after it. A row of single days counts if they follow each other.
    fn second_day(&self, next: usize, first_day: i8) -> Option<(i8, usize)> {
        let between = self.is_between(next);
        let mut previous = first_day;
        let mut next = next;
        for _ in 0..LONGEST {
            let (at, through) = self.connector(next)?;
            let at = if self.is_weekday(at) { at + 1 } else { at };
            let day = self.day(at)?;
            if through || between {
                return Some((day, at + 1));
            }
            if day != previous + 1 {
                return None;
            }
            if self.connector(at + 1).is_none_or(|(after, _)| self.day(after).is_none()) {
                return Some((day, at + 1));
            }
            previous = day;
            next = at + 1;
        }
        None
    }

    /// Whether "between" stands before the first day of the range that goes on at this word: "between March 19 and 22", "entre el 11 y el 15".
    fn is_between(&self, next: usize) -> bool {
        (1..=4).filter_map(|back| next.checked_sub(back)).any(|at| BETWEEN.contains(&self.words.form(at)))
    }

    /// What leads from one day to the next one: the word after it, and whether it means "through" rather than "and".
    fn connector(&self, next: usize) -> Option<(usize, bool)> {
        let gap = self.words.gap(next.checked_sub(1)?)?;
        if gap.len() > 9 || gap.contains('\n') {
            return None;
        }
        if gap.contains(['-', '–', '—', '\u{2010}', '\u{2011}', '\u{2212}', '/', '~']) {
            return (!gap.contains('/') || gap.trim() == "/").then_some((next, !gap.contains('/')));
        }
        if gap.contains(['&', ',', '+']) && !self.is_link(next) && !TO.contains(&self.words.form(next)) {
            return Some((next, false));
        }
        let (mut at, mut to, mut and) = (next, false, false);
        for _ in 0..4 {
            let form = self.words.form(at);
            if TO.contains(&form) {
                to = true;
            } else if AND.contains(&form) {
                and = true;
            } else if !(OF.contains(&form) || self.is_weekday(at)) {
                break;
            }
            at += 1;
        }
        (to || and).then_some((at, to))
    }

    /// "2024-03-19", "2024-03-19/2024-03-22", "2024-03-19 to 2024-03-22".
    fn iso(&self, at: usize) -> Option<Dates> {
        let (year, start) = self.iso_day(at)?;
        let second = self.connector(at + 3).and_then(|(after, _)| Some((after, self.iso_day(after)?)));
        if let Some((after, (last_year, end))) = second
            && last_year == year
            && end > start
        {
            return Some(self.range(at, after + 3, start, end, Some(year)));
        }
        Some(Dates { first: at, count: 3, kind: Kind::Figures, start, end: start, year: Some(year) })
    }

    fn iso_day(&self, at: usize) -> Option<(i32, (i8, i8))> {
        let year = self.four_digits(at)?;
        let dashes = self.words.gap(at) == Some("-") && self.words.gap(at + 1) == Some("-");
        let month = self.plain(at + 1).filter(|month| *month <= 12)?;
        // "2024-03-19T10:00" is one word from the day on
        let last = self.words.form(at + 2);
        let day = self.plain(at + 2).or_else(|| last.split_once('t').and_then(|(day, _)| day.parse().ok()))?;
        dashes.then_some((year, (month, day)))
    }

    /// "19.03.2024", "19/03/2024", "19.–22.03.2024", "02.05. – 04.05.2018".
    fn figures(&self, at: usize) -> Option<Dates> {
        let first_day = self.plain(at)?;
        let gap = self.words.gap(at)?;
        let separator = gap.chars().next().filter(|c| matches!(c, '.' | '/'));
        // the first day may lack its month
        let (start_month, next) = match separator.filter(|_| gap.len() == 1).and_then(|_| self.plain(at + 1)) {
            Some(month) if month <= 12 => (Some(month), at + 2),
            Some(day) if first_day <= 12 && gap == "/" => return self.american(at, first_day, day),
            _ => (None, at + 1),
        };
        if let Some((after, true)) = self.connector(next)
            && let Some((last_day, end_month, year, after)) = self.day_month_year(after)
        {
            return Some(self.range(
                at,
                after,
                (start_month.unwrap_or(end_month), first_day),
                (end_month, last_day),
                Some(year),
            ));
        }
        if let Some(range) = self.days_and_months(at) {
            return Some(range);
        }
        let (day, month, year, after) = self.day_month_year(at)?;
        Some(Dates {
            first: at,
            count: after - at,
            kind: Kind::Figures,
            start: (month, day),
            end: (month, day),
            year: Some(year),
        })
    }

    /// "28. 11., bis Freitag, 2. 12.", "28.11.–2.12.": no year, but a full stop behind each number, which versions do not have.
    fn days_and_months(&self, at: usize) -> Option<Dates> {
        let day_month = |at: usize| {
            let (day, month) = (self.plain(at)?, self.plain(at + 1).filter(|month| *month <= 12)?);
            let dotted = matches!(self.words.gap(at), Some("." | ". ")) && self.words.gap(at + 1)?.starts_with('.');
            dotted.then_some((month, day))
        };
        let start = day_month(at)?;
        let (after, _) = self.connector(at + 2).filter(|(_, through)| *through)?;
        let end = day_month(after)?;
        let year = self.four_digits(after + 2).filter(|_| matches!(self.words.gap(after + 1), Some("." | ". ")));
        let count = if year.is_some() { after + 3 } else { after + 2 };
        Some(self.range(at, count, start, end, year))
    }

    fn american(&self, at: usize, month: i8, day: i8) -> Option<Dates> {
        let year = self.four_digits(at + 2).filter(|_| self.words.gap(at + 1) == Some("/"))?;
        Some(Dates {
            first: at,
            count: 3,
            kind: Kind::Figures,
            start: (month, day),
            end: (month, day),
            year: Some(year),
        })
    }

    fn day_month_year(&self, at: usize) -> Option<(i8, i8, i32, usize)> {
        let (day, month, year) = (self.plain(at)?, self.plain(at + 1)?, self.four_digits(at + 2)?);
        let separators = (self.words.gap(at)?, self.words.gap(at + 1)?);
        let fits = matches!(separators, ("." | ". ", "." | ". ") | ("/", "/") | ("-", "-"));
        (fits && month <= 12).then_some((day, month, year, at + 3))
    }

    fn range(&self, at: usize, after: usize, start: (i8, i8), end: (i8, i8), year: Option<i32>) -> Dates {
        Dates { first: at, count: after - at, kind: Kind::Range, start, end, year }
    }

    /// The month that follows the day at this word, and the word after it.
    fn month_after(&self, day: usize) -> Option<(i8, usize)> {
        let mut at = day + 1;
        if OF.contains(&self.words.form(at)) {
            at += 1;
        }
        let month = self.month(at).filter(|_| self.close(day, at))?;
        Some((month, at + 1))
    }

    /// The year that stands at this word, if any, and the word after it.
    fn year_after(&self, next: usize) -> (Option<i32>, usize) {
        let at = if OF.contains(&self.words.form(next)) { next + 1 } else { next };
        if at == 0 || !self.close(next.saturating_sub(1), at) {
            return (None, next);
        }
        if let Some(year) = self.four_digits(at) {
            return (Some(year), at + 1);
        }
        match short_year(self.words, at) {
            Some(year) => (Some(year), at + 1),
            None => (None, next),
        }
    }

    /// Whether only spaces and light punctuation stand between the words of this range.
    fn close(&self, from: usize, to: usize) -> bool {
        (from..to).all(|at| {
            self.words.gap(at).is_some_and(|gap| {
                gap.len() <= 5
                    && gap
                        .chars()
                        .all(|c| c == ' ' || matches!(c, '.' | ',' | '\'' | '’' | '‘' | '-' | '\u{a0}' | '\u{202f}'))
            })
        })
    }

    fn is_link(&self, at: usize) -> bool {
        self.month(at).is_some()
    }

    fn is_weekday(&self, at: usize) -> bool {
        self.vocabulary.weekdays.contains(self.words.form(at))
    }

    fn month(&self, at: usize) -> Option<i8> {
        self.vocabulary.months.get(self.words.form(at)).copied()
    }

    /// A day of the month: "2", "2nd", "1er".
    fn day(&self, at: usize) -> Option<i8> {
        let form = self.words.form(at);
        let end = form.find(|c: char| !c.is_ascii_digit()).unwrap_or(form.len());
        let (figures, rest) = form.split_at_checked(end)?;
        let day = figures.parse::<i8>().ok().filter(|day| (1..=31).contains(day))?;
        (figures.len() <= 2 && (rest.is_empty() || ORDINALS.contains(&rest))).then_some(day)
    }

    /// A day or a month in one or two figures.
    fn plain(&self, at: usize) -> Option<i8> {
        let form = self.words.form(at);
        (form.len() <= 2).then(|| form.parse::<i8>().ok()).flatten().filter(|day| (1..=31).contains(day))
    }

    fn four_digits(&self, at: usize) -> Option<i32> {
        long_year(self.words.form(at))
    }
}

/// A year in four figures.
pub(super) fn long_year(form: &str) -> Option<i32> {
    (form.len() == 4).then(|| form.parse::<i32>().ok()).flatten().filter(|year| YEARS.contains(year))
}

/// A year in two figures after an apostrophe: "'23".
pub(super) fn short_year(words: &Words<'_>, at: usize) -> Option<i32> {
    let gap = words.gap(at.checked_sub(1)?)?;
    let form = words.form(at);
    let year = (form.len() == 2 && gap.ends_with(['\'', '’', '‘', '´'])).then(|| form.parse::<i32>().ok()).flatten()?;
    Some(2000 + year).filter(|year| YEARS.contains(year))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::LanguageData;

    fn vocabulary() -> Vocabulary {
        let names: &[(&str, i8)] = &[
            ("maart", 3),
            ("april", 4),
            ("mei", 5),
            ("mai", 5),
            ("märz", 3),
            ("january", 1),
            ("march", 3),
            ("may", 5),
            ("november", 11),
            ("mars", 3),
            ("avril", 4),
            ("mayo", 5),
            ("noviembre", 11),
            ("oct", 10),
            ("october", 10),
            ("février", 2),
            ("juin", 6),
            ("junio", 6),
        ];
        let data = LanguageData {
            months: names.iter().map(|(name, month)| ((*name).to_owned(), *month)).collect(),
            weekdays: ["dienstag", "dinsdag", "friday", "tuesday", "vrijdag"].map(str::to_owned).into(),
            ..LanguageData::default()
        };
        Vocabulary::new(&BTreeMap::from([("en".to_owned(), data)]))
    }

    fn read(text: &str) -> Vec<String> {
        let words = Words::of_text(text);
        let show = |dates: &Dates| {
            let year = dates.year.map_or("?".to_owned(), |year| year.to_string());
            format!("{:?} {year} {}.{}-{}.{}", dates.kind, dates.start.1, dates.start.0, dates.end.1, dates.end.0)
        };
        find(&words, &vocabulary()).iter().map(show).collect()
    }

    #[test]
    fn days_and_months_in_figures_need_no_year_but_a_full_stop_behind_each() {
        for (text, want) in [
            ("von Dienstag, 28. 11., bis Friday, 2. 12. in Essen", vec!["Range ? 28.11-2.12"]),
            ("vom 28.11.–2.12. in Essen", vec!["Range ? 28.11-2.12"]),
            ("von Version 1.6 bis 3.6.", vec![]),
            ("von 1.6. bis 1.9.", vec![]),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
    }

    #[test]
    fn ranges_are_read_in_five_languages() {
        for (text, want) in [
            ("fand vom 2. bis 4. Mai 2018 statt", "Range 2018 2.5-4.5"),
            ("2.–4. Mai", "Range ? 2.5-4.5"),
            ("vom 1. April bis 4. April", "Range ? 1.4-4.4"),
            ("vom 1. bis zum 4. April 2025", "Range 2025 1.4-4.4"),
            ("Van 19 t/m 22 maart", "Range ? 19.3-22.3"),
            ("van 18 tot en met 21 april 2023", "Range 2023 18.4-21.4"),
            ("van dinsdag 18 april t/m vrijdag 21 april", "Range ? 18.4-21.4"),
            ("op 10 en 11 mei", "Range ? 10.5-11.5"),
            ("du 19 au 22 mars 2024", "Range 2024 19.3-22.3"),
            ("du 1er au 4 avril", "Range ? 1.4-4.4"),
            ("les 19 et 20 mars", "Range ? 19.3-20.3"),
            ("les 19, 20 et 21 mars", "Range ? 19.3-21.3"),
            ("del 16 al 20 de mayo de 2022", "Range 2022 16.5-20.5"),
            ("16-20 mayo", "Range ? 16.5-20.5"),
            ("entre el 10 y el 11 de noviembre", "Range ? 10.11-11.11"),
            ("entre el 10 y el 13 de noviembre", "Range ? 10.11-13.11"),
            ("tussen 19 en 22 maart", "Range ? 19.3-22.3"),
            ("between March 19 and 22, 2024", "Range 2024 19.3-22.3"),
            ("le 19 et le 22 mars", "Day ? 22.3-22.3"),
            ("del 10 al 13 de noviembre", "Range ? 10.11-13.11"),
            ("May 2-4, 2018", "Range 2018 2.5-4.5"),
            ("2-4 May 2018", "Range 2018 2.5-4.5"),
            ("March 31 – April 3, 2026", "Range 2026 31.3-3.4"),
            ("from 1 to 4 April", "Range ? 1.4-4.4"),
            ("November 18th to 21st", "Range ? 18.11-21.11"),
            ("November 18th through the 21st", "Range ? 18.11-21.11"),
            ("between 4th to 7th Oct.’16", "Range 2016 4.10-7.10"),
            ("Tuesday 19 – Friday 22 March 2024", "Range 2024 19.3-22.3"),
            ("31 de marzo al 3", "none"),
            ("2024-03-19 to 2024-03-22", "Range 2024 19.3-22.3"),
            ("2024-03-19/2024-03-22", "Range 2024 19.3-22.3"),
            ("19.–22.03.2024", "Range 2024 19.3-22.3"),
            ("02.05. – 04.05.2018", "Range 2018 2.5-4.5"),
        ] {
            let got = read(text);
            assert_eq!(got.first().map_or("none", String::as_str), want, "{text}");
        }
    }

    #[test]
    fn single_days_keep_the_way_they_are_written() {
        assert_eq!(read("op 9 mei"), ["Day ? 9.5-9.5"]);
        assert_eq!(read("May 7, 2018"), ["Day 2018 7.5-7.5"]);
        assert_eq!(read("23/05/2022 • Team"), ["Figures 2022 23.5-23.5"]);
        assert_eq!(read("2018-05-07T16:00:00+02:00"), ["Figures 2018 7.5-7.5"]);
    }

    #[test]
    fn numbers_that_are_no_dates_are_left_alone() {
        for text in [
            "Kubernetes 1.24",
            "5-10 pods",
            "30 February 2024",
            "we may 2 times",
            "version 2.5.2018.1 x",
            "31 avril",
            "22 to 19 March",
        ] {
            let ranges = read(text).into_iter().filter(|date| date.starts_with("Range")).count();
            assert_eq!(ranges, 0, "{text}");
        }
        assert!(read("30 of february 2024").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_row_of_words_is_read_without_failing(text in "([0-9]{1,4}|may|mars|bis|to|t/m|de|[-–/.,&' ]|\\PC){0,24}") {
            let words = Words::of_text(&text);
            for dates in find(&words, &vocabulary()) {
                proptest::prop_assert!(dates.first + dates.count <= words.list().len());
                proptest::prop_assert!(dates.start <= dates.end);
            }
        }
    }
}
