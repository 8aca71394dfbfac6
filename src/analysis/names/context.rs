//! What is known about a document while its names are judged: cues, kinds of capitals, and what has been accepted so far. Pure functions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::candidates::{Scan, Spot};
use super::cues::{self, Cue};
use crate::analysis::language::Language;
use crate::analysis::sentences::Sentence;
use crate::analysis::{BlockKind, Document};
use crate::catalog::{Catalog, NameKind};

/// What is known about a document while names are judged.
pub(super) struct Context<'a> {
    pub(super) document: &'a Document,
    pub(super) sentences: &'a [Sentence],
    pub(super) language: Language,
    pub(super) catalog: &'a Catalog,
    /// Cues by block.
    cues: Vec<Cues>,
    /// Blocks in which a capital says nothing.
    titled: Vec<bool>,
    /// Blocks all in capitals.
    shouted: Vec<bool>,
    /// All spots with what has been accepted so far, in text order; they do not overlap.
    pub(super) known: Vec<Known>,
    /// Entries accepted so far with the folded spellings they were accepted by.
    pub(super) entries: BTreeMap<(NameKind, usize), BTreeSet<usize>>,
    /// Names of the projects accepted so far.
    pub(super) projects: BTreeSet<&'a str>,
    /// Number of distinct entries accepted as they stand: projects that are not general, and organisations.
    pub(super) sure: (usize, usize),
}

/// The cues of a block, so ordered that those around a place are found without looking at the others: names and cues are both as many as a long
/// block has room for.
#[derive(Clone, Debug, Default)]
struct Cues {
    /// By kind: where cues start and where they end, each in rising order.
    by_kind: [(Vec<usize>, Vec<usize>); Cue::COUNT],
}

impl Cues {
    fn new(found: Vec<(Cue, Range<usize>)>) -> Self {
        let mut cues = Self::default();
        for (cue, range) in found {
            if let Some((starts, ends)) = cues.by_kind.get_mut(cue as usize) {
                starts.push(range.start);
                ends.push(range.end);
            }
        }
        for (starts, ends) in &mut cues.by_kind {
            starts.sort_unstable();
            ends.sort_unstable();
        }
        cues
    }

    /// Whether one ends at most `distance` bytes before a span or starts at most as many behind it.
    fn near(&self, cue: Cue, span: &Range<usize>, distance: usize) -> bool {
        let Some((starts, ends)) = self.by_kind.get(cue as usize) else { return false };
        let behind = starts.get(starts.partition_point(|start| *start < span.end));
        let before = ends.partition_point(|end| *end <= span.start).checked_sub(1).and_then(|last| ends.get(last));
        before.is_some_and(|end| span.start - end <= distance)
            || behind.is_some_and(|start| start - span.end <= distance)
    }
}

