//! Marks furniture among the drafts of a document: menus, teasers, share buttons, bylines, author boxes, repeated lines. Pure.
//!
//! Headings above text, list items and sentences are left alone unless a phrase or their repetition speaks against them: what is marked
//! here is lost to the analysis. All rules look at the blocks that are not furniture yet and run until nothing changes, so that furniture
//! added to a text does not change what is said about the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::{BlockKind, patterns};
use crate::catalog::LanguageData;

/// Blocks at the start among which bylines, labels and trails are looked for.
const HEAD: usize = 12;
/// Blocks at the end among which counters and author boxes are looked for.
const TAIL: usize = 8;
/// Short lines in a row that make a menu or teasers.
const RUN: usize = 5;
/// The longest line of a furniture phrase, in characters; a sentence that begins like one is a sentence.
const MAX_PHRASE_LINE: usize = 160;
/// The longest teaser, in characters.
const MAX_TEASER: usize = 150;
/// A line of text in sentences, in characters.
const PROSE: usize = 120;

/// Marks the furniture.
pub(super) fn mark(drafts: &mut [Draft], title: Option<&str>, languages: &BTreeMap<String, LanguageData>) {
    let phrases = Phrases::new(languages);
    mark_repeated(drafts, title);
    mark_lines(drafts, &phrases);
    // Each round takes away what stood around the next: at most as many rounds as there are layers, which pages have few of.
    for _ in 0..8 {
        let before = drafts.iter().filter(|d| d.is_furniture()).count();
        mark_head(drafts, &phrases);
        mark_sections(drafts, &phrases);
        mark_runs(drafts);
        mark_tail(drafts);
        if drafts.iter().filter(|d| d.is_furniture()).count() == before {
            break;
        }
    }
}

/// The phrases of all languages.
struct Phrases {
    furniture: BTreeSet<String>,
    calls: BTreeSet<String>,
    months: BTreeSet<String>,
    weekdays: BTreeSet<String>,
    longest: usize,
}

impl Phrases {
    fn new(languages: &BTreeMap<String, LanguageData>) -> Self {
        let all = |pick: fn(&LanguageData) -> &Vec<String>| -> BTreeSet<String> {
            languages.values().flat_map(pick).map(|p| fold(p)).filter(|p| !p.is_empty()).collect()
        };
        let furniture = all(|l| &l.furniture);
        let calls = all(|l| &l.calls_to_action);
        let months = languages.values().flat_map(|l| l.months.keys().map(|m| m.trim_end_matches('.').to_lowercase()));
        let weekdays =
            languages.values().flat_map(|l| l.weekdays.iter().map(|d| d.trim_end_matches('.').to_lowercase()));
        let weekdays: BTreeSet<String> = weekdays.collect();
        let longest = furniture.iter().chain(&calls).map(|p| p.split(' ').count()).max().unwrap_or(0);
        Self { furniture, calls, months: months.collect(), weekdays, longest }
    }

    fn is_month(&self, token: &str) -> bool {
        self.months.contains(token)
    }

    fn is_weekday(&self, token: &str) -> bool {
        self.weekdays.contains(token)
    }

    /// Whether a line begins with a phrase of a set: one word must be the whole line unless it ends in a colon.
    fn begins(&self, set: &BTreeSet<String>, folded: &str) -> bool {
        let mut ends: Vec<usize> = folded.match_indices(' ').map(|(at, _)| at).take(self.longest).collect();
        ends.push(folded.len());
        ends.iter().any(|end| {
            let start = folded.get(..*end).unwrap_or_default();
            let whole = *end == folded.len();
            let known = |p: &str| {
                set.contains(p) && (whole || p.contains(' ') || p.ends_with(':') || p.starts_with(['(', '©']))
            };
            known(start) || known(start.trim_end_matches([':', ',', '.', '!', '?', '…', '→', '»', '>']).trim_end())
        })
    }

    fn is_furniture(&self, line: &str) -> bool {
        self.matches(&self.furniture, line)
    }

    fn is_call(&self, line: &str) -> bool {
        self.matches(&self.calls, line)
    }

    fn matches(&self, set: &BTreeSet<String>, line: &str) -> bool {
        let folded = fold(line);
        // A number may stand before a phrase ("3 comments").
        let rest = folded.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        self.begins(set, &folded) || (rest.len() < folded.len() && self.begins(set, rest))
    }
}

