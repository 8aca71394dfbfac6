//! What an analysis says, and what may be said beforehand; and how the findings are put together. Pure functions.

use unicode_segmentation::UnicodeSegmentation;

use super::language::Language;
use super::names::{Found, Names};
use super::sentences::Sentence;
use super::{BlockKind, Document};
use crate::catalog::Catalog;

/// What the author of a resource knows beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hints {
    /// ISO 639-1 code that overrides detection.
    pub language: Option<String>,
    /// What is known about the event.
    pub event: EventHints,
    /// The most words the summary may have.
    pub summary_max_words: usize,
}

impl Default for Hints {
    fn default() -> Self {
        Self { language: None, event: EventHints::default(), summary_max_words: 120 }
    }
}

/// What is known about the event beforehand; each field overrides what the text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventHints {
    /// Name of the series.
    pub name: Option<String>,
    /// Edition, for example "Europe 2024".
    pub edition: Option<String>,
    /// Year of the edition.
    pub year: Option<i32>,
    /// City, in English.
    pub location: Option<String>,
    /// First day, as YYYY-MM-DD.
    pub start_date: Option<String>,
    /// Last day, as YYYY-MM-DD.
    pub end_date: Option<String>,
}

/// What a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// ISO 639-1 code, or "und".
    pub language: String,
    /// Title of the report.
    pub title: Option<String>,
    /// Words outside furniture.
    pub words: usize,
    /// The event, where one was found.
    pub event: Option<Event>,
    /// Whole sentences of the report, in its order.
    pub summary: String,
    /// Most mentioned first, then by name. Not capped.
    pub projects: Vec<ProjectHit>,
    /// Most mentioned first, then by name. Not capped.
    pub organizations: Vec<OrganizationHit>,
    /// Strongest first, then by name.
    pub themes: Vec<ThemeHit>,
}

/// The event that a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Name of the series.
    pub name: Option<String>,
    /// Edition, for example "Europe 2024".
    pub edition: Option<String>,
    /// Year of the edition.
    pub year: Option<i32>,
    /// City, in English.
    pub location: Option<String>,
    /// First day, as YYYY-MM-DD.
    pub start_date: Option<String>,
    /// Last day, as YYYY-MM-DD.
    pub end_date: Option<String>,
    /// Names of the fields above (as in the resource's status: "startDate") that follow from the text without being stated in it.
    pub inferred: Vec<&'static str>,
}

/// A project that is mentioned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectHit {
    /// Name that is reported.
    pub name: String,
    /// Category, as in the landscape.
    pub category: Option<String>,
    /// CNCF maturity.
    pub maturity: Option<String>,
    /// Home page.
    pub homepage: Option<String>,
    /// First version named after it.
    pub version: Option<String>,
    /// Project that it is a part of.
    pub parent: Option<String>,
    /// Number of mentions.
    pub mentions: usize,
    /// A sentence that names it, verbatim.
    pub evidence: String,
}

/// An organisation that is mentioned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationHit {
    /// Name that is reported.
    pub name: String,
    /// Number of mentions.
    pub mentions: usize,
    /// A sentence that names it, verbatim.
    pub evidence: String,
}

/// A theme that the report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeHit {
    /// Id.
    pub name: String,
    /// Title in English.
    pub title: String,
    /// 0 to 100.
    pub score: u32,
    /// Number of terms found.
    pub mentions: usize,
    /// The most telling sentence, verbatim.
    pub evidence: String,
}

/// The longest evidence, in characters.
const EVIDENCE_MAX: usize = 300;

/// Puts the findings together: names in the order they are reported in, each with the sentence that tells most.
#[expect(clippy::too_many_arguments, reason = "one argument a finding; called once")]
pub(super) fn assemble(
    document: &Document,
    sentences: &[Sentence],
    language: Language,
    names: Names,
    event: Option<Event>,
    themes: Vec<ThemeHit>,
    summary: String,
    catalog: &Catalog,
) -> Analysis {
    let crowd = crowd(sentences, &names);
    let mut projects: Vec<ProjectHit> = names
        .projects
        .iter()
        .filter_map(|found| {
            let project = catalog.projects.get(found.entry)?;
            Some(ProjectHit {
                name: project.name.clone(),
                category: project.category.clone(),
                maturity: project.maturity.clone(),
                homepage: project.homepage.clone(),
                version: found.version.clone(),
                parent: project.parent.clone(),
                mentions: found.mentions.len(),
                evidence: evidence(document, sentences, &crowd, found),
            })
        })
        .collect();
    projects.sort_by(|a, b| b.mentions.cmp(&a.mentions).then_with(|| a.name.cmp(&b.name)));
    let mut organizations: Vec<OrganizationHit> = names
        .organizations
        .iter()
        .filter_map(|found| {
            Some(OrganizationHit {
                name: catalog.organizations.get(found.entry)?.name.clone(),
                mentions: found.mentions.len(),
                evidence: evidence(document, sentences, &crowd, found),
            })
        })
        .collect();
    organizations.sort_by(|a, b| b.mentions.cmp(&a.mentions).then_with(|| a.name.cmp(&b.name)));
    Analysis {
        language: language.code().to_owned(),
        title: document.title.clone(),
        words: words(document),
        event,
        summary,
        projects,
        organizations,
        themes,
    }
}