/// A spot and the kinds in which it is accepted so far.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) span: Range<usize>,
    pub(super) block: usize,
    pub(super) project: bool,
    /// Whether that project is sure, and one that is reported, no everyday technology.
    pub(super) reported: bool,
    pub(super) organization: bool,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        document: &'a Document,
        sentences: &'a [Sentence],
        language: Language,
        catalog: &'a Catalog,
        Scan { spots, folded }: &Scan,
    ) -> Self {
        let mut cues = vec![Cues::default(); document.blocks.len()];
        let mut titled = vec![false; document.blocks.len()];
        let mut shouted = vec![false; document.blocks.len()];
        let mut last = None;
        for spot in spots {
            // Only blocks with spots are looked at, each once.
            if last.replace(spot.block) == Some(spot.block) {
                continue;
            }
            let Some(block) = document.blocks.get(spot.block) else { continue };
            let text = document.text.get(block.span.clone()).unwrap_or_default();
            let heading = matches!(block.kind, BlockKind::Heading(_));
            if let (Some(slot), Some(folded)) = (cues.get_mut(spot.block), folded.get(&spot.block)) {
                *slot = Cues::new(cues::find_in(folded));
            }
            if let Some(slot) = titled.get_mut(spot.block) {
                *slot = is_title_case(text, heading);
            }
            if let Some(slot) = shouted.get_mut(spot.block) {
                *slot = !text.chars().any(char::is_lowercase);
            }
        }
        let known = spots
            .iter()
            .map(|spot| Known {
                span: spot.span.clone(),
                block: spot.block,
                project: false,
                reported: false,
                organization: false,
            })
            .collect();
        Self {
            document,
            sentences,
            language,
            catalog,
            cues,
            titled,
            shouted,
            known,
            entries: BTreeMap::new(),
            projects: BTreeSet::new(),
            sure: (0, 0),
        }
    }

    /// The text before a span within its block.
    pub(super) fn before(&self, spot: &Spot) -> &'a str {
        let start = self.document.blocks.get(spot.block).map_or(spot.span.start, |block| block.span.start);
        self.document.text.get(start..spot.span.start).unwrap_or_default()
    }

    /// The text behind a span within its block.
    pub(super) fn behind(&self, spot: &Spot) -> &'a str {
        let end = self.document.blocks.get(spot.block).map_or(spot.span.end, |block| block.span.end);
        self.document.text.get(spot.span.end..end).unwrap_or_default()
    }

    /// The spelling as it stands in the text.
    pub(super) fn text(&self, span: &Range<usize>) -> &'a str {
        self.document.text.get(span.clone()).unwrap_or_default()
    }

    /// Whether a cue of a kind stands within so many bytes of a spot, not inside it.
    pub(super) fn cue_near(&self, spot: &Spot, wanted: Cue, distance: usize) -> bool {
        self.cues.get(spot.block).is_some_and(|cues| cues.near(wanted, &spot.span, distance))
    }

    /// Whether nothing but marks stands between a spot and the start of its sentence.
    pub(super) fn sentence_initial(&self, spot: &Spot) -> bool {
        let start = self.sentence_of(spot.span.start).map(|sentence| sentence.span.start);
        let start = start.filter(|start| *start >= spot.span.start - self.before(spot).len());
        let lead =
            start.map_or(self.before(spot), |start| self.document.text.get(start..spot.span.start).unwrap_or_default());
        !lead.chars().any(char::is_alphanumeric)
    }

    /// Whether a capital in this block says nothing about a word being a name.
    pub(super) fn capital_is_void(&self, spot: &Spot) -> bool {
        self.language == Language::De || self.titled.get(spot.block).copied().unwrap_or_default()
    }

    /// Whether all letters of a spot's block are capitals.
    pub(super) fn is_shouted(&self, spot: &Spot) -> bool {
        self.shouted.get(spot.block).copied().unwrap_or_default()
    }

    /// Whether a word is a spelling that has been accepted.
    pub(super) fn is_known_at(&self, at: usize) -> bool {
        let behind = self.known.partition_point(|known| known.span.end <= at);
        self.known.get(behind).is_some_and(|known| known.span.contains(&at) && (known.project || known.organization))
    }

    /// Number (0 to 2) of the accepted spellings of a kind that stand next to this one in the same enumeration: one on each side, or two on one.
    pub(super) fn list_neighbours(&self, index: usize, kind: NameKind) -> i32 {
        let Some(own) = self.known.get(index) else { return 0 };
        let accepted = |known: &Known| {
            known.block == own.block && if kind == NameKind::Project { known.project } else { known.organization }
        };
        let joined = |one: usize, other: usize| {
            let (Some(one), Some(other)) = (self.known.get(one), self.known.get(other)) else { return false };
            self.document.text.get(one.span.end..other.span.start).is_some_and(is_enumeration)
        };
        let is_next = |at: usize| self.known.get(at).is_some_and(accepted);
        let left =
            (1..=2).take_while(|step| index.checked_sub(*step).is_some_and(|at| is_next(at) && joined(at, at + 1)));
        let right = (1..=2).take_while(|step| is_next(index + step) && joined(index + step - 1, index + step));
        i32::try_from(left.count() + right.count()).unwrap_or(2).min(2)
    }

    /// Number of sure projects in the same sentence, at most `distance` bytes away; everyday technology does not count.
    pub(super) fn projects_near(&self, index: usize, distance: usize) -> usize {
        let Some(own) = self.known.get(index) else { return 0 };
        let sentence = self.sentence_of(own.span.start).map_or(own.span.clone(), |sentence| sentence.span.clone());
        let near = sentence.start.max(own.span.start.saturating_sub(distance))
            ..sentence.end.min(own.span.end.saturating_add(distance));
        let first = self.known.partition_point(|known| known.span.start < near.start);
        let within = self.known.get(first..).unwrap_or_default().iter().take_while(|known| known.span.end <= near.end);
        within.filter(|known| known.block == own.block && known.reported && known.span != own.span).count()
    }

    /// The sentence that a place is in.
    pub(super) fn sentence_of(&self, at: usize) -> Option<&'a Sentence> {
        let after = self.sentences.partition_point(|sentence| sentence.span.start <= at);
        after.checked_sub(1).and_then(|found| self.sentences.get(found))
    }
}

/// Whether what stands between two names joins them in an enumeration: short, and nothing but separators and joining words.
fn is_enumeration(gap: &str) -> bool {
    if gap.chars().count() > 25 {
        return false;
    }
    let separated = gap.contains([',', '/', '&', '+', ';', '\t', '•', '|']);
    let mut words = gap.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let joining = |word: &str| {
        matches!(
            word.to_lowercase().as_str(),
            "and"
                | "or"
                | "und"
                | "oder"
                | "en"
                | "of"
                | "et"
                | "ou"
                | "y"
                | "e"
                | "o"
                | "u"
                | "as"
                | "well"
                | "sowie"
                | "vs"
                | "versus"
                | "also"
        )
    };
    let first = words.next();
    match first {
        None => separated,
        Some(word) => {
            joining(word) && words.all(joining)
                || separated && words.next().is_none() && gap.trim_start().starts_with([',', '/'])
        }
    }
}

/// Whether most longer words of a heading, or of a line without a final full stop, start with a capital.
fn is_title_case(text: &str, heading: bool) -> bool {
    if !heading && (text.chars().count() > 120 || text.trim_end().ends_with(['.', '!', '?', ':'])) {
        return false;
    }
    let (mut capital, mut all) = (0, 0);
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= 4) {
        all += 1;
        capital += usize::from(word.chars().next().is_some_and(char::is_uppercase));
    }
    all >= 2 && capital * 10 >= all * 6
}

/// The letters and digits of a text.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether a text holds a capital.
pub(super) fn has_upper(text: &str) -> bool {
    text.chars().any(char::is_uppercase)
}

/// Whether a text holds a small letter.
pub(super) fn has_lower(text: &str) -> bool {
    text.chars().any(char::is_lowercase)
}

/// Whether a text starts with a capital.
pub(super) fn capitalized(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_uppercase)
}
