//! Counts what speaks for each theme. Pure: no I/O.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::names::Names;
use crate::analysis::sentences::Sentence;
use crate::analysis::{BlockKind, Document};
use crate::catalog::Catalog;

/// Points of a term by its weight: 1 only hints at the theme, 3 names it.
const POINTS: [u32; 4] = [0, 2, 6, 12];
/// A term in a heading counts as often.
const IN_HEADING: u32 = 3;
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

    pub fn needed(&self, words: usize, strongest: u32) -> u32 {
        let number = |words: usize| u32::try_from(words).unwrap_or(u32::MAX);
        let enough = (LITTLE + number(words / 60)).min(ENOUGH) + number(words / 150);
        let points = self.points(words);
        if 4 * points >= 3 * strongest && !self.typical.is_empty() { enough * 2 / 3 } else { enough }
    }
    pub fn debug(&self) -> String {
        let terms: u32 = self.terms.values().map(|(count, weight)| points(*weight) * repeated(*count) / 12).sum();
        format!(
            "terms={terms} kinds={} typical={} sections={} head={} headed={} proj={} projsent={} bysent={:?}",
            self.terms.len(),
            self.typical.len(),
            self.sections.len(),
            self.headings,
            self.headed,
            self.projects,
            self.project_sentences.len(),
            self.by_sentence
        )
    }

    /// Whether a reader of a text of this length would say that it is about the theme. Where a text says little about any theme, the
    /// strongest one needs less.
    pub fn is_salient(&self, words: usize, strongest: u32) -> bool {
        let number = |words: usize| u32::try_from(words).unwrap_or(u32::MAX);
        let several = if words > SHORT { 2 + words / 2_500 } else { 1 };
        let speaking = self.typical.len() + self.project_sentences.difference(&self.typical).count().min(2);
        let headed = self.headed && !self.typical.is_empty();
        let enough = (LITTLE + number(words / 60)).min(ENOUGH) + number(words / 150);
        let points = self.points(words);
        let needed = if 4 * points >= 3 * strongest && !self.typical.is_empty() { enough * 2 / 3 } else { enough };
        (headed || speaking >= several) && points >= needed
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
    language: &str,
    names: &Names,
    catalog: &Catalog,
) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); catalog.themes.len()];
    let sections = sections(document, sentences);
    let holder = |start: usize, end: usize| {
        let at = sentences.partition_point(|sentence| sentence.span.start <= start).checked_sub(1)?;
        sentences.get(at).filter(|sentence| end <= sentence.span.end).map(|sentence| (at, sentence))
    };
    for hit in catalog.theme_terms.find(&document.text, 0..document.text.len(), language) {
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
            let spoken_of = found.mentions.iter().filter_map(|mention| holder(mention.span.start, mention.span.end));
            tally.project_sentences.extend(spoken_of.map(|(number, _)| number));
        }
    }
    tallies
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