/// Lower case, single spaces, plain apostrophes.
fn fold(text: &str) -> String {
    let plain: String = text.chars().map(|c| if matches!(c, '’' | '‘' | '´') { '\'' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn set(draft: &mut Draft) {
    draft.kind = BlockKind::Furniture;
}

fn length(draft: &Draft) -> usize {
    draft.text.chars().count()
}

/// Text in sentences: it ends the reach of any rule about lines.
fn is_prose(draft: &Draft) -> bool {
    match draft.kind {
        BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListItem => {
            length(draft) >= PROSE
                && (patterns::ends_sentence(&draft.text) || length(draft) > 2 * PROSE)
                && !draft.is_all_link()
        }
        _ => false,
    }
}

fn body(drafts: &[Draft]) -> Vec<usize> {
    drafts.iter().enumerate().filter(|(_, d)| !d.is_furniture()).map(|(i, _)| i).collect()
}

/// Lines that come back three times, and a title that stands twice at the top.
fn mark_repeated(drafts: &mut [Draft], title: Option<&str>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let countable = |d: &Draft| {
        let heading = matches!(d.kind, BlockKind::Heading(_)) && !d.guessed;
        !heading && !d.is_furniture() && !matches!(d.kind, BlockKind::Code | BlockKind::TableRow) && d.text.len() <= 400
    };
    for draft in drafts.iter().filter(|d| countable(d)) {
        *counts.entry(fold(&draft.text)).or_default() += 1;
    }
    for draft in drafts.iter_mut().filter(|d| countable(d)) {
        if counts.get(&fold(&draft.text)).is_some_and(|n| *n >= 3) {
            set(draft);
        }
    }
    let first = drafts.iter().find(|d| !d.is_furniture()).map(|d| fold(&d.text));
    let Some(name) = title.map(fold).or(first) else { return };
    let mut seen = false;
    for draft in drafts.iter_mut().filter(|d| !d.is_furniture()).take(HEAD) {
        if fold(&draft.text) == name {
            if seen {
                set(draft);
            }
            seen = true;
        }
    }
}

/// Lines that are furniture wherever they stand.
fn mark_lines(drafts: &mut [Draft], phrases: &Phrases) {
    for draft in drafts.iter_mut() {
        if matches!(draft.kind, BlockKind::Furniture | BlockKind::Code | BlockKind::TableRow) {
            continue;
        }
        let text = draft.text.as_str();
        let chars = text.chars().count();
        let heading = matches!(draft.kind, BlockKind::Heading(_));
        let whole = phrases.furniture.contains(&fold(text));
        // A longer line that goes on behind the phrase and ends like a sentence is one, unless it is about cookies or rights.
        let limit = if patterns::ends_sentence(text) || heading { 80 } else { MAX_PHRASE_LINE };
        let by_phrase =
            whole || (chars <= limit && phrases.is_furniture(text) && !(heading && !draft.guessed && chars > 40));
        let by_call = !heading && chars <= 80 && phrases.is_call(text);
        let by_shape = patterns::is_reading_time(text)
            || patterns::is_counter(text)
            || patterns::is_legal(text)
            || patterns::is_hash_tags(text)
            || patterns::is_address(text);
        let lone_link =
            draft.is_all_link() && chars <= 12 && patterns::words(text) == 1 && text.chars().all(char::is_lowercase);
        let contents = draft.is_all_link() && draft.links.iter().all(|l| l.target.starts_with('#'));
        if by_phrase || by_call || by_shape || lone_link || contents {
            set(draft);
        }
    }
}

/// Labels, trails, bylines and dates above the text.
fn mark_head(drafts: &mut [Draft], phrases: &Phrases) {
    let body = body(drafts);
    let is_month = |t: &str| phrases.is_month(t);
    let is_weekday = |t: &str| phrases.is_weekday(t);
    let ends = body.iter().take(HEAD).chain(body.iter().rev().take(TAIL)).copied().collect::<BTreeSet<_>>();
    for index in ends {
        let Some(draft) = drafts.get_mut(index) else { continue };
        let markup = matches!(draft.kind, BlockKind::Heading(_)) && !draft.guessed;
        if markup || !matches!(draft.kind, BlockKind::Paragraph | BlockKind::Heading(_) | BlockKind::ListItem) {
            continue;
        }
        if patterns::is_date_line(&draft.text, &is_month, &is_weekday)
            || patterns::is_byline(&draft.text)
            || patterns::is_trail(&draft.text)
        {
            set(draft);
        }
    }
    // A label of the category stands before the title.
    if let [first, second, ..] = body.as_slice()
        && let (Some(label), Some(next)) = (drafts.get(*first), drafts.get(*second))
        && !matches!(label.kind, BlockKind::ListItem)
        && patterns::is_label(&label.text)
        && !patterns::is_label(&next.text)
        && (next.guessed || matches!(next.kind, BlockKind::Heading(1)))
        && let Some(label) = drafts.get_mut(*first)
    {
        set(label);
    }
}

/// What follows a line like "Latest in ..." or "Related articles": teasers up to the next text in sentences.
fn mark_sections(drafts: &mut [Draft], phrases: &Phrases) {
    let mut prose = 0;
    let mut open = false;
    let mut since = 0;
    for index in 0..drafts.len() {
        let next_is_prose = drafts.get(index + 1).is_some_and(is_prose);
        let Some(draft) = drafts.get_mut(index) else { break };
        if draft.is_furniture() {
            let opener = length(draft) <= 60
                && patterns::words(&draft.text) >= 2
                && !patterns::ends_sentence(&draft.text)
                && (phrases.is_furniture(&draft.text) || phrases.is_call(&draft.text));
            if opener && prose >= 2 {
                open = true;
                since = 0;
            }
            continue;
        }
        let text = is_prose(draft);
        prose += usize::from(text);
        let heading = matches!(draft.kind, BlockKind::Heading(_));
        let kept = matches!(draft.kind, BlockKind::Code | BlockKind::TableRow)
            || text
            || (heading && (next_is_prose || !draft.guessed))
            || (draft.kind == BlockKind::ListItem && !draft.is_all_link())
            || (patterns::ends_sentence(&draft.text) && !draft.is_all_link() && length(draft) > 60);
        if open && !kept && length(draft) <= MAX_TEASER {
            since += 1;
            set(draft);
        } else if open && (text || heading || since == 0 || kept) {
            open = false;
        }
    }
}

/// Short lines in a row: a menu before the text, teasers behind it, or very short ones between.
fn mark_runs(drafts: &mut [Draft]) {
    let prose: Vec<usize> = (0..drafts.len()).filter(|i| drafts.get(*i).is_some_and(is_prose)).collect();
    let (Some(first), Some(last)) = (prose.first().copied(), prose.last().copied()) else { return };
    if prose.len() < 2 {
        return;
    }
    let mut run: Vec<usize> = Vec::new();
    for index in 0..=drafts.len() {
        let draft = drafts.get(index);
        if draft.is_some_and(Draft::is_furniture) {
            continue;
        }
        if draft.is_some_and(is_line) {
            run.push(index);
            continue;
        }
        let taken = std::mem::take(&mut run);
        if taken.len() < RUN {
            continue;
        }
        let (Some(from), Some(to)) = (taken.first().copied(), taken.last().copied()) else { continue };
        let outside = from > last || to < first;
        let short = taken.iter().all(|i| drafts.get(*i).is_some_and(|d| length(d) <= 30));
        let introduced = drafts
            .get(..from)
            .and_then(|before| before.iter().rev().find(|d| !d.is_furniture()))
            .is_some_and(|d| d.text.ends_with(':'));
        if !introduced && (outside || (short && taken.len() > RUN)) {
            for index in taken {
                // The last line before the text is its heading, the first one of all is the title.
                let heads = index + 1 == first || (to < first && index == to);
                if let Some(draft) = drafts.get_mut(index).filter(|_| !heads && index != 0) {
                    set(draft);
                }
            }
        }
    }
}

/// A line without an end that is no list item of the text and no heading by markup.
fn is_line(draft: &Draft) -> bool {
    let kind = match draft.kind {
        BlockKind::Paragraph => true,
        BlockKind::Heading(_) => draft.guessed,
        // Items of a menu are links as a whole and short.
        BlockKind::ListItem => draft.is_all_link() && length(draft) <= 30,
        _ => false,
    };
    kind && length(draft) <= MAX_TEASER && !patterns::ends_sentence_firmly(&draft.text) && !draft.text.ends_with(':')
}

/// Author boxes: a name, then a sentence that begins with it.
fn mark_tail(drafts: &mut [Draft]) {
    let body = body(drafts);
    let from = body.len().saturating_sub(TAIL).max(2);
    for pair in body.get(from..).unwrap_or_default().windows(2) {
        let [name, about] = pair else { continue };
        let (Some(name_draft), Some(about_draft)) = (drafts.get(*name), drafts.get(*about)) else { continue };
        let first_name = name_draft.text.split_whitespace().next().unwrap_or_default();
        let begins = !first_name.is_empty() && about_draft.text.starts_with(first_name);
        let is_about =
            about_draft.text.get(first_name.len()..).is_some_and(|rest| rest.split_whitespace().take(6).any(is_copula));
        if patterns::is_name(&name_draft.text) && begins && is_about && about_draft.kind == BlockKind::Paragraph {
            for index in [*name, *about] {
                if let Some(draft) = drafts.get_mut(index) {
                    set(draft);
                }
            }
        }
    }
}

fn is_copula(word: &str) -> bool {
    ["is", "ist", "est", "es", "was", "works", "werkt", "arbeitet", "travaille", "trabaja"].contains(&word)
}
