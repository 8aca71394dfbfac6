//! Finds many phrases at once in the [`Words`] of a text. A phrase is a row of words; its first word may be the end of a longer one and its
//! last word may go on. The candidates are looked up once for each different word, so the cost hardly depends on the number of phrases.
//! Pure: no I/O, no state.

use std::collections::HashMap;

use super::words::{Words, fold};

/// Most bytes between two words of a phrase.
const WIDEST_GAP: usize = 4;

/// Phrases with what each of them stands for.
#[derive(Debug)]
pub(crate) struct Phrases<T> {
    items: Vec<Phrase<T>>,
    exact: HashMap<Box<str>, Vec<usize>>,
    starts: HashMap<Box<str>, Vec<usize>>,
    ends: HashMap<Box<str>, Vec<usize>>,
    inside: Vec<usize>,
}

#[derive(Debug)]
struct Phrase<T> {
    words: Vec<Box<str>>,
    open_end: bool,
    value: T,
}

/// A phrase that was found.
#[derive(Debug)]
pub(crate) struct Hit<'p, T> {
    /// Number of its first word.
    pub first: usize,
    /// Number of its words.
    pub count: usize,
    /// Index of the phrase, in the order they were added.
    pub phrase: usize,
    /// What the phrase stands for.
    pub value: &'p T,
}

impl<T> Default for Phrases<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            exact: HashMap::new(),
            starts: HashMap::new(),
            ends: HashMap::new(),
            inside: Vec::new(),
        }
    }
}

impl<T> Phrases<T> {
    /// Adds a phrase of whole words.
    pub fn add(&mut self, phrase: &str, value: T) {
        self.add_open(phrase, false, false, value);
    }

    /// Adds a phrase whose first word may be the end of a longer one, or whose last word may go on. Ignores a phrase without words.
    pub fn add_open(&mut self, phrase: &str, open_start: bool, open_end: bool, value: T) {
        let words = fold(phrase);
        let Some(first) = words.first() else { return };
        let index = self.items.len();
        let goes_on = open_end && words.len() == 1;
        match (open_start, goes_on) {
            (false, false) => self.exact.entry(first.clone()).or_default().push(index),
            (false, true) => self.starts.entry(first.clone()).or_default().push(index),
            (true, false) => self.ends.entry(first.clone()).or_default().push(index),
            (true, true) => self.inside.push(index),
        }
        self.items.push(Phrase { words, open_end, value });
    }

    /// Every place where a phrase stands, by first word, longer phrases first, then in the order they were added. Hits may overlap.
    pub fn find<'p>(&'p self, words: &Words<'_>) -> Vec<Hit<'p, T>> {
        let candidates: Vec<Vec<usize>> = words.forms().iter().map(|form| self.candidates(form)).collect();
        let mut hits = Vec::new();
        for (first, word) in words.list().iter().enumerate() {
            let from = hits.len();
            for &phrase in candidates.get(word.form).into_iter().flatten() {
                if let Some(item) = self.items.get(phrase)
                    && matches_from(item, words, first)
                {
                    hits.push(Hit { first, count: item.words.len(), phrase, value: &item.value });
                }
            }
            if let Some(new) = hits.get_mut(from..) {
                new.sort_by_key(|hit| (std::cmp::Reverse(hit.count), hit.phrase));
            }
        }
        hits
    }

    /// Like [`Self::find`], but of overlapping hits only the first, and the longest of those that start at the same word.
    pub fn find_longest<'p>(&'p self, words: &Words<'_>) -> Vec<Hit<'p, T>> {
        let mut end = 0;
        let mut hits = self.find(words);
        hits.retain(|hit| {
            let keep = hit.first >= end;
            if keep {
                end = hit.first + hit.count;
            }
            keep
        });
        hits
    }

