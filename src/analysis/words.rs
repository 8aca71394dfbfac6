//! Words of a text, folded to lower case and interned, so that the scorers compare numbers instead of strings.
//!
//! A word is a run of letters and digits: hyphens, apostrophes and slashes part words ("zero-day", "l'énergie", "CI/CD" are two words each).
//! Pure: no I/O, no state.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use rustc_hash::FxBuildHasher;

use super::{BlockKind, Document};

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// First byte in the text.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Index of its folded form in [`Words::forms`].
    pub form: usize,
    /// Index of its block; 0 for a text without blocks.
    pub block: usize,
}

/// The words of a text in order.
#[derive(Debug, Default)]
pub struct Words<'t> {
    text: &'t str,
    list: Vec<Word>,
    /// Most words are written as they are folded, so that the text itself serves.
    forms: Vec<Cow<'t, str>>,
    index: HashMap<Cow<'t, str>, usize, Hash>,
}

/// How words are hashed: they are short, and a hash that withstands chosen keys would cost more than all the rest. A text of colliding words can
/// only slow down itself, and its size is limited.
pub(crate) type Hash = FxBuildHasher;

/// A set of words.
pub(crate) type Set = HashSet<Box<str>, Hash>;

impl<'t> Words<'t> {
    /// The words of the blocks that are analysed: all but page furniture and code.
    pub fn of_document(document: &'t Document) -> Self {
        let mut words = Self { text: &document.text, ..Self::default() };
        for (block, part) in document.blocks.iter().enumerate() {
            if !matches!(part.kind, BlockKind::Furniture | BlockKind::Code) {
                words.add(part.span.clone(), block);
            }
        }
        words
    }

    /// The words of a text that stands alone, such as a title.
    pub fn of_text(text: &'t str) -> Self {
        let mut words = Self { text, ..Self::default() };
        words.add(0..text.len(), 0);
        words
    }

    fn add(&mut self, span: Range<usize>, block: usize) {
        let Some(part) = self.text.get(span.clone()) else { return };
        each(part, |at, written, folded| {
            let start = span.start + at;
            let form = self.form_of(written, folded);
            self.list.push(Word { start, end: start + written.len(), form, block });
        });
    }

    /// The number of a form, which is the word as it is written where it is not folded to another.
    fn form_of(&mut self, written: &'t str, folded: Option<&str>) -> usize {
        if let Some(form) = self.index.get(folded.unwrap_or(written)) {
            return *form;
        }
        let form = self.forms.len();
        let kept = folded.map_or(Cow::Borrowed(written), |folded| Cow::Owned(folded.to_owned()));
        self.forms.push(kept.clone());
        self.index.insert(kept, form);
        form
    }

    /// All words.
    pub fn list(&self) -> &[Word] {
        &self.list
    }

    /// The different folded forms.
    pub fn forms(&self) -> &[Cow<'t, str>] {
        &self.forms
    }

    /// The text they are words of.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Folded form of the word with this number; empty beyond the last.
    pub fn form(&self, at: usize) -> &str {
        self.list.get(at).and_then(|word| self.forms.get(word.form)).map_or("", |form| form)
    }

    /// The word with this number as it is written; empty beyond the last.
    pub fn written(&self, at: usize) -> &'t str {
        self.list.get(at).and_then(|word| self.text.get(word.start..word.end)).unwrap_or("")
    }

    /// What stands between the word with this number and the next; `None` where the next is missing or in another block.
    pub fn gap(&self, at: usize) -> Option<&'t str> {
        let (this, next) = (self.list.get(at)?, self.list.get(at + 1)?);
        if this.block == next.block { self.text.get(this.end..next.start) } else { None }
    }

    /// Numbers of the words that lie within a byte range.
    pub fn within(&self, span: &Range<usize>) -> Range<usize> {
        let first = self.list.partition_point(|word| word.start < span.start);
        let last = self.list.partition_point(|word| word.end <= span.end);
        first..last.max(first)
    }

    #[cfg(test)]
    /// Byte range of `count` words from this number on.
    pub fn span(&self, first: usize, count: usize) -> Range<usize> {
        let start = self.list.get(first).map_or(0, |word| word.start);
        let end = self.list.get(first + count.max(1) - 1).map_or(start, |word| word.end);
        start..end.max(start)
    }
}

/// Goes through the words of a text: where each starts, how it is written, and its folded form where that is another.
pub(super) fn each<'t>(text: &'t str, mut found: impl FnMut(usize, &'t str, Option<&str>)) {
    let mut buffer = String::new();
    let mut at = 0;
    loop {
        at += run(text, at, false);
        let length = run(text, at, true);
        let Some(word) = text.get(at..at + length).filter(|word| !word.is_empty()) else { return };
        let folded = (!word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())).then(|| {
            buffer.clear();
            // Not that of the whole word, which knows a final sigma.
            word.chars().for_each(|c| match c.is_ascii() {
                true => buffer.push(c.to_ascii_lowercase()),
                false => buffer.extend(c.to_lowercase()),
            });
            buffer.as_str()
        });
        found(at, word, folded);
        at += length;
    }
}

/// Length in bytes of what goes on from a place with nothing but letters and digits, or with none of them.
fn run(text: &str, from: usize, letters: bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let mut end = 0;
    // Nearly all characters are ASCII, which need not be decoded.
    while let Some(byte) = rest.as_bytes().get(end) {
        if byte.is_ascii() {
            if byte.is_ascii_alphanumeric() != letters {
                break;
            }
            end += 1;
        } else {
            let c = rest.get(end..).and_then(|rest| rest.chars().next());
            let Some(c) = c.filter(|c| c.is_alphanumeric() == letters) else { break };
            end += c.len_utf8();
        }
    }
    end
}

/// The folded words of a phrase, as they are found in a text.
pub(crate) fn fold(phrase: &str) -> Vec<Box<str>> {
    let words = Words::of_text(phrase);
    (0..words.list.len()).map(|at| words.form(at).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyphens_apostrophes_and_slashes_part_words() {
        let words = Words::of_text("L’Énergie: CI/CD, zero-day, eBPF's");
        let forms: Vec<_> = (0..words.list().len()).map(|at| words.form(at)).collect();
        assert_eq!(forms, ["l", "énergie", "ci", "cd", "zero", "day", "ebpf", "s"]);
        assert_eq!(words.written(1), "Énergie");
        assert_eq!(words.gap(2), Some("/"));
    }

    #[test]
    fn words_within_a_range_are_whole() {
        let words = Words::of_text("eins zwei drei");
        assert_eq!(words.within(&(5..14)), 1..3);
        assert_eq!(words.within(&(6..14)), 2..3);
        assert_eq!(words.within(&(14..14)), 3..3);
        assert_eq!(words.span(1, 2), 5..14);
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_words_at_character_boundaries(text in "\\PC{0,80}") {
            let words = Words::of_text(&text);
            for (at, word) in words.list().iter().enumerate() {
                proptest::prop_assert!(text.get(word.start..word.end).is_some());
                proptest::prop_assert!(!words.written(at).is_empty());
            }
        }
    }
}
