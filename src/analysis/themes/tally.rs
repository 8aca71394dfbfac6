//! Counts what speaks for each theme. Pure: no I/O.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::names::Names;
use crate::analysis::sentences::Sentence;
use crate::analysis::{BlockKind, Document};
use crate::catalog::{Catalog, ThemeTerms};

/// Points of a term by its weight: 1 only hints at the theme, 3 names it.
const POINTS: [u32; 4] = [0, 2, 6, 12];
/// A term in a heading counts as often, and one in the label of a paragraph or list item ("Cost. ...", "Edge: ...") so much more.
const IN_HEADING: u32 = 3;
const IN_LABEL: u32 = 1;
/// Most words of a label.
const LABEL: usize = 5;
/// What the n-th occurrence of the same term adds, in twelfths of the first: a word that is repeated says less each time.
const REPEATED: [u32; 8] = [12, 8, 6, 5, 4, 3, 3, 2];
/// Points of a sentence that speaks of the theme, whatever its terms, and the most sentences that count.
const SENTENCE: u32 = 5;
const SENTENCES: usize = 16;
/// Points of a project that stands for the theme, for each of its first mentions, and the most of them that count.
const PROJECT: u32 = 7;
const PROJECT_MENTIONS: usize = 4;
/// Projects add at most half of what the terms say, and this much where several sentences name such projects. It is less than [`ENOUGH`]: a
/// list of ten tools does not make ten themes.
const PROJECTS_ALONE: u32 = 25;
const SEVERAL: usize = 3;
/// Points of one paragraph, from different terms and projects, from which on it is about the theme.
const PARAGRAPH: u32 = 20;
/// Points from which on a text is about a theme: in one of ordinary length three sentences that name it, or a heading; in a note of a few
/// lines a sentence or two.
const ENOUGH: u32 = 35;
const LITTLE: u32 = 18;
/// Words up to which a text is short: then a sentence counts for more.
const SHORT: usize = 400;

/// What speaks for a theme.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Number of terms found.
    pub mentions: usize,
    /// Weights of the terms in each sentence that has any.
    pub by_sentence: BTreeMap<usize, u32>,
    /// Occurrences of each term outside headings, with its weight.
    terms: BTreeMap<usize, (usize, u32)>,
    /// Points of terms in headings.
    headings: u32,
    /// Sentences, other than headings, with a term that is typical of the theme.
    typical: BTreeSet<usize>,
    /// Sections with such a sentence.
    sections: BTreeSet<usize>,
    /// Whether a heading has a term that names the theme, or is typical of it.
    headed: bool,
    /// Points of projects.
    projects: u32,
    /// Sentences that name such a project.
    project_sentences: BTreeSet<usize>,
    /// What speaks for the theme in each block that is no heading: the terms with their weight, and the projects.
    blocks: BTreeMap<usize, Paragraph>,
}

/// What speaks for a theme in one paragraph or list item.
#[derive(Clone, Debug, Default)]
struct Paragraph {
    terms: BTreeMap<usize, u32>,
    projects: BTreeSet<usize>,
}

impl Paragraph {
    /// Whether it is about the theme: at least two different words or projects speak for it, and one of them is a word.
    fn is_about(&self) -> bool {
        let terms: u32 = self.terms.values().map(|weight| points(*weight)).sum();
        let projects = PROJECT * u32::try_from(self.projects.len().min(2)).unwrap_or(0);
        !self.terms.is_empty() && self.terms.len() + self.projects.len() >= 2 && terms + projects >= PARAGRAPH
    }
}

impl Tally {
    /// Strength of the theme in a document of this length.
    pub fn points(&self, words: usize) -> u32 {
        let terms: u32 = self.terms.values().map(|(count, weight)| points(*weight) * repeated(*count) / 12).sum();
        let spread = SENTENCE * u32::try_from(self.typical.len().min(SENTENCES)).unwrap_or(0);
        let own = terms + spread + self.headings;
        let several = if words > SHORT { SEVERAL } else { SEVERAL - 1 };
        let alone = if self.project_sentences.len() >= several { PROJECTS_ALONE } else { 0 };
        own + self.projects.min(own / 2 + alone)
    }

    /// Whether a reader of a text of this length would say that it is about the theme. Where a text says little about any theme, the
    /// strongest one needs less.
    pub fn is_salient(&self, words: usize, strongest: u32) -> bool {
        let number = |words: usize| u32::try_from(words).unwrap_or(u32::MAX);
        let several = if words > SHORT { 2 + words / 2_500 } else { 1 };
        let speaking = self.typical.len() + self.project_sentences.difference(&self.typical).count().min(2);
        let headed = self.headed && (words <= SHORT || !self.typical.is_empty() || !self.project_sentences.is_empty());
        let paragraph = self.blocks.values().any(Paragraph::is_about);
        let enough = (LITTLE + number(words / 60)).min(ENOUGH) + number(words / 150);
        let points = self.points(words);
        let prominent = 4 * points >= 3 * strongest && !self.typical.is_empty();
        let needed = if prominent || paragraph || headed { enough * 2 / 3 } else { enough };
        (headed || paragraph || speaking >= several) && points >= needed
    }
}

