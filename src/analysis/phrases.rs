//! Finds fixed phrases in the [`Words`] of a text: the cue words of the rules. (Names and terms of themes have matchers of their own in the
//! catalog.) Pure: no I/O, no state.

use std::collections::HashMap;

use super::words::{Hash, Words, fold};

/// Most bytes between two words of a phrase.
const WIDEST_GAP: usize = 4;

/// Phrases with what each of them stands for.
#[derive(Debug)]
pub(crate) struct Phrases<T> {
    items: Vec<(Vec<Box<str>>, T)>,
    by_first: HashMap<Box<str>, Vec<usize>, Hash>,
}

/// A phrase that was found.
#[derive(Debug)]
pub(crate) struct Hit<'p, T> {
    /// Number of its first word.
    pub first: usize,
    /// Number of its words.
    pub count: usize,
    /// What the phrase stands for.
    pub value: &'p T,
}

impl<T> Phrases<T> {
    /// Compiles phrases; one without a word is left out.
    pub fn new<'a>(phrases: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut items: Vec<(Vec<Box<str>>, T)> = Vec::new();
        let mut by_first: HashMap<Box<str>, Vec<usize>, Hash> = HashMap::default();
        for (phrase, value) in phrases {
            let words = fold(phrase);
            if let Some(first) = words.first() {
                by_first.entry(first.clone()).or_default().push(items.len());
                items.push((words, value));
            }
        }
        Self { items, by_first }
    }

    /// The places where a phrase stands, in text order; of overlapping ones the first, and the longest of those that start at the same word.
    pub fn find<'p>(&'p self, words: &Words<'_>) -> Vec<Hit<'p, T>> {
        let candidates: Vec<Option<&Vec<usize>>> =
            words.forms().iter().map(|form| self.by_first.get(form.as_ref())).collect();
        let mut hits: Vec<Hit<'p, T>> = Vec::new();
        let mut free = 0;
        for (first, word) in words.list().iter().enumerate() {
            if first < free {
                continue;
            }
            let phrases = candidates.get(word.form).copied().flatten().into_iter().flatten();
            let fitting = phrases
                .filter_map(|phrase| self.items.get(*phrase))
                .filter(|(phrase, _)| stands_at(phrase, words, first));
            // the longest; of equally long ones the first that was added
            if let Some((phrase, value)) =
                fitting.max_by(|a, b| a.0.len().cmp(&b.0.len()).then(std::cmp::Ordering::Greater))
            {
                free = first + phrase.len();
                hits.push(Hit { first, count: phrase.len(), value });
            }
        }
        hits
    }
}

/// Whether the words after the first fit, with nothing but a space, a hyphen or the like between them.
fn stands_at(phrase: &[Box<str>], words: &Words<'_>, first: usize) -> bool {
    phrase.iter().enumerate().skip(1).all(|(offset, wanted)| {
        let at = first + offset;
        words.form(at) == wanted.as_ref() && words.gap(at - 1).is_some_and(joins)
    })
}

fn joins(gap: &str) -> bool {
    let light = |c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}' | '\u{2011}' | '/' | '\'' | '’' | '_');
    gap.len() <= WIDEST_GAP && gap.chars().all(light)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<String> {
        let words = Words::of_text(text);
        let phrases = Phrases::new(phrases.iter().map(|phrase| (*phrase, ())));
        phrases
            .find(&words)
            .iter()
            .map(|hit| text.get(words.span(hit.first, hit.count)).unwrap_or("").to_owned())
            .collect()
    }

    #[test]
    fn a_space_stands_for_a_space_or_a_hyphen_but_not_for_the_end_of_a_sentence() {
        assert_eq!(found(&["save the date"], "Save-the-date! Please save. The date"), ["Save-the-date"]);
        assert_eq!(found(&["l'an passé"], "Valence l’an passé"), ["l’an passé"]);
    }

    #[test]
    fn the_longest_phrase_wins() {
        assert_eq!(found(&["next", "next year", "year one"], "next year one"), ["next year"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_and_no_phrase_makes_it_fail(text in "\\PC{0,60}", phrase in "\\PC{0,12}") {
            found(&[&phrase], &text);
        }
    }
}
