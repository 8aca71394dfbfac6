//! The day a text was published, where its front matter or its page's head says so. Never the day of the event; pure.

use dom_query::Document as Page;
use jiff::civil::Date;

/// A day at the start of a value such as `2024-04-11`, `2024-04-11T08:00:00Z` or `2024/04/11 08:00`.
pub(super) fn day(value: &str) -> Option<Date> {
    let head = value.trim().get(..10)?;
    let mut parts = head.split(['-', '/', '.']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// What the head of a page says: the properties of Open Graph and of schema.org, or else its only `<time>`.
pub(super) fn of_page(page: &Page) -> Option<Date> {
    const PLACES: [(&str, &str); 5] = [
        ("meta[property='article:published_time']", "content"),
        ("meta[itemprop='datePublished']", "content"),
        ("meta[name='date']", "content"),
        ("meta[name='pubdate']", "content"),
        ("time[itemprop='datePublished']", "datetime"),
    ];
    let declared =
        PLACES.iter().find_map(|(selector, attribute)| day(&page.select_single(selector).attr(attribute)?));
    declared.or_else(|| {
        let times = page.select("time[datetime]");
        if times.length() == 1 { times.attr("datetime").and_then(|value| day(&value)) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_the_forms_that_templates_write() {
        for (value, expected) in [
            ("2024-04-11", Some((2024, 4, 11))),
            ("2024-04-11T08:00:00+02:00", Some((2024, 4, 11))),
            ("2024/04/11 08:00", Some((2024, 4, 11))),
            ("11-04-2024", None),
            ("2024-13-11", None),
            ("April 2024", None),
            ("2024", None),
            ("２０２４-04-11", None),
        ] {
            let expected = expected.and_then(|(y, m, d)| Date::new(y, m, d).ok());
            assert_eq!(day(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_page_says_when_it_was_published_or_does_not() {
        for (html, expected) in [
            (
                "<head><meta property='article:published_time' content='2023-05-02T09:00:00Z'></head>",
                Some((2023, 5, 2)),
            ),
            ("<body><time datetime='2023-05-02'>2 May</time></body>", Some((2023, 5, 2))),
            ("<body><time datetime='2023-05-02'>a</time><time datetime='2023-05-04'>b</time></body>", None),
            ("<body>2023-05-02</body>", None),
        ] {
            let expected = expected.and_then(|(y, m, d)| Date::new(y, m, d).ok());
            assert_eq!(of_page(&Page::from(html)), expected, "{html}");
        }
    }
}
