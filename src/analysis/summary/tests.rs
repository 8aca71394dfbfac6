//! What the summary of whole texts looks like, with the built-in catalog.

use super::*;
use crate::analysis::language::Language;
use crate::analysis::names::Names;
use crate::analysis::{Block, BlockKind, Event};
use crate::catalog::Catalog;

/// A document of these blocks, sentences split after ". ", "! " and "? ".
fn document(blocks: &[(BlockKind, &str)]) -> (Document, Vec<Sentence>) {
    let (mut document, mut sentences) = (Document::default(), Vec::new());
    for (kind, text) in blocks {
        let start = document.text.len();
        let block = document.blocks.len();
        let mut from = 0;
        for (at, _) in text.match_indices(' ').filter(|(at, _)| text[..*at].ends_with(['.', '!', '?'])) {
            sentences.push(Sentence { span: start + from..start + at, block });
            from = at + 1;
        }
        sentences.push(Sentence { span: start + from..start + text.len(), block });
        document.text.push_str(text);
        document.blocks.push(Block { kind: *kind, span: start..document.text.len(), links: Vec::new() });
        document.text.push('\n');
    }
    (document, sentences)
}

fn summary_of(blocks: &[(BlockKind, &str)], language: Language, max_words: usize) -> String {
    let (document, sentences) = document(blocks);
    extracted(&document, &sentences, language, None, max_words)
}

