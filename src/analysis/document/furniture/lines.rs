//! Lines that are furniture wherever they stand, and lines that come back. Pure.

use std::collections::BTreeMap;

use super::phrases::{MENU_WORDS, Phrases, fold};
use super::{HEAD, Line, MAX_LABELLED, MAX_PHRASE_LINE, set};
use crate::analysis::document::{BlockKind, patterns};

/// Lines that come back three times, and a title that stands twice at the top.
pub(super) fn repeated(lines: &mut [Line<'_>], title: Option<&str>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let countable = |d: &Line<'_>| {
        let heading = matches!(d.kind, BlockKind::Heading(_)) && !d.guessed;
        !heading && !d.is_furniture() && !matches!(d.kind, BlockKind::Code | BlockKind::TableRow) && d.text.len() <= 400
    };
    for draft in lines.iter().filter(|d| countable(d)) {
        *counts.entry(draft.folded().to_owned()).or_default() += 1;
    }
    for draft in lines.iter_mut().filter(|d| countable(d)) {
        if counts.get(draft.folded()).is_some_and(|n| *n >= 3) {
            set(draft);
        }
    }
    let first = lines.iter().find(|d| !d.is_furniture()).map(|d| d.folded().to_owned());
    let Some(name) = title.map(fold).or(first) else { return };
    let mut seen = false;
    for draft in lines.iter_mut().filter(|d| !d.is_furniture()).take(HEAD) {
        if draft.folded() == name {
            let markup = matches!(draft.kind, BlockKind::Heading(_)) && !draft.guessed;
            if seen && !markup {
                set(draft);
            }
            seen = true;
        }
    }
}

/// Lines that are furniture wherever they stand.
pub(super) fn alone(lines: &mut [Line<'_>], phrases: &Phrases) {
    for draft in lines.iter_mut() {
        if matches!(draft.kind, BlockKind::Furniture | BlockKind::Code | BlockKind::TableRow) {
            continue;
        }
        let text = draft.text.as_str();
        let chars = draft.chars;
        let heading = matches!(draft.kind, BlockKind::Heading(_));
        // Folding makes no line shorter.
        let whole = chars <= phrases.longest_phrase && phrases.furniture.contains(draft.folded());
        // A longer line that goes on behind the phrase and ends like a sentence is one, unless it is about cookies or rights.
        let limit = if patterns::ends_sentence(text) || heading { 80 } else { MAX_PHRASE_LINE };
        let by_phrase = whole
            || chars <= MAX_LABELLED && phrases.is_labelled(text)
            || (chars <= limit && phrases.is_furniture(draft.folded()) && !(heading && !draft.guessed && chars > 40));
        let by_call = if heading {
            draft.guessed && phrases.calls.contains(draft.folded())
        } else {
            chars <= 80 && phrases.is_call(draft.folded())
        };
        let by_shape = patterns::is_reading_time(text)
            || patterns::is_counter(text)
            || patterns::is_legal(text)
            || (patterns::is_hash_tags(text) && !heading)
            || patterns::is_post_author(text)
            || patterns::is_address(text);
        let menu = patterns::has_at_most(text, MENU_WORDS)
            && !patterns::ends_sentence(text)
            && phrases.is_menu(draft.folded());
        let lone_link =
            draft.is_all_link() && chars <= 12 && patterns::words(text) == 1 && text.chars().all(char::is_lowercase);
        let contents = draft.is_all_link() && draft.links.iter().all(|l| l.target.starts_with('#'));
        if by_phrase || by_call || by_shape || menu || lone_link || contents {
            set(draft);
        }
    }
}
