//! Lines that are furniture because of those around them: teasers behind their heading, menus, short lines in a row. Pure.

use super::phrases::Phrases;
use super::{HEAD, Line, MAX_TEASER, RUN, is_prose, set};
use crate::analysis::document::{BlockKind, patterns};

/// What follows a line like "Latest in ..." or "Related articles": teasers up to the next text in sentences.
pub(super) fn sections(lines: &mut [Line<'_>], phrases: &Phrases) {
    let mut prose = 0;
    let mut kept_lines = 0;
    let mut open = false;
    let mut since = 0;
    let last_prose = lines.iter().rposition(is_prose);
    for index in 0..lines.len() {
        let next_is_prose = lines.get(index + 1).is_some_and(is_prose);
        let Some(draft) = lines.get_mut(index) else { break };
        if draft.is_furniture() {
            let opener = draft.chars <= 60
                // behind the text a single word ("Jobs") heads a list as well
                && (patterns::words(&draft.text) >= 2 || last_prose.is_some_and(|last| last < index))
                && !patterns::ends_sentence(&draft.text)
                && (phrases.is_furniture(draft.folded()) || phrases.is_call(draft.folded()));
            // Not at the top, where menus speak like that; notes in bullet points have no prose at all.
            if opener && (prose >= 2 || kept_lines >= HEAD) {
                open = true;
                since = 0;
            }
            continue;
        }
        let text = is_prose(draft);
        prose += usize::from(text);
        kept_lines += 1;
        let heading = matches!(draft.kind, BlockKind::Heading(_));
        let kept = matches!(draft.kind, BlockKind::Code | BlockKind::TableRow)
            || text
            || (heading && (next_is_prose || !draft.guessed))
            || (draft.kind == BlockKind::ListItem && !draft.is_all_link())
            || (patterns::ends_sentence(&draft.text) && !draft.is_all_link() && draft.chars > 60);
        if open && !kept && draft.chars <= MAX_TEASER {
            since += 1;
            set(draft);
        } else if open && (text || heading || since == 0 || kept) {
            open = false;
        }
    }
}

/// Short lines in a row: a menu before the text, teasers behind it, or very short ones between.
pub(super) fn short_lines(lines: &mut [Line<'_>]) {
    let prose: Vec<usize> = (0..lines.len()).filter(|i| lines.get(*i).is_some_and(is_prose)).collect();
    let (Some(first), Some(last)) = (prose.first().copied(), prose.last().copied()) else { return };
    if prose.len() < 2 {
        return;
    }
    let mut run: Vec<usize> = Vec::new();
    // Lines of the run that are known to be furniture already.
    let mut known = 0;
    for index in 0..=lines.len() {
        let draft = lines.get(index);
        if draft.is_some_and(|d| d.is_furniture()) {
            known += 1;
            continue;
        }
        // Above the text stand the title and details such as "Place: Lyon" as well: only short lines are a menu there.
        if draft.is_some_and(|d| is_line(d) && (index > first || is_menu_item(d))) {
            run.push(index);
            continue;
        }
        let taken = std::mem::take(&mut run);
        let known = std::mem::take(&mut known);
        let (Some(from), Some(to)) = (taken.first().copied(), taken.last().copied()) else { continue };
        let above = to < first;
        let size = if above && known >= 2 { taken.len() + known } else { taken.len() };
        if size < RUN {
            continue;
        }
        let short = taken.iter().all(|i| lines.get(*i).is_some_and(|d| d.chars <= 30));
        let introduced = lines
            .get(..from)
            .and_then(|before| before.iter().rev().find(|d| !d.is_furniture()))
            .is_some_and(|d| d.text.ends_with(':'));
        if introduced || !(from > last || above || (short && taken.len() > RUN)) {
            continue;
        }
        // The last line before the text is its heading; the first line of all is the title, unless more of its kind are a menu.
        let before_text = draft.is_some_and(is_prose);
        for at in taken {
            let heads = (before_text && at == to) || at == 0;
            if let Some(draft) = lines.get_mut(at).filter(|_| !heads) {
                set(draft);
            }
        }
    }
}

/// A line without an end that is no list item of the text and no heading by markup.
fn is_line(draft: &Line<'_>) -> bool {
    let kind = match draft.kind {
        BlockKind::Paragraph => true,
        BlockKind::Heading(_) => draft.guessed,
        // Items of a menu are links as a whole and short.
        BlockKind::ListItem => draft.is_all_link() && draft.chars <= 30,
        _ => false,
    };
    kind && draft.chars <= MAX_TEASER && !patterns::ends_sentence_firmly(&draft.text) && !draft.text.ends_with(':')
}

/// A few words and no more.
fn is_menu_item(draft: &Line<'_>) -> bool {
    draft.chars <= 40 && patterns::words(&draft.text) <= 6 && !draft.text.contains(':')
}
