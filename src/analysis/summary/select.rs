//! Takes the sentences that together tell most: each the best one left, less what the chosen ones say already, more for a section that has
//! none yet. Pure: no I/O, integers throughout.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::Candidate;

/// What the first sentence of a section adds, while the section has none.
const NEW_SECTION: i64 = 8;
/// Share of the weight that a sentence keeps where all its words were said already, in per cent.
const SAID_ALREADY: i64 = 30;

/// Numbers of the chosen candidates, in text order; their words together are at most `max_words`.
pub(super) fn choose(candidates: &[Candidate<'_>], max_words: usize) -> Vec<usize> {
    let before: BTreeMap<usize, usize> =
        candidates.iter().enumerate().map(|(at, candidate)| (candidate.sentence, at)).collect();
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    let mut said: BTreeSet<usize> = BTreeSet::new();
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    let mut sections: BTreeMap<usize, i64> = BTreeMap::new();
    let mut left = max_words;
    loop {
        let fits = |at: &usize, candidate: &Candidate<'_>| {
            candidate.length <= left
                && !chosen.contains(at)
                && !texts.contains(candidate.text)
                && (!candidate.leans || follows(candidate, &before, &chosen))
        };
        let value = |candidate: &Candidate<'_>| {
            let all: i64 = candidate.content.iter().map(|(_, worth)| worth).sum();
            let new: i64 =
                candidate.content.iter().filter(|(form, _)| !said.contains(form)).map(|(_, worth)| worth).sum();
            let fresh = SAID_ALREADY + (100 - SAID_ALREADY) * new / all.max(1);
            let in_section = sections.get(&candidate.section).copied().unwrap_or(0);
            candidate.weight * fresh / 100 + NEW_SECTION
                - 5 * in_section.min(4)
                - if in_section > 0 { NEW_SECTION } else { 0 }
        };
        let open = candidates.iter().enumerate().filter(|(at, candidate)| fits(at, candidate));
        let best = open.max_by_key(|(at, candidate)| (value(candidate), std::cmp::Reverse(*at)));
        let Some((at, candidate)) = best else { break };
        // what says nothing any more is left out, but a summary is never empty
        if !chosen.is_empty() && value(candidate) <= 0 {
            break;
        }
        left -= candidate.length.min(left);
        said.extend(candidate.content.iter().map(|(form, _)| *form));
        *sections.entry(candidate.section).or_default() += 1;
        texts.insert(candidate.text);
        chosen.insert(at);
    }
    chosen.into_iter().collect()
}

/// Whether the sentence right before this one, in the same section, is chosen.
fn follows(candidate: &Candidate<'_>, before: &BTreeMap<usize, usize>, chosen: &BTreeSet<usize>) -> bool {
    candidate.sentence.checked_sub(1).and_then(|previous| before.get(&previous)).is_some_and(|at| chosen.contains(at))
}