    /// Phrases whose first word fits this form.
    fn candidates(&self, form: &str) -> Vec<usize> {
        let mut found: Vec<usize> = self.exact.get(form).cloned().unwrap_or_default();
        if !self.starts.is_empty() {
            let ends = form.char_indices().map(|(at, c)| at + c.len_utf8());
            let stems = ends.filter_map(|end| form.get(..end)).filter_map(|stem| self.starts.get(stem));
            found.extend(stems.flatten());
        }
        if !self.ends.is_empty() {
            let tails = form.char_indices().filter_map(|(at, _)| form.get(at..)).filter_map(|tail| self.ends.get(tail));
            found.extend(tails.flatten());
        }
        let holds = |phrase: &&usize| {
            self.items.get(**phrase).and_then(|item| item.words.first()).is_some_and(|stem| form.contains(stem.as_ref()))
        };
        found.extend(self.inside.iter().filter(holds));
        found
    }
}

/// Whether the words after the first fit, with nothing but a space, a hyphen or the like between them.
fn matches_from<T>(phrase: &Phrase<T>, words: &Words<'_>, first: usize) -> bool {
    let last = phrase.words.len() - 1;
    phrase.words.iter().enumerate().skip(1).all(|(offset, wanted)| {
        let at = first + offset;
        let fits = |form: &str| form == wanted.as_ref() || (offset == last && phrase.open_end && form.starts_with(wanted.as_ref()));
        fits(words.form(at)) && words.gap(at - 1).is_some_and(|gap| joins(gap, words.written(at - 1)))
    })
}

/// Whether two words with this gap between them belong together. A full stop joins only after an abbreviation ("St. Louis").
fn joins(gap: &str, before: &str) -> bool {
    gap.len() <= WIDEST_GAP
        && gap.chars().all(|c| {
            c.is_whitespace()
                || matches!(c, '-' | '\u{2010}' | '\u{2011}' | '–' | '/' | '+' | '&' | '\'' | '’' | '_')
                || (c == '.' && before.chars().count() <= 3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &Phrases<&'static str>, text: &str) -> Vec<String> {
        let words = Words::of_text(text);
        let hits = phrases.find(&words);
        hits.iter().map(|hit| text.get(words.span(hit.first, hit.count)).unwrap_or("").to_owned()).collect()
    }

    #[test]
    fn a_space_stands_for_a_space_or_a_hyphen_but_not_for_the_end_of_a_sentence() {
        let mut phrases = Phrases::default();
        phrases.add("supply chain", "x");
        phrases.add("St. Gallen", "y");
        assert_eq!(found(&phrases, "Supply-Chain, supply chain; supply. Chain in St. Gallen"), ["Supply-Chain", "supply chain", "St. Gallen"]);
    }

    #[test]
    fn open_ends_take_longer_words() {
        let mut phrases = Phrases::default();
        phrases.add_open("beveilig", false, true, "a");
        phrases.add_open("sicherheit", true, false, "b");
        phrases.add_open("speicher", true, true, "c");
        phrases.add_open("supply chain secur", false, true, "d");
        assert_eq!(
            found(&phrases, "Beveiliging der Clustersicherheit, Datenspeicherung; supply chain securing; Sicherheitsnetz"),
            ["Beveiliging", "Clustersicherheit", "Datenspeicherung", "supply chain securing"]
        );
    }

    #[test]
    fn the_longest_phrase_wins_where_asked() {
        let mut phrases = Phrases::default();
        phrases.add("kubecon", "short");
        phrases.add("kubecon cloudnativecon", "long");
        let words = Words::of_text("KubeCon + CloudNativeCon and KubeCon");
        let values: Vec<_> = phrases.find_longest(&words).iter().map(|hit| *hit.value).collect();
        assert_eq!(values, ["long", "short"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_and_no_phrase_makes_it_fail(text in "\\PC{0,60}", phrase in "\\PC{0,12}", start: bool, end: bool) {
            let mut phrases = Phrases::default();
            phrases.add_open(&phrase, start, end, ());
            let words = Words::of_text(&text);
            for hit in phrases.find(&words) {
                proptest::prop_assert!(text.get(words.span(hit.first, hit.count)).is_some());
            }
        }
    }
}
