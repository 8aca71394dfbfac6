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
/// The longest paragraph that is furniture for the label before its first colon, or for the call that it ends with.
const MAX_LABELLED: usize = 300;
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
        mark_tail(drafts, &phrases);
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

    /// A menu on one line ("Home Services Contact"): at least three of its words are furniture by themselves.
    fn is_menu(&self, line: &str) -> bool {
        let folded = fold(line);
        let words: Vec<&str> = folded.split(' ').collect();
        let known = words.iter().filter(|w| self.furniture.contains(**w)).count();
        words.len() <= 12 && known >= 3 && known * 5 >= words.len() * 2
    }

    /// Whether a line has a phrase of two words or more as its label ("About the author: ...").
    fn is_labelled(&self, line: &str) -> bool {
        let label = line.split_once(": ").map(|(label, _)| fold(label));
        label.is_some_and(|label| label.contains(' ') && self.furniture.contains(&label))
    }

    /// Whether a paragraph ends with a sentence that calls the reader to do something ("We help you with X. Request a demo.").
    fn ends_with_call(&self, text: &str) -> bool {
        let last = text.trim_end_matches(['.', '!', '*', ' ', '→', '»']);
        let at = [". ", "! ", "? "].iter().filter_map(|end| last.rfind(end)).max();
        at.and_then(|at| last.get(at + 2..)).is_some_and(|call| call.chars().count() <= 60 && self.is_call(call))
    }

    fn is_call(&self, line: &str) -> bool {
        self.matches(&self.calls, line)
    }

    fn matches(&self, set: &BTreeSet<String>, line: &str) -> bool {
        let folded = fold(line);
        // A number may stand before a phrase ("3 comments").
        let rest = folded.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let rest = rest.strip_prefix("the ").unwrap_or(rest);
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
            let markup = matches!(draft.kind, BlockKind::Heading(_)) && !draft.guessed;
            if seen && !markup {
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
        let by_phrase = whole
            || phrases.is_labelled(text) && chars <= MAX_LABELLED
            || (chars <= limit && phrases.is_furniture(text) && !(heading && !draft.guessed && chars > 40));
        let by_call = if heading {
            draft.guessed && phrases.calls.contains(&fold(text))
        } else {
            chars <= 80 && phrases.is_call(text)
        };
        let by_shape = patterns::is_reading_time(text)
            || patterns::is_counter(text)
            || patterns::is_legal(text)
            || (patterns::is_hash_tags(text) && !heading)
            || patterns::is_post_author(text)
            || patterns::is_address(text);
        let menu = !patterns::ends_sentence(text) && phrases.is_menu(text);
        let lone_link =
            draft.is_all_link() && chars <= 12 && patterns::words(text) == 1 && text.chars().all(char::is_lowercase);
        let contents = draft.is_all_link() && draft.links.iter().all(|l| l.target.starts_with('#'));
        if by_phrase || by_call || by_shape || menu || lone_link || contents {
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
        let is_date = |line: &str| patterns::is_date_line(line, &is_month, &is_weekday);
        // "3 May 2019 News, Events": a date, and categories as links.
        let unlinked = unlinked(draft);
        let tags = draft.links.len() >= 2 && draft.is_all_link() && length(draft) <= 80 && !is_prose(draft);
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
        |index: &usize| drafts.get(*index).is_some_and(|d| matches!(d.kind, BlockKind::Heading(1)) && !d.guessed);
    if let Some(place) = body.iter().take(HEAD).position(is_title)
        && let Some(above) = body.get(..place)
        && above.iter().all(|index| {
            drafts
                .get(*index)
                .is_some_and(|d| matches!(d.kind, BlockKind::Paragraph | BlockKind::ListItem) && length(d) < PROSE)
        })
    {
        for index in above {
            if let Some(draft) = drafts.get_mut(*index) {
                set(draft);
            }
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

/// What follows a line like "Latest in ..." or "Related articles": teasers up to the next text in sentences.
fn mark_sections(drafts: &mut [Draft], phrases: &Phrases) {
    let mut prose = 0;
    let mut lines = 0;
    let mut open = false;
    let mut since = 0;
    let last_prose = drafts.iter().rposition(is_prose);
    for index in 0..drafts.len() {
        let next_is_prose = drafts.get(index + 1).is_some_and(is_prose);
        let Some(draft) = drafts.get_mut(index) else { break };
        if draft.is_furniture() {
            let opener = length(draft) <= 60
                // behind the text a single word ("Jobs") heads a list as well
                && (patterns::words(&draft.text) >= 2 || last_prose.is_some_and(|last| last < index))
                && !patterns::ends_sentence(&draft.text)
                && (phrases.is_furniture(&draft.text) || phrases.is_call(&draft.text));
            // Not at the top, where menus speak like that; notes in bullet points have no prose at all.
            if opener && (prose >= 2 || lines >= HEAD) {
                open = true;
                since = 0;
            }
            continue;
        }
        let text = is_prose(draft);
        prose += usize::from(text);
        lines += 1;
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
    // Lines of the run that are known to be furniture already.
    let mut known = 0;
    for index in 0..=drafts.len() {
        let draft = drafts.get(index);
        if draft.is_some_and(Draft::is_furniture) {
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
        let short = taken.iter().all(|i| drafts.get(*i).is_some_and(|d| length(d) <= 30));
        let introduced = drafts
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
            if let Some(draft) = drafts.get_mut(at).filter(|_| !heads) {
                set(draft);
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

/// A few words and no more.
fn is_menu_item(draft: &Draft) -> bool {
    length(draft) <= 40 && patterns::words(&draft.text) <= 6 && !draft.text.contains(':')
}

/// Author boxes: a name, then a sentence that begins with it; and what a company says of itself before it asks the reader to call.
fn mark_tail(drafts: &mut [Draft], phrases: &Phrases) {
    let body = body(drafts);
    for index in body.iter().rev().take(TAIL.min(body.len() / 2)) {
        if let Some(draft) = drafts.get_mut(*index)
            && draft.kind == BlockKind::Paragraph
            && length(draft) <= MAX_LABELLED
            && phrases.ends_with_call(&draft.text)
        {
            set(draft);
        }
    }
    let from = body.len().saturating_sub(TAIL).max(2);
    for pair in body.get(from..).unwrap_or_default().windows(2) {
        let [name, about] = pair else { continue };
        let (Some(name_draft), Some(about_draft)) = (drafts.get(*name), drafts.get(*about)) else { continue };
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

#[cfg(test)]
mod tests {
    use super::super::{Document, Format, parse};
    use super::*;

    fn languages() -> BTreeMap<String, LanguageData> {
        let list = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let months = |names: &[&str]| (1i8..).zip(names).map(|(n, m)| ((*m).to_owned(), n)).collect::<BTreeMap<_, _>>();
        let mut all = BTreeMap::new();
        all.insert(
            "nl".to_owned(),
            LanguageData {
                furniture: list(&["lees ook", "reacties", "deel dit artikel", "foto:", "wij gebruiken cookies"]),
                months: months(&["januari", "februari", "maart", "april", "mei"]),
                ..LanguageData::default()
            },
        );
        all.insert(
            "en".to_owned(),
            LanguageData {
                furniture: list(&[
                    "latest in",
                    "related articles",
                    "(image credit",
                    "share",
                    "home",
                    "contact",
                    "subscribe to our newsletter",
                ]),
                calls_to_action: list(&["learn more", "see you at", "request a demo"]),
                months: months(&["january", "february", "march", "april", "may"]),
                weekdays: list(&["monday"]),
                ..LanguageData::default()
            },
        );
        all
    }

    fn read(text: &str, format: Format) -> Document {
        parse(text, format, &languages()).unwrap()
    }

    fn kept(document: &Document) -> Vec<&str> {
        let body = document.blocks.iter().filter(|b| b.kind != BlockKind::Furniture);
        body.map(|b| &document.text[b.span.clone()]).collect()
    }

    const FIRST: &str = "The first day was about clusters that nobody wanted to upgrade, and about the people who had to do it anyway, late at night.";
    const SECOND: &str = "On the second day of the week the talks on Cilium and Falco filled the largest room, which says something about where the budgets go.";

    fn is_furniture(line: &str) -> bool {
        let document = read(&format!("A week\n\n{FIRST}\n\n{line}\n\n{SECOND}"), Format::Text);
        !kept(&document).contains(&line)
    }

    #[test]
    fn lines_of_the_page_are_not_of_the_report() {
        for line in [
            "3 reacties",
            "(Image credit: Somebody Else)",
            "Share",
            "5 min read",
            "© 2022 Voorbeeld",
            "Deel dit artikel",
            "23/05/2022 • Team Wolk",
            "By Jane Doe",
            "Monday, 3 May 2021",
            "#kubecon #cilium",
            "https://example.org/a",
            "Learn more",
            "Home Share Contact",
            "Subscribe to our newsletter to get such stories every week",
        ] {
            assert!(is_furniture(line), "{line}");
        }
        for line in [
            "Share of the market was a theme in every keynote, and so was the price of a licence.",
            "Home clusters",
            "19 – 22 maart 2024",
            "Place: Lyon",
            "What we learned",
            "Falco",
            "Thank you, Lyon",
        ] {
            assert!(!is_furniture(line), "{line}");
        }
    }

    #[test]
    fn sections_with_short_headings_stay() {
        let vendors = ["Chainguard", "Isovalent", "Buoyant", "Tigera", "Sysdig", "Spectro Cloud"];
        let text: String =
            vendors.iter().map(|v| format!("{v}\n\n{v} is a company that showed something new. {FIRST}\n\n")).collect();
        let document = read(&format!("Six booths\n\n{FIRST}\n\n{text}"), Format::Text);
        assert_eq!(kept(&document).len(), 2 + 2 * vendors.len());
    }

    #[test]
    fn a_list_is_no_menu() {
        let items = ["Cilium", "Falco", "Flux", "Harbor", "Helm", "Istio"];
        let list = items.map(|i| format!("* [{i}](https://example.org/{i})")).join("\n");
        let document = read(&format!("# A week\n\n{FIRST}\n\nProjects:\n\n{list}\n\n{SECOND}"), Format::Markdown);
        assert!(items.iter().all(|i| kept(&document).contains(i)));
    }

    #[test]
    fn a_menu_above_the_text_goes_and_the_title_stays() {
        let text = format!(
            "Home\nShare\nClients and cases\nNL | EN\nClose menu\nBase / Events\nA week in Lyon\n\n{FIRST}\n\n{SECOND}"
        );
        let document = read(&text, Format::Text);
        assert_eq!(kept(&document), ["A week in Lyon", FIRST, SECOND]);
        assert_eq!(document.title.as_deref(), Some("A week in Lyon"));
    }

    #[test]
    fn details_above_the_text_stay() {
        let text =
            format!("Dates: 4 to 6 May  \nPlace: Lyon  \nTheme: Costs  \nRoom: B  \nSite: x\n\n{FIRST}\n\n{SECOND}");
        assert_eq!(kept(&read(&text, Format::Markdown)).len(), 7);
    }

    #[test]
    fn author_boxes_go_and_companies_stay() {
        let end = |last: &str| read(&format!("A week\n\n{FIRST}\n\n{SECOND}\n\n{last}"), Format::Text);
        let person = end("Jane Doe\n\nJane Doe is an engineer who writes about clusters.");
        assert_eq!(kept(&person).len(), 3);
        let first_name = end("Jane Doe\n\nJane runs clusters and writes about them here.");
        assert_eq!(kept(&first_name).len(), 3);
        let company = end("Red Hat\n\nRed Hat is the company that showed the next release.");
        assert_eq!(kept(&company).len(), 5);
    }

    #[test]
    fn what_a_company_says_of_itself_goes_with_its_call() {
        let blurb = "We help towns with their clusters and with Snowflake. Request a demo.";
        let said = "They help towns with their clusters. Nobody subscribed to anything.";
        for (tail, stays) in [(blurb, false), (said, true)] {
            let document = read(&format!("A week\n\n{FIRST}\n\n{SECOND}\n\n{tail}"), Format::Text);
            assert_eq!(kept(&document).contains(&tail), stays, "{tail}");
        }
    }

    #[test]
    fn a_label_of_furniture_takes_its_paragraph_with_it() {
        let long = "Image credit: everybody who was there and held a camera, which was nearly all of us, and who then sent what they had.";
        assert!(is_furniture(&long.replace("Image credit", "Related articles")));
        assert!(!is_furniture(&long.replace("Image credit", "A related story")));
    }

    #[test]
    fn banners_above_the_title_of_a_page_go() {
        let page = format!(
            "<html><body><div>Now new: our Fleet with Nomad support.</div><h1>A week in Lyon</h1><p>{FIRST}</p><p>{SECOND}</p></body></html>"
        );
        let document = read(&page, Format::Html);
        assert!(!kept(&document).iter().any(|line| line.contains("Nomad")), "{:?}", kept(&document));
        let begun = format!("{FIRST}\n\n# A week in Lyon\n\n{SECOND}");
        assert!(kept(&read(&begun, Format::Markdown)).contains(&FIRST));
    }

    #[test]
    fn repeated_lines_go_and_repeated_headings_stay() {
        let part = format!("## Summary\n\n{FIRST}\n\nSee the agenda for more!\n\n");
        let document = read(&part.repeat(3), Format::Markdown);
        assert!(!kept(&document).contains(&"See the agenda for more!"));
        assert_eq!(kept(&document).iter().filter(|t| **t == "Summary").count(), 3);
    }

    #[test]
    fn furniture_behind_a_text_changes_nothing_before_it() {
        let text = format!(
            "A week in Lyon\n\n{FIRST}\n\nNetworking\n\n{SECOND}\n\n  • one point\n  • another\n\nCosts\n\n{FIRST} Again.\n\nJane Doe\n\nJane Doe is a writer."
        );
        let plain = read(&text, Format::Text);
        for tail in [
            "Latest in News\nA phone that folds twice\nWhat to watch tonight\nThe best headphones of the year\nA new console is coming\nWhy Apple sues Leica",
            "Lees ook\n\nWaarom wij weggingen\n\nHoe het verder ging",
            "3 reacties",
            "Share\n\nTweet\n\nPin\n\nMail\n\nPrint\n\nMore",
            "© 2024 Example",
        ] {
            let more = read(&format!("{text}\n\n{tail}"), Format::Text);
            assert_eq!(kept(&more), kept(&plain), "{tail}");
            assert_eq!(more.title, plain.title);
        }
    }
}