fn extracted(
    document: &Document,
    sentences: &[Sentence],
    language: Language,
    event: Option<&Event>,
    max_words: usize,
) -> String {
    let (names, catalog) = (Names::default(), Catalog::builtin());
    let terms = catalog.theme_terms.read(&document.text, language.code());
    let knowledge = Knowledge { language, names: &names, terms: &terms, themes: &[], event, catalog: &catalog };
    extract(
        document,
        sentences,
        &Words::of_document(document),
        &knowledge,
        &Lexicon::new(&catalog.languages),
        max_words,
    )
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

const HEADING: BlockKind = BlockKind::Heading(2);
const TEXT: BlockKind = BlockKind::Paragraph;
const ITEM: BlockKind = BlockKind::ListItem;

const REPORT: &[(BlockKind, &str)] = &[
    (HEADING, "Three days of containers"),
    (
        TEXT,
        "KubeCon + CloudNativeCon Europe 2024 brought 12,000 people to Paris from 19 to 22 March. I had a great time and met many friends there! Have you ever seen so many stickers?",
    ),
    (HEADING, "Security"),
    (
        TEXT,
        "Supply chain security was the theme of most talks, from signing images to writing down what is in them. This surprised nobody who had followed the year. Click here to read more about it.",
    ),
    (HEADING, "Platforms"),
    (
        TEXT,
        "Platform teams showed portals that hide the clusters from developers. These are the three lessons of the day:",
    ),
    (ITEM, "Start with the paved road"),
    (BlockKind::Furniture, "Subscribe to the newsletter of the platform and the security and the supply chain."),
];

#[test]
fn a_summary_is_whole_sentences_of_the_report_in_its_order() {
    let summary = summary_of(REPORT, Language::En, 60);
    assert_eq!(
        summary,
        "KubeCon + CloudNativeCon Europe 2024 brought 12,000 people to Paris from 19 to 22 March. Supply chain security was the theme of most \
         talks, from signing images to writing down what is in them. Platform teams showed portals that hide the clusters from developers."
    );
}

#[test]
fn furniture_questions_calls_and_headings_stay_out_at_any_length() {
    let summary = summary_of(REPORT, Language::En, 500);
    for stays_out in ["Subscribe", "Have you", "Click here", "Three days", "lessons of the day", "paved road"] {
        assert!(!summary.contains(stays_out), "{stays_out}: {summary}");
    }
}

#[test]
fn a_sentence_that_leans_on_another_comes_with_it_or_not_at_all() {
    let summary = summary_of(REPORT, Language::En, 500);
    if let Some(at) = summary.find("This surprised") {
        assert!(summary[..at].trim_end().ends_with("what is in them."), "{summary}");
    }
    let blocks =
        [(TEXT, "Dit is de reden van het hele verhaal over de clusters. Het werkt met elke versie van de software.")];
    let (document, sentences) = document(&blocks);
    let found = Words::of_document(&document);
    let lexicon = Lexicon::new(&Catalog::builtin().languages);
    let rules = Rules::new(&found, Language::Nl, &lexicon.summary);
    let candidates = candidates::find(&document, &sentences, &found, Language::Nl, &rules);
    assert!(candidates.iter().all(|candidate| candidate.leans), "{candidates:?}");
}

#[test]
fn a_german_article_is_not_a_pronoun() {
    let lexicon = Lexicon::new(&Catalog::builtin().languages);
    for (sentence, leans) in [
        ("Das neue Framework kommt aus dem Hause der Betreiber.", false),
        ("Die Konferenz war die größte in der Geschichte des Projekts.", false),
        ("Das hat man auf der Messe in den Hallen gespürt.", true),
        ("Sie kommt mit einer neuen Version und mit der Zeit.", true),
    ] {
        let (document, sentences) = document(&[(TEXT, sentence)]);
        let found = Words::of_document(&document);
        let rules = Rules::new(&found, Language::De, &lexicon.summary);
        let candidates = candidates::find(&document, &sentences, &found, Language::De, &rules);
        assert_eq!(candidates.first().map(|candidate| candidate.leans), Some(leans), "{sentence}");
    }
}

#[test]
fn a_text_without_sentences_gives_its_list_items() {
    let blocks =
        [(HEADING, "Topics"), (ITEM, "Security of the supply chain"), (ITEM, "Cost of the clusters in the cloud")];
    assert_eq!(
        summary_of(&blocks, Language::En, 50),
        "Security of the supply chain\nCost of the clusters in the cloud"
    );
    assert_eq!(summary_of(&[(TEXT, "too short")], Language::En, 50), "too short");
    assert_eq!(summary_of(&[], Language::En, 50), "");
}

proptest::proptest! {
    #[test]
    fn every_sentence_is_verbatim_and_the_words_are_within_the_limit(
        texts in proptest::collection::vec("([A-Z][a-z]{2,8}|the|is|of|and|Kubernetes|[0-9]{1,3}|\\. |! |\\PC){4,30}\\.", 0..12),
        limit in 5usize..80,
    ) {
        let blocks: Vec<(BlockKind, &str)> = texts.iter().map(|text| (TEXT, text.as_str())).collect();
        let summary = summary_of(&blocks, Language::En, limit);
        proptest::prop_assert!(words(&summary) <= limit);
        proptest::prop_assert_eq!(&summary, &summary_of(&blocks, Language::En, limit));
        let (document, sentences) = document(&blocks);
        // the lengths of the beginnings of the summary that sentences of the document, in their order, add up to
        let mut reached = std::collections::BTreeSet::from([0]);
        for sentence in &sentences {
            let text = document.text[sentence.span.clone()].trim();
            let next: Vec<usize> = reached
                .iter()
                .map(|at| at + usize::from(*at > 0))
                .filter(|at| summary.get(*at..).is_some_and(|rest| rest.starts_with(text)))
                .map(|at| at + text.len())
                .collect();
            reached.extend(next);
        }
        proptest::prop_assert!(reached.contains(&summary.len()), "{}", summary);
    }
}

#[test]
fn a_sentence_that_refers_to_the_catchword_before_it_stays_out() {
    let blocks = [
        (TEXT, "KubeCon India 2025 was held in Hyderabad on 6 and 7 August and drew a full house of engineers."),
        (TEXT, "Secrets. We keep too many of them in the repository of the platform team."),
        (TEXT, "Cost. The platform team of a bank halved the idle capacity of its 40 clusters with better requests."),
    ];
    let summary = summary_of(&blocks, Language::En, 120);
    assert!(summary.contains("halved the idle capacity") && !summary.contains("too many of them"), "{summary}");
}

#[test]
fn the_sentence_that_introduces_the_event_is_not_that_of_another_edition() {
    let blocks = [
        (TEXT, "A year ago, in Salt Lake City, the KubeCon still had small demos and large stages for it."),
        (TEXT, "The North American KubeCon 2025 in Atlanta turned that around, and the talks were about tokens."),
    ];
    let (document, sentences) = document(&blocks);
    let event = Event {
        name: Some("KubeCon + CloudNativeCon".into()),
        year: Some(2025),
        location: Some("Atlanta".into()),
        ..Event::default()
    };
    let summary = extracted(&document, &sentences, Language::En, Some(&event), 20);
    assert!(summary.contains("Atlanta") && !summary.contains("Salt Lake City"), "{summary}");
}