fn points(weight: u32) -> u32 {
    usize::try_from(weight).ok().and_then(|weight| POINTS.get(weight.min(3))).copied().unwrap_or(0)
}

fn repeated(count: usize) -> u32 {
    let rest = u32::try_from(count.saturating_sub(REPEATED.len()).min(20)).unwrap_or(0);
    REPEATED.iter().take(count).sum::<u32>() + rest
}

/// What speaks for each theme of the catalog, in its order.
pub(super) fn count(
    document: &Document,
    sentences: &[Sentence],
    terms: &ThemeTerms<'_>,
    names: &Names,
    catalog: &Catalog,
) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); catalog.themes.len()];
    let sections = sections(document, sentences);
    let labels = labels(document, sentences);
    let holder = |start: usize, end: usize| {
        let at = sentences.partition_point(|sentence| sentence.span.start <= start).checked_sub(1)?;
        sentences.get(at).filter(|sentence| end <= sentence.span.end).map(|sentence| (at, sentence))
    };
    for hit in terms.within(0..document.text.len()) {
        let Some((number, sentence)) = holder(hit.span.start, hit.span.end) else { continue };
        let Some(tally) = tallies.get_mut(hit.theme) else { continue };
        let heading =
            matches!(document.blocks.get(sentence.block).map(|block| block.kind), Some(BlockKind::Heading(_)));
        tally.mentions += 1;
        *tally.by_sentence.entry(number).or_default() += points(hit.weight);
        if heading {
            tally.headings += points(hit.weight) * IN_HEADING;
            tally.headed |= hit.weight >= 2;
        } else {
            tally.terms.entry(hit.term).or_insert((0, hit.weight)).0 += 1;
            tally.blocks.entry(sentence.block).or_default().terms.insert(hit.term, hit.weight);
            if labels.get(number).is_some_and(|end| hit.span.end <= *end) {
                tally.headings += points(hit.weight) * IN_LABEL;
                tally.headed |= hit.weight >= 2;
            }
            if hit.weight >= 2 {
                tally.typical.insert(number);
                tally.sections.extend(sections.get(number));
            }
        }
    }
    let themes: BTreeMap<&str, usize> =
        catalog.themes.iter().enumerate().map(|(at, theme)| (theme.name.as_str(), at)).collect();
    for found in &names.projects {
        let Some(project) = catalog.projects.get(found.entry) else { continue };
        for theme in project.themes.iter().filter_map(|theme| themes.get(theme.as_str())) {
            let Some(tally) = tallies.get_mut(*theme) else { continue };
            tally.projects += PROJECT * u32::try_from(found.mentions.len().min(PROJECT_MENTIONS)).unwrap_or(0);
            for mention in &found.mentions {
                if let Some((number, sentence)) = holder(mention.span.start, mention.span.end) {
                    tally.project_sentences.insert(number);
                    tally.blocks.entry(sentence.block).or_default().projects.insert(found.entry);
                }
            }
        }
    }
    tallies
}

/// Where the label of each sentence ends, the start of the text for one without: a few words at the beginning of a block that a full stop, colon or
/// dash parts from what is said about them.
fn labels(document: &Document, sentences: &[Sentence]) -> Vec<usize> {
    let block_of =
        |number: Option<usize>| number.and_then(|number| sentences.get(number)).map(|sentence| sentence.block);
    let label = |(number, sentence): (usize, &Sentence)| {
        let own = Some(sentence.block);
        let text = document.text.get(sentence.span.clone())?;
        if block_of(number.checked_sub(1)) == own {
            return None;
        }
        let end = [": ", " – ", " — ", " - "].iter().filter_map(|mark| text.find(mark)).min();
        let end = end.or_else(|| (block_of(Some(number + 1)) == own).then_some(text.len()))?;
        let words = text.get(..end)?.split_whitespace().count();
        (words <= LABEL).then_some(sentence.span.start + end)
    };
    sentences.iter().enumerate().map(|found| label(found).unwrap_or(0)).collect()
}

/// The section that each sentence is in: the number of headings before it.
fn sections(document: &Document, sentences: &[Sentence]) -> Vec<usize> {
    let mut section = 0;
    let mut of_sentence = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let kind = document.blocks.get(sentence.block).map(|block| block.kind);
        section += usize::from(matches!(kind, Some(BlockKind::Heading(_))));
        of_sentence.push(section);
    }
    of_sentence
}