/// Words outside furniture and code, by the rules of Unicode (UAX #29).
fn words(document: &Document) -> usize {
    let searched = document.blocks.iter().filter(|block| !matches!(block.kind, BlockKind::Furniture | BlockKind::Code));
    // No word spans a space.
    let pieces =
        searched.filter_map(|block| document.text.get(block.span.clone())).flat_map(str::split_ascii_whitespace);
    pieces.map(words_of).sum()
}

/// Words of a piece without a space. Most are letters and digits with marks around them at most, which needs no rules.
fn words_of(piece: &str) -> usize {
    // An underscore belongs to the word beside it.
    let bare = piece.trim_matches(|c: char| c.is_ascii_punctuation() && c != '_');
    match bare.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => usize::from(!bare.is_empty()),
        false => piece.unicode_words().count(),
    }
}

/// Index of the sentence that a place lies in.
fn sentence_at(sentences: &[Sentence], at: usize) -> Option<usize> {
    let index = sentences.partition_point(|sentence| sentence.span.start <= at).checked_sub(1)?;
    sentences.get(index).filter(|sentence| at < sentence.span.end).map(|_| index)
}

/// How many names each sentence holds: one that lists ten says little about each.
fn crowd(sentences: &[Sentence], names: &Names) -> Vec<usize> {
    let mut crowd = vec![0; sentences.len()];
    for mention in names.projects.iter().chain(&names.organizations).flat_map(|found| &found.mentions) {
        if let Some(count) = sentence_at(sentences, mention.span.start).and_then(|index| crowd.get_mut(index)) {
            *count += 1;
        }
    }
    crowd
}

/// The sentence that tells most about a name: no heading if there is anything else, of 60 to 300 bytes, complete, about few other names; the first of
/// equals. Cut at a word where it is too long, so that it stays a part of the text.
fn evidence(document: &Document, sentences: &[Sentence], crowd: &[usize], found: &Found) -> String {
    let mut best: Option<(i32, std::ops::Range<usize>, usize)> = None;
    for mention in &found.mentions {
        let Some(index) = sentence_at(sentences, mention.span.start) else { continue };
        let Some(sentence) = sentences.get(index) else { continue };
        let text = document.text.get(sentence.span.clone()).unwrap_or_default();
        let kind = document.blocks.get(sentence.block).map(|block| block.kind);
        let mut score = match kind {
            Some(BlockKind::Heading(_)) => 0,
            Some(BlockKind::TableRow) => 8,
            _ => 16,
        };
        score += if (60..=300).contains(&text.len()) { 6 } else { 0 };
        score += if text.trim_end().ends_with(['.', '!', '"', '”', '“', '»', ')']) { 3 } else { 0 };
        score -= i32::try_from(crowd.get(index).copied().unwrap_or_default().min(8)).unwrap_or(8);
        if best.as_ref().is_none_or(|(known, _, _)| score > *known) {
            best = Some((score, sentence.span.clone(), mention.span.start));
        }
    }
    let first = found.mentions.first().map(|mention| mention.span.clone());
    let (span, at) = match best {
        Some((_, span, at)) => (span, at),
        None => (first.clone().unwrap_or_default(), first.map_or(0, |span| span.start)),
    };
    excerpt(document.text.get(span.clone()).unwrap_or_default(), at.saturating_sub(span.start)).to_owned()
}

/// At most [`EVIDENCE_MAX`] characters of a sentence, cut between words; around `at` where the start of the sentence would not hold it.
fn excerpt(text: &str, at: usize) -> &str {
    let text_end = text.char_indices().nth(EVIDENCE_MAX).map(|(end, _)| end);
    let Some(end) = text_end else { return text.trim() };
    let start = if at + 40 < end {
        0
    } else {
        // Half of what fits stands before the name.
        let lead = text
            .get(..at)
            .map_or(0, |lead| lead.char_indices().rev().nth(EVIDENCE_MAX / 2).map_or(0, |(start, _)| start));
        text.get(lead..).and_then(|rest| rest.find(char::is_whitespace)).map_or(lead, |gap| lead + gap + 1)
    };
    let rest = text.get(start..).unwrap_or_default();
    let Some((end, _)) = rest.char_indices().nth(EVIDENCE_MAX) else { return rest.trim() };
    let cut = rest.get(..end).unwrap_or_default();
    // A single word longer than all that is cut where it is.
    let cut = cut.rfind(char::is_whitespace).and_then(|gap| cut.get(..gap)).unwrap_or(cut);
    cut.trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_sentence_is_cut_around_the_name_between_words() {
        let text = format!("{}Linkerd {}", "word ".repeat(100), "tail ".repeat(100));
        let cut = excerpt(&text, 500);
        assert!(cut.contains("Linkerd") && cut.chars().count() <= EVIDENCE_MAX);
        assert!(cut.starts_with("word") && cut.ends_with("tail"));
        assert_eq!(excerpt(" Linkerd. ", 1), "Linkerd.");
    }

    proptest! {
        #[test]
        fn the_words_of_a_piece_are_those_of_unicode(piece in "[a-zA-Z0-9é.,:'_()#-]{0,8}|\\PC{0,8}") {
            prop_assert_eq!(words_of(&piece), piece.unicode_words().count(), "{:?}", piece);
        }

        #[test]
        fn an_excerpt_is_a_part_of_the_text(text in "\\PC{0,700}", at in 0usize..900) {
            let cut = excerpt(&text, at);
            prop_assert!(text.contains(cut) && cut.chars().count() <= EVIDENCE_MAX);
        }
    }
}
