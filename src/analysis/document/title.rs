//! Chooses the title of a document. Pure.

use super::BlockKind;
use super::draft::Draft;

/// The most characters of a line that may stand for a title.
const MAX_LINE: usize = 140;

/// The declared title, else the first heading if it stands near the start, else the first line if it looks like one.
pub(super) fn choose(declared: Option<String>, drafts: &[Draft]) -> Option<String> {
    let declared = declared.map(|t| t.split_whitespace().collect::<Vec<_>>().join(" "));
    if let Some(title) = declared.filter(|t| !t.is_empty()) {
        return Some(title);
    }
    let mut body = drafts.iter().filter(|d| !d.is_furniture());
    let first = body.next()?;
    if matches!(first.kind, BlockKind::Heading(_)) || is_title_line(first) {
        return Some(first.text.clone());
    }
    let first_level = drafts.iter().find(|d| d.kind == BlockKind::Heading(1) && !d.guessed);
    let near = body.take(2).find(|d| matches!(d.kind, BlockKind::Heading(1 | 2)));
    first_level.or(near).map(|d| d.text.clone())
}

fn is_title_line(draft: &Draft) -> bool {
    draft.kind == BlockKind::Paragraph
        && draft.text.chars().count() <= MAX_LINE
        && draft.text.split_whitespace().count() <= 20
        && !draft.text.ends_with(['.', ':', ',', ';'])
}

/// What is longer than this, in bytes, is no title that the name of a site could be cut from.
const MAX_TITLE: usize = 2_000;

/// Cuts the name of the site from the title of a page ("What we saw in Lyon | Example Blog").
pub(super) fn without_site<'a>(title: &'a str, site: Option<&str>, headings: &[String]) -> &'a str {
    let title = title.trim();
    if title.len() > MAX_TITLE {
        return title;
    }
    for heading in headings {
        let heading = heading.trim();
        if heading.chars().count() >= 10
            && let Some(at) = title.find(heading)
        {
            return title.get(at..at + heading.len()).unwrap_or(title);
        }
    }
    for separator in [" | ", " :: ", " » ", " « ", " · ", " • ", " — ", " – ", " - "] {
        let Some((before, after)) = title.rsplit_once(separator) else { continue };
        let named = site.is_some_and(|s| s.trim().eq_ignore_ascii_case(after.trim()));
        // A dash is also a part of titles: only a short rest behind a long title is taken for the site.
        let dash = matches!(separator, " — " | " – " | " - ");
        let limit = if dash { 3 } else { 6 };
        let enough = before.split_whitespace().count() >= if dash { 4 } else { 2 };
        if named || (enough && after.split_whitespace().count() <= limit && !after.chars().any(|c| c.is_ascii_digit()))
        {
            return without_site(before, None, &[]);
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_site_is_cut() {
        let table = [
            ("Our week in Lyon | Example Blog", None, "Our week in Lyon"),
            ("Our week in Lyon - Example", None, "Our week in Lyon"),
            ("KubeCon Recap - Part 2", None, "KubeCon Recap - Part 2"),
            ("Notes - Example", Some("example"), "Notes"),
            ("Our week in Lyon - Example | Software Engineering Blog", None, "Our week in Lyon"),
            ("KubeCon – een verslag", None, "KubeCon – een verslag"),
            ("Plain", None, "Plain"),
        ];
        for (title, site, expected) in table {
            assert_eq!(without_site(title, site, &[]), expected, "{title}");
        }
        let headings = ["Rust – the good parts".to_owned()];
        assert_eq!(without_site("Rust – the good parts – Blog of X", None, &headings), "Rust – the good parts");
    }

    #[test]
    fn a_heading_or_a_short_first_line_is_the_title() {
        let draft = |kind, text: &str| Draft::new(kind, text).unwrap();
        let paragraph = "It was a long week, and this text says what it was about.";
        let table = [
            (vec![draft(BlockKind::Heading(2), "Week"), draft(BlockKind::Paragraph, paragraph)], Some("Week")),
            (
                vec![draft(BlockKind::Paragraph, "Week in Lyon"), draft(BlockKind::Heading(2), "Day one")],
                Some("Week in Lyon"),
            ),
            (vec![draft(BlockKind::Furniture, "Menu"), draft(BlockKind::Heading(1), "Week")], Some("Week")),
            (vec![draft(BlockKind::Paragraph, paragraph), draft(BlockKind::Heading(1), "Week")], Some("Week")),
            (vec![draft(BlockKind::Paragraph, paragraph)], None),
        ];
        for (drafts, expected) in table {
            assert_eq!(choose(None, &drafts).as_deref(), expected);
            assert_eq!(choose(Some(" My  title ".to_owned()), &drafts).as_deref(), Some("My title"));
        }
    }
}
