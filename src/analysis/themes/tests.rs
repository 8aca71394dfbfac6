//! What the theme rules make of small documents and catalogs.

use super::*;
use crate::analysis::names::{Found, Mention};
use crate::analysis::{Block, BlockKind};
use crate::catalog::{Project, Term, Theme};

fn term(text: &str, weight: u32) -> Term {
    Term { text: text.to_owned(), open_start: false, open_end: text.len() > 6, weight }
}

fn catalog() -> Catalog {
    let theme = |name: &str, terms: &[(&str, u32)]| Theme {
        name: name.to_owned(),
        title: name.to_uppercase(),
        terms: [("any".to_owned(), terms.iter().map(|(text, weight)| term(text, *weight)).collect())].into(),
    };
    let project = |name: &str, theme: &str| Project {
        name: name.to_owned(),
        themes: vec![theme.to_owned()],
        ..Project::default()
    };
    Catalog {
        themes: vec![
            theme("security", &[("security", 3), ("attack", 2), ("encryption", 2), ("risk", 1)]).into(),
            theme("storage", &[("storage", 3), ("backup", 3), ("volume", 2)]).into(),
            theme("finops", &[("finops", 3), ("cost", 2)]).into(),
        ],
        projects: [("Falco", "security"), ("Rook", "storage"), ("Longhorn", "storage")]
            .map(|(name, theme)| project(name, theme).into())
            .to_vec(),
        ..Catalog::default()
    }
    .compiled()
}

/// A document of these sentences, each a block; "# " makes a heading.
fn document(lines: &[&str]) -> (Document, Vec<Sentence>) {
    let (mut document, mut sentences) = (Document::default(), Vec::new());
    for line in lines {
        let (kind, text) =
            line.strip_prefix("# ").map_or((BlockKind::Paragraph, *line), |text| (BlockKind::Heading(2), text));
        let span = document.text.len()..document.text.len() + text.len();
        sentences.push(Sentence { span: span.clone(), block: document.blocks.len() });
        document.text.push_str(text);
        document.text.push('\n');
        document.blocks.push(Block { kind, span, links: Vec::new() });
    }
    (document, sentences)
}

fn themes_of(lines: &[&str], projects: &[&str]) -> Vec<ThemeHit> {
    let catalog = catalog();
    let (document, sentences) = document(lines);
    let find = |name: &&str| {
        let entry = catalog.projects.iter().position(|project| project.name == **name)?;
        let at = document.text.match_indices(*name);
        Some(Found {
            entry,
            mentions: at.map(|(at, name)| Mention { span: at..at + name.len(), block: 0 }).collect(),
            version: None,
        })
    };
    let names = Names { projects: projects.iter().filter_map(find).collect(), ..Names::default() };
    score(&document, &sentences, Language::En, &names, &catalog)
}

fn ids(themes: &[ThemeHit]) -> Vec<&str> {
    themes.iter().map(|theme| theme.name.as_str()).collect()
}

#[test]
fn a_heading_or_several_sentences_make_a_theme_and_a_single_mention_does_not() {
    let lines = [
        "# Security first",
        "Every attack of the year was told on stage, and most came in by the front door.",
        "The encryption of the data on the wire was taken for granted by everyone in the room.",
        "A good security team was what the speakers wished for most of all.",
        "The cost of it all was mentioned once.",
    ];
    let themes = themes_of(&lines, &[]);
    assert_eq!(ids(&themes), ["security"]);
    assert_eq!(themes.first().map(|theme| theme.title.as_str()), Some("SECURITY"));
    assert_eq!(themes.first().map(|theme| theme.mentions), Some(4));
}

#[test]
fn a_catchword_before_a_paragraph_names_its_theme_in_a_short_text() {
    let lines = [
        "Two days, four filter coffees.",
        "Cost: the idle half of the notebooks was switched off at night.",
        "See you next year.",
    ];
    assert_eq!(ids(&themes_of(&lines, &[])), ["finops"]);
    let lines =
        ["Two days, four filter coffees.", "Nobody asked what the cost of the notebooks was.", "See you next year."];
    assert!(themes_of(&lines, &[]).is_empty());
}

#[test]
fn a_paragraph_about_a_theme_is_enough_in_a_text_about_many() {
    let mut lines =
        vec!["The attack came in by the front door, and the risk with it: that was the one talk on security."];
    let filler = "The room was full again and the speaker told once more how the day before had gone for the team.";
    lines.extend(std::iter::repeat_n(filler, 30));
    assert_eq!(ids(&themes_of(&lines, &[])), ["security"]);
    let spread: Vec<&str> = std::iter::once("There was an attack.").chain(std::iter::repeat_n(filler, 30)).collect();
    assert!(themes_of(&spread, &[]).is_empty());
}

#[test]
fn the_strongest_theme_comes_first_and_scores_are_shares() {
    let lines = [
        "# Storage",
        "Backup of every volume was the talk of the town for the whole week.",
        "Storage vendors showed how a backup is made and how it is read again.",
        "A volume outlives its node, said the people who write storage drivers.",
        "# Security",
        "The security of the backup is a matter of its own, they said.",
        "No attack is as bad as a backup that cannot be read.",
    ];
    let themes = themes_of(&lines, &[]);
    assert_eq!(ids(&themes), ["storage", "security"]);
    let scores: Vec<u32> = themes.iter().map(|theme| theme.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().sum::<u32>() <= 100, "{scores:?}");
}

#[test]
fn a_list_of_tools_makes_no_theme_but_sentences_about_them_support_one() {
    let tools = ["Falco", "Rook", "Longhorn"];
    assert!(themes_of(&["We saw Falco, Rook and Longhorn at the booths of their makers."], &tools).is_empty());
    let lines = [
        "Rook runs the disks of a whole factory by now.",
        "Longhorn does the same for a school in the north.",
        "With Rook the storage of the factory was moved in a week.",
        "The volume of Longhorn was restored while the audience watched.",
    ];
    assert_eq!(ids(&themes_of(&lines, &tools)), ["storage"]);
}

#[test]
fn the_evidence_is_the_most_telling_sentence_of_the_text() {
    let lines = [
        "# Security and security and security",
        "Security matters.",
        "The attack on the build of a well-known library made security the first topic of every hallway talk.",
        "There is a risk in everything, and in security too, as the old people say.",
    ];
    let themes = themes_of(&lines, &[]);
    assert_eq!(themes.first().map(|theme| theme.evidence.as_str()), lines.get(2).copied());
}

#[test]
fn a_text_about_nothing_of_this_has_no_theme() {
    assert!(themes_of(&["The bread was good.", "The sea was blue."], &[]).is_empty());
    assert!(themes_of(&[], &[]).is_empty());
}

proptest::proptest! {
    #[test]
    fn evidence_is_in_the_text_and_scores_are_per_cent(
        lines in proptest::collection::vec("(# )?((security|storage|backup|cost|volume|attack|Rook|a|of|\\PC{0,5})[ .]){1,20}", 0..14),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (document, _) = document(&lines);
        let themes = themes_of(&lines, &["Rook"]);
        proptest::prop_assert_eq!(&themes, &themes_of(&lines, &["Rook"]));
        for theme in themes {
            proptest::prop_assert!((1..=100).contains(&theme.score));
            proptest::prop_assert!(!theme.evidence.is_empty() && document.text.contains(&theme.evidence));
        }
    }
}
