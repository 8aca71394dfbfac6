//! What stands at the end of a text and speaks of its author or its publisher. Pure.

use super::phrases::Phrases;
use super::{Line, MAX_LABELLED, TAIL, body, set};
use crate::analysis::document::{BlockKind, patterns};

/// Author boxes: a name, then a sentence that begins with it; and what a company says of itself before it asks the reader to call.
pub(super) fn mark(lines: &mut [Line<'_>], phrases: &Phrases) {
    let body = body(lines);
    for index in body.iter().rev().take(TAIL.min(body.len() / 2)) {
        if let Some(draft) = lines.get_mut(*index)
            && draft.kind == BlockKind::Paragraph
            && draft.chars <= MAX_LABELLED
            && phrases.ends_with_call(&draft.text)
        {
            set(draft);
        }
    }
    let from = body.len().saturating_sub(TAIL).max(2);
    for pair in body.get(from..).unwrap_or_default().windows(2) {
        let [name, about] = pair else { continue };
        let (Some(name_draft), Some(about_draft)) = (lines.get(*name), lines.get(*about)) else { continue };
        let (full, about_text) = (name_draft.text.as_str(), about_draft.text.as_str());
        let first_name = full.split_whitespace().next().unwrap_or_default();
        // A company has a name of two words too: its section does not say what it does for a living, and is not on first-name terms.
        let person = if let Some(rest) = about_text.strip_prefix(full) {
            rest.split_whitespace().take(6).any(is_copula) && patterns::is_about_person(rest)
        } else {
            let rest = about_text.strip_prefix(first_name).filter(|_| first_name.len() >= 3);
            rest.is_some_and(|r| r.starts_with(' ') && r.trim_start().starts_with(char::is_lowercase))
        };
        let line = matches!(name_draft.kind, BlockKind::Paragraph | BlockKind::Heading(_));
        if line && person && patterns::is_name(full) && about_draft.kind == BlockKind::Paragraph {
            for index in [*name, *about] {
                if let Some(draft) = lines.get_mut(index) {
                    set(draft);
                }
            }
        }
    }
}

fn is_copula(word: &str) -> bool {
    ["is", "ist", "est", "es", "was", "works", "werkt", "arbeitet", "travaille", "trabaja"].contains(&word)
}
