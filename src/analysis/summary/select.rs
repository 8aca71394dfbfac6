//! Takes the sentences that together tell most: each the best one left, less what the chosen ones say already, more for a section that has
//! none yet. Pure: no I/O, integers throughout.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::Candidate;

/// What the first sentence of a section adds, while the section has none.
const NEW_SECTION: i64 = 8;
/// With this many sentences, one that is worth less than this is not added only to fill the space.
const ENOUGH: usize = 3;
const LITTLE: i64 = 10;
/// What each sentence takes off the next ones of its section.
const AGAIN: i64 = 5;
/// Share of the weight that a sentence keeps where all its words were said already, in per cent.
const SAID_ALREADY: i64 = 30;

/// Numbers of the chosen candidates, in text order; their words together are at most `max_words`.
///
/// A sentence that leans on the one before it is taken only together with that one, or after it.
pub(super) fn choose(candidates: &[Candidate<'_>], max_words: usize) -> Vec<usize> {
    let forms = candidates.iter().flat_map(|candidate| &candidate.content).map(|(form, _)| form + 1).max().unwrap_or(0);
    let mut summary = Summary { candidates, left: max_words, said: vec![false; forms], ..Summary::default() };
    loop {
        let offers = (0..candidates.len()).filter_map(|at| summary.offer(at));
        // of equally good offers the earliest; what says nothing any more is left out, but a summary is never empty
        let Some(best) = offers.max_by_key(|offer| (offer.value, std::cmp::Reverse(offer.last))) else { break };
        if (best.value <= 0 && !summary.chosen.is_empty()) || (best.value < LITTLE && summary.chosen.len() >= ENOUGH) {
            break;
        }
        for at in best.first..=best.last {
            summary.take(at);
        }
    }
    summary.chosen.into_iter().collect()
}

/// One sentence, or one with the sentence before it.
struct Offer {
    first: usize,
    last: usize,
    value: i64,
}

/// What is chosen so far.
#[derive(Default)]
struct Summary<'c, 't> {
    candidates: &'c [Candidate<'t>],
    chosen: BTreeSet<usize>,
    /// Whether each form of a word is said.
    said: Vec<bool>,
    texts: BTreeSet<&'t str>,
    /// How many sentences each section has given.
    sections: BTreeMap<usize, i64>,
    left: usize,
}

impl Summary<'_, '_> {
    /// What taking this sentence would bring; `None` where it cannot be taken.
    fn offer(&self, at: usize) -> Option<Offer> {
        let candidate = self.open(at)?;
        let value = self.value(candidate);
        if !candidate.leans {
            return (candidate.length <= self.left).then_some(Offer { first: at, last: at, value });
        }
        let before = at.checked_sub(1)?;
        let previous = self.candidates.get(before).filter(|previous| previous.sentence + 1 == candidate.sentence)?;
        if self.chosen.contains(&before) {
            return (candidate.length <= self.left).then_some(Offer { first: at, last: at, value });
        }
        let free = self.open(before).is_some() && !previous.leans && previous.length + candidate.length <= self.left;
        free.then(|| Offer { first: before, last: at, value: (value + self.value(previous)) / 2 })
    }

    /// The candidate, if it is not chosen, nor another sentence with the same words.
    fn open(&self, at: usize) -> Option<&Candidate<'_>> {
        let candidate = self.candidates.get(at)?;
        (!self.chosen.contains(&at) && !self.texts.contains(candidate.text)).then_some(candidate)
    }

    fn value(&self, candidate: &Candidate<'_>) -> i64 {
        let all: i64 = candidate.content.iter().map(|(_, worth)| worth).sum();
        let new = candidate
            .content
            .iter()
            .filter(|(form, _)| self.said.get(*form) == Some(&false))
            .map(|(_, worth)| worth)
            .sum::<i64>();
        let fresh = SAID_ALREADY + (100 - SAID_ALREADY) * new / all.max(1);
        let place = match self.sections.get(&candidate.section) {
            None => NEW_SECTION,
            Some(given) => -AGAIN * (*given).min(4),
        };
        candidate.weight * fresh / 100 + place
    }

    fn take(&mut self, at: usize) {
        if let Some(candidate) = self.candidates.get(at)
            && self.chosen.insert(at)
        {
            self.left = self.left.saturating_sub(candidate.length);
            for (form, _) in &candidate.content {
                if let Some(said) = self.said.get_mut(*form) {
                    *said = true;
                }
            }
            self.texts.insert(candidate.text);
            *self.sections.entry(candidate.section).or_default() += 1;
        }
    }
}
