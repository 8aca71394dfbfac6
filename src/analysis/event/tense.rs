//! Which edition of an event a part of a sentence means: the one of the report, an earlier or a later one. Pure: no I/O.

use std::ops::Range;

use super::vocabulary::Tense;
use crate::analysis::words::Words;

/// Words of a clause that is only a remark of time.
const SHORT: usize = 4;

/// The cues of one sentence.
pub(super) struct Tenses<'a, 't> {
    pub words: &'a Words<'t>,
    /// Cues by the number of their first word, in text order.
    pub cues: &'a [(usize, Tense)],
    /// Numbers of the words of the sentence.
    pub range: Range<usize>,
}

impl Tenses<'_, '_> {
    /// Which edition is meant at this word. A cue speaks for its clause, a remark of time also for the clause before it; a cue of the future,
    /// and one at the start of the sentence, also for what follows without a cue of its own.
    pub fn at(&self, word: usize) -> Tense {
        if self.cues.is_empty() {
            return Tense::Now;
        }
        let clause = self.clause(word);
        let near = self.cues.iter().filter(|cue| clause.contains(&cue.0)).min_by_key(|cue| cue.0.abs_diff(word));
        if let Some((_, tense)) = near {
            return *tense;
        }
        // "the KubeCon in Amsterdam, next month, is too expensive"
        if let Some((at, tense)) = self.cues.iter().find(|cue| cue.0 == clause.end || cue.0 == clause.end + 1)
            && self.clause(*at).len() <= SHORT
        {
            return *tense;
        }
        let before = self.cues.iter().rev().find(|cue| cue.0 < word);
        match before {
            Some((_, later @ (Tense::Future | Tense::Soon))) => *later,
            Some((at, Tense::Past)) if self.clause(*at).end.saturating_sub(self.range.start) <= SHORT => Tense::Past,
            _ => Tense::Now,
        }
    }

    /// The words between the commas, brackets and dashes around this one.
    fn clause(&self, word: usize) -> Range<usize> {
        let parts = |at: usize| {
            self.words
                .gap(at)
                .is_none_or(|gap| gap.contains([',', ';', ':', '(', ')', '–', '—', '.', '|']) || gap.contains(" - "))
        };
        let mut start = word;
        while start > self.range.start && !parts(start - 1) {
            start -= 1;
        }
        let mut end = word + 1;
        while end < self.range.end && !parts(end - 1) {
            end += 1;
        }
        start..end
    }
}
