//! What stands above the text and below it on lines of its own: labels, trails, bylines and dates. Pure.

use std::collections::BTreeSet;

use super::phrases::Phrases;
use super::{HEAD, Line, PROSE, TAIL, body, is_prose, set};
use crate::analysis::document::draft::Draft;
use crate::analysis::document::{BlockKind, patterns};

/// Labels, trails, bylines and dates above the text.
pub(super) fn mark(lines: &mut [Line<'_>], phrases: &Phrases) {
    let body = body(lines);
    let is_month = |t: &str| phrases.is_month(t);
    let is_weekday = |t: &str| phrases.is_weekday(t);
    let ends = body.iter().take(HEAD).chain(body.iter().rev().take(TAIL)).copied().collect::<BTreeSet<_>>();
    for index in ends {
        let Some(draft) = lines.get_mut(index) else { continue };
        let markup = matches!(draft.kind, BlockKind::Heading(_)) && !draft.guessed;
        if markup || !matches!(draft.kind, BlockKind::Paragraph | BlockKind::Heading(_) | BlockKind::ListItem) {
            continue;
        }
        let is_date = |line: &str| patterns::is_date_line(line, &is_month, &is_weekday);
        // "3 May 2019 News, Events": a date, and categories as links.
        let unlinked = unlinked(draft);
        let tags = draft.links.len() >= 2 && draft.is_all_link() && draft.chars <= 80 && !is_prose(draft);
        if is_date(&draft.text)
            || is_date(&unlinked)
            || patterns::is_byline(&draft.text)
            || patterns::is_details(&draft.text, &is_date)
            || patterns::is_trail(&draft.text)
            || (tags && draft.kind == BlockKind::Paragraph)
        {
            set(draft);
        }
    }
    // Above the title of a page stand banners and teasers, unless the text has begun already.
    let is_title =
        |index: &usize| lines.get(*index).is_some_and(|d| matches!(d.kind, BlockKind::Heading(1)) && !d.guessed);
    if let Some(place) = body.iter().take(HEAD).position(is_title)
        && let Some(above) = body.get(..place)
        && above.iter().all(|index| {
            lines
                .get(*index)
                .is_some_and(|d| matches!(d.kind, BlockKind::Paragraph | BlockKind::ListItem) && d.chars < PROSE)
        })
    {
        for index in above {
            if let Some(draft) = lines.get_mut(*index) {
                set(draft);
            }
        }
    }
    // A label of the category stands before the title.
    if let [first, second, ..] = body.as_slice()
        && let (Some(label), Some(next)) = (lines.get(*first), lines.get(*second))
        && !matches!(label.kind, BlockKind::ListItem)
        && patterns::is_label(&label.text)
        && !patterns::is_label(&next.text)
        && (next.guessed || matches!(next.kind, BlockKind::Heading(1)))
        && let Some(label) = lines.get_mut(*first)
    {
        set(label);
    }
}

/// The text of a draft without what is linked.
fn unlinked(draft: &Draft) -> String {
    let mut out = String::new();
    let mut at = 0;
    for link in &draft.links {
        out.push_str(draft.text.get(at..link.span.start).unwrap_or_default());
        at = link.span.end;
    }
    out.push_str(draft.text.get(at..).unwrap_or_default());
    out.trim_matches([' ', ',']).to_owned()
}
