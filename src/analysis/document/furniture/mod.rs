//! Marks furniture among the drafts of a document: menus, teasers, share buttons, bylines, author boxes, repeated lines. Pure.
//!
//! Headings above text, list items and sentences are left alone unless a phrase or their repetition speaks against them: what is marked
//! here is lost to the analysis. All rules look at the blocks that are not furniture yet and run until nothing changes, so that furniture
//! added to a text does not change what is said about the rest.

mod head;
mod lines;
pub(crate) mod phrases;
mod runs;
mod tail;

use std::cell::OnceCell;
use std::ops::{Deref, DerefMut};

use super::draft::Draft;
use super::{BlockKind, patterns};
use phrases::{Phrases, fold};

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
pub(super) fn mark(drafts: &mut [Draft], title: Option<&str>, phrases: &Phrases) {
    let lines: &mut [Line<'_>] = &mut drafts.iter_mut().map(Line::new).collect::<Vec<_>>();
    lines::repeated(lines, title);
    lines::alone(lines, phrases);
    // Each round takes away what stood around the next: at most as many rounds as there are layers, which pages have few of.
    for _ in 0..8 {
        let before = lines.iter().filter(|d| d.is_furniture()).count();
        head::mark(lines, phrases);
        runs::sections(lines, phrases);
        runs::short_lines(lines);
        tail::mark(lines, phrases);
        if lines.iter().filter(|d| d.is_furniture()).count() == before {
            break;
        }
    }
}

/// A draft with what the rules ask again and again about its text.
struct Line<'d> {
    draft: &'d mut Draft,
    /// Number of characters.
    chars: usize,
    folded: OnceCell<String>,
}

impl<'d> Line<'d> {
    fn new(draft: &'d mut Draft) -> Self {
        Self { chars: draft.text.chars().count(), draft, folded: OnceCell::new() }
    }

    /// The text as phrases are written, see [`fold`].
    fn folded(&self) -> &str {
        self.folded.get_or_init(|| fold(&self.draft.text))
    }
}

impl Deref for Line<'_> {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        self.draft
    }
}

impl DerefMut for Line<'_> {
    fn deref_mut(&mut self) -> &mut Draft {
        self.draft
    }
}

fn set(draft: &mut Draft) {
    draft.kind = BlockKind::Furniture;
}

/// Text in sentences: it ends the reach of any rule about lines.
fn is_prose(draft: &Line<'_>) -> bool {
    match draft.kind {
        BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListItem => {
            draft.chars >= PROSE
                && (patterns::ends_sentence(&draft.text) || draft.chars > 2 * PROSE)
                && !draft.is_all_link()
        }
        _ => false,
    }
}

fn body(lines: &[Line<'_>]) -> Vec<usize> {
    lines.iter().enumerate().filter(|(_, d)| !d.is_furniture()).map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Document, Format, parse};
    use super::*;
    use crate::analysis::Lexicon;
    use crate::catalog::LanguageData;

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
        parse(text, format, &Lexicon::new(&languages())).unwrap()
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
