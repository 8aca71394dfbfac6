//! The phrases of all languages that mark furniture, and how lines are compared with them. Pure.

use std::collections::BTreeMap;

use crate::analysis::words::Set;
use crate::catalog::LanguageData;

/// The most words of a menu on one line.
pub(super) const MENU_WORDS: usize = 12;

/// The phrases of all languages.
#[derive(Debug)]
pub(crate) struct Phrases {
    pub(super) furniture: Set,
    /// The most characters that one of them has.
    pub(super) longest_phrase: usize,
    pub(super) calls: Set,
    /// The first word of each furniture phrase and each call.
    first_words: Set,
    months: Set,
    weekdays: Set,
    /// The most words that a phrase has.
    longest: usize,
}

impl Phrases {
    pub(crate) fn new(languages: &BTreeMap<String, LanguageData>) -> Self {
        let all = |pick: fn(&LanguageData) -> &Vec<String>| -> Set {
            languages.values().flat_map(pick).map(|p| fold(p)).filter(|p| !p.is_empty()).map(Into::into).collect()
        };
        let furniture = all(|l| &l.furniture);
        let calls = all(|l| &l.calls_to_action);
        let bare = |name: &String| Box::from(name.trim_end_matches('.').to_lowercase());
        let months = languages.values().flat_map(|l| l.months.keys().map(bare)).collect();
        let weekdays = languages.values().flat_map(|l| l.weekdays.iter().map(bare)).collect();
        let longest = furniture.iter().chain(&calls).map(|p| p.split(' ').count()).max().unwrap_or(0);
        let longest_phrase = furniture.iter().map(|p| p.chars().count()).max().unwrap_or(0);
        let first_words = furniture.iter().chain(&calls).filter_map(|p| p.split(' ').next()).map(Box::from).collect();
        Self { furniture, first_words, longest_phrase, calls, months, weekdays, longest }
    }

    pub(super) fn is_month(&self, token: &str) -> bool {
        self.months.contains(token)
    }

    pub(super) fn is_weekday(&self, token: &str) -> bool {
        self.weekdays.contains(token)
    }

    /// Whether a line begins with a phrase of a set: one word must be the whole line unless it ends in a colon.
    fn begins(&self, set: &Set, folded: &str) -> bool {
        let first = folded.split(' ').next().unwrap_or_default();
        if !self.first_words.contains(first) && !self.first_words.contains(without_marks(first)) {
            return false;
        }
        let mut ends: Vec<usize> = folded.match_indices(' ').map(|(at, _)| at).take(self.longest).collect();
        ends.push(folded.len());
        ends.iter().any(|end| {
            let start = folded.get(..*end).unwrap_or_default();
            let whole = *end == folded.len();
            let known = |p: &str| {
                set.contains(p) && (whole || p.contains(' ') || p.ends_with(':') || p.starts_with(['(', '©']))
            };
            known(start) || known(without_marks(start))
        })
    }

    /// Whether a folded line begins with a furniture phrase.
    pub(super) fn is_furniture(&self, folded: &str) -> bool {
        self.matches(&self.furniture, folded)
    }

    /// A menu on one folded line ("Home Services Contact"): at least three of its words are furniture by themselves.
    pub(super) fn is_menu(&self, folded: &str) -> bool {
        let words: Vec<&str> = folded.split(' ').collect();
        let known = words.iter().filter(|w| self.furniture.contains(**w)).count();
        words.len() <= MENU_WORDS && known >= 3 && known * 5 >= words.len() * 2
    }

    /// Whether a line has a phrase of two words or more as its label ("About the author: ...").
    pub(super) fn is_labelled(&self, line: &str) -> bool {
        let label = line.split_once(": ").map(|(label, _)| fold(label));
        label.is_some_and(|label| label.contains(' ') && self.furniture.contains(label.as_str()))
    }

    /// Whether a paragraph ends with a sentence that calls the reader to do something ("We help you with X. Request a demo.").
    pub(super) fn ends_with_call(&self, text: &str) -> bool {
        let last = text.trim_end_matches(['.', '!', '*', ' ', '→', '»']);
        let at = [". ", "! ", "? "].iter().filter_map(|end| last.rfind(end)).max();
        at.and_then(|at| last.get(at + 2..)).is_some_and(|call| call.chars().count() <= 60 && self.is_call(&fold(call)))
    }

    /// Whether a folded line begins with a call to the reader.
    pub(super) fn is_call(&self, folded: &str) -> bool {
        self.matches(&self.calls, folded)
    }

    fn matches(&self, set: &Set, folded: &str) -> bool {
        // A number may stand before a phrase ("3 comments").
        let rest = folded.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        let rest = rest.strip_prefix("the ").unwrap_or(rest);
        self.begins(set, folded) || (rest.len() < folded.len() && self.begins(set, rest))
    }
}

/// A text without the marks that it ends with.
fn without_marks(text: &str) -> &str {
    text.trim_end_matches([':', ',', '.', '!', '?', '…', '→', '»', '>']).trim_end()
}

/// Lower case, single spaces, plain apostrophes.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        if word.is_ascii() {
            folded.push_str(word);
        } else {
            folded.push_str(&word.replace(['’', '‘', '´'], "'").to_lowercase());
        }
    }
    folded.make_ascii_lowercase();
    folded
}
