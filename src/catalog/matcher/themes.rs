//! Finds terms of themes. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde::{Deserialize, Serialize};

use super::grouped::Grouped;
use super::spellings::{Spellings, is_edge};
use crate::catalog::fold::{Folded, fold};
use crate::catalog::{Shared, Theme};

/// An occurrence of a term of a theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermHit {
    /// Index into [`Catalog::themes`].
    pub theme: usize,
    /// Number of the term within the theme, counted over all its languages in their order: tells distinct terms apart.
    pub term: usize,
    /// 1 hints at the theme, 2 is typical of it, 3 names it.
    pub weight: u32,
    /// Where it is: for an open term, the words it stands in.
    pub span: Range<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TermTarget {
    theme: u32,
    term: u32,
    weight: u32,
    /// Index into [`ThemeMatcher::languages`]; none for "any".
    language: Option<u8>,
    open_end: bool,
}

/// The terms that hold in all languages.
const ANY: &str = "any";

/// Terms by their folded text.
type Terms = BTreeMap<String, Vec<TermTarget>>;

/// Most hits of a text, some hundred times what real texts have: terms may lie within terms, in as many themes as a catalog likes.
const MOST: usize = 200_000;

/// Finds terms of themes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ThemeMatcher {
    /// Codes of the languages that have terms, in order.
    languages: Vec<String>,
    /// Terms that start where a word starts.
    closed: Spellings,
    closed_targets: Grouped<TermTarget>,
    /// The few that may start inside a word.
    open: OpenTerms,
    open_targets: Grouped<TermTarget>,
}

/// Terms that are looked for at all places.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
struct OpenTerms {
    texts: Vec<String>,
    automaton: Option<AhoCorasick>,
}

impl ThemeMatcher {
    pub(in crate::catalog) fn new(themes: &[Shared<Theme>]) -> Self {
        let codes: BTreeSet<&String> = themes.iter().flat_map(|theme| theme.terms.keys()).collect();
        let languages: Vec<String> = codes.into_iter().filter(|code| *code != ANY).cloned().collect();
        let (mut closed, mut open) = (Terms::new(), Terms::new());
        for (theme, entry) in (0..).zip(themes) {
            let terms = entry.terms.iter().flat_map(|(language, terms)| terms.iter().map(move |term| (language, term)));
            for (number, (language, term)) in (0..).zip(terms) {
                let text = fold(&term.text);
                let known = languages.binary_search(language).ok().map(u8::try_from);
                // More languages than there are two-letter codes for: their terms are not found.
                let Ok(language) = known.transpose() else { continue };
                if text.is_empty() {
                    continue;
                }
                let terms = if term.open_start { &mut open } else { &mut closed };
                let target = TermTarget { theme, term: number, weight: term.weight, language, open_end: term.open_end };
                terms.entry(text).or_default().push(target);
            }
        }
        Self {
            languages,
            closed: Spellings::new(closed.keys()),
            closed_targets: closed.into_values().collect(),
            open: open.keys().cloned().collect::<Vec<_>>().into(),
            open_targets: open.into_values().collect(),
        }
    }

    /// Bytes on the heap, about.
    pub fn memory(&self) -> usize {
        let automaton = self.open.automaton.as_ref().map_or(0, AhoCorasick::memory_usage);
        self.closed.memory() + automaton + self.closed_targets.memory() + self.open_targets.memory()
    }

    /// The terms in `span` of `text` that hold in a language (ISO 639-1; those under "any" hold in all), in text order. Of overlapping terms of
    /// one theme only the longest is given; different themes may share words.
    pub fn find(&self, text: &str, span: Range<usize>, language: &str) -> Vec<TermHit> {
        longest_of_each_theme(self.all(text, span, language))
    }

    /// Searches a whole text once, for all that is asked about its terms later; see [`ThemeMatcher::find`].
    pub fn read<'a>(&'a self, text: &'a str, language: &'a str) -> ThemeTerms<'a> {
        let mut hits = self.all(text, 0..text.len(), language);
        hits.sort_by_key(|hit| hit.span.start);
        ThemeTerms { matcher: self, text, language, hits }
    }

    /// As [`ThemeMatcher::find`], with overlapping terms.
    fn all(&self, text: &str, span: Range<usize>, language: &str) -> Vec<TermHit> {
        let folded = Folded::new(text, span);
        let mut hits = Vec::new();
        let mut edges = Edges::default();
        let language = self.languages.binary_search_by(|code| code.as_str().cmp(language)).ok();
        let language = language.and_then(|at| u8::try_from(at).ok());
        for (range, targets) in self.occurrences(&folded) {
            let at_end = is_edge(&folded.text, range.end);
            for target in targets {
                if !(at_end || target.open_end) || (target.language.is_some() && target.language != language) {
                    continue;
                }
                let words = edges.widen(&folded.text, range.clone());
                if hits.len() >= MOST {
                    return hits;
                }
                if let Some(span) = folded.original(words) {
                    hits.push(TermHit {
                        theme: target.theme as usize,
                        term: target.term as usize,
                        weight: target.weight,
                        span,
                    });
                }
            }
        }
        hits
    }

    /// Where terms stand in a folded text as far as their starts go, in the order of their ends within a word.
    fn occurrences<'m>(&'m self, text: &Folded) -> Vec<(Range<usize>, &'m [TermTarget])> {
        let mut found = Vec::new();
        for (start, rest) in text.starts() {
            if found.len() >= MOST {
                break;
            }
            let here = self.closed.at(rest);
            found.extend(here.map(|(number, length)| (start..start + length, self.closed_targets.get(number))));
        }
        let open = self.open.automaton.iter().flat_map(|open| open.find_overlapping_iter(&text.text));
        for hit in open.take(MOST) {
            found.push((hit.range(), self.open_targets.get(hit.pattern().as_usize())));
        }
        // Words are led to their edges in about the order of the text.
        found.sort_by_key(|(range, _)| (range.end, range.start));
        found
    }
}

/// The terms of a text.
pub struct ThemeTerms<'a> {
    matcher: &'a ThemeMatcher,
    text: &'a str,
    language: &'a str,
    /// All, overlapping ones too, in the order of their starts.
    hits: Vec<TermHit>,
}

impl ThemeTerms<'_> {
    /// What [`ThemeMatcher::find`] finds in a part of the text.
    pub fn within(&self, span: Range<usize>) -> Vec<TermHit> {
        // Words that only a part of is within are others there.
        let ends = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let whole = self.text.get(..span.start).is_some_and(|before| ends(before.chars().next_back()))
            && self.text.get(span.end..).is_some_and(|behind| ends(behind.chars().next()));
        if !whole {
            return self.matcher.find(self.text, span, self.language);
        }
        let first = self.hits.partition_point(|hit| hit.span.start < span.start);
        let hits = self.hits.get(first..).unwrap_or_default().iter().take_while(|hit| hit.span.start < span.end);
        longest_of_each_theme(hits.filter(|hit| hit.span.end <= span.end).cloned().collect())
    }
}

impl From<OpenTerms> for Vec<String> {
    fn from(open: OpenTerms) -> Self {
        open.texts
    }
}

impl From<Vec<String>> for OpenTerms {
    /// Without an automaton for no terms, or in the practically impossible case that they do not fit into one.
    fn from(texts: Vec<String>) -> Self {
        let build = || {
            AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&texts)
                .inspect_err(|error| tracing::error!(%error, "the terms of the catalog do not fit into a matcher"))
        };
        let automaton = if texts.is_empty() { None } else { build().ok() };
        Self { texts, automaton }
    }
}

/// Keeps the longest of overlapping terms of a theme, and puts all in the order of the text.
fn longest_of_each_theme(mut hits: Vec<TermHit>) -> Vec<TermHit> {
    hits.sort_by(|a, b| {
        (a.theme, a.span.start, usize::MAX - a.span.end, 3u32.saturating_sub(a.weight), a.term).cmp(&(
            b.theme,
            b.span.start,
            usize::MAX - b.span.end,
            3u32.saturating_sub(b.weight),
            b.term,
        ))
    });
    let mut last: Option<(usize, usize)> = None;
    hits.retain(|hit| {
        let keep = last.is_none_or(|(theme, end)| theme != hit.theme || hit.span.start >= end);
        if keep {
            last = Some((hit.theme, hit.span.end));
        }
        keep
    });
    hits.sort_by_key(|hit| (hit.span.start, hit.span.end, hit.theme));
    hits
}

/// Where words start and end, asked for in about the order of the text. The last answers are remembered: a run of letters without a space may hold
/// any number of hits, and each would have to be led to the ends of it.
#[derive(Default)]
struct Edges {
    /// From the start of a word to a place in it.
    start: Range<usize>,
    /// From a place in a word to its end.
    end: Range<usize>,
}

impl Edges {
    /// Widens a range to the edges of the words it starts and ends in.
    fn widen(&mut self, text: &str, range: Range<usize>) -> Range<usize> {
        if !(self.start.start..=self.start.end).contains(&range.start) {
            let known = if range.start > self.start.end { self.start.end } else { 0 };
            let start = text.get(known..range.start).map_or(range.start, |before| {
                let word = before.char_indices().rev().take_while(|(_, c)| c.is_alphanumeric());
                word.last().map_or(range.start, |(at, _)| known + at)
            });
            // What reaches back to a known place starts where that one's word does.
            let start = if known > 0 && start == known { self.start.start } else { start };
            self.start = start..range.start;
        }
        if !(self.end.start..=self.end.end).contains(&range.end) {
            let tail = text.get(range.end..).map_or(0, |after| {
                after.chars().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum::<usize>()
            });
            self.end = range.end..range.end + tail;
        }
        // Only an open side was allowed to stand inside a word, so a closed one does not move.
        self.start.start..self.end.end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::Term;

    fn theme(name: &str, terms: &[(&str, Term)]) -> Theme {
        let mut theme = Theme { name: name.to_owned(), ..Theme::default() };
        for (language, term) in terms {
            theme.terms.entry((*language).to_owned()).or_default().push(term.clone());
        }
        theme
    }

    fn term(text: &str, open_start: bool, open_end: bool, weight: u32) -> Term {
        Term { text: text.to_owned(), open_start, open_end, weight }
    }

    proptest! {
        #[test]
        fn the_terms_of_a_part_are_those_that_a_search_in_it_finds(
            text in "(trust|zero|-| |\u{ad}|sicherheit|s|é|™|\n|[.]){0,16}",
            start in 0usize..60,
            length in 0usize..40,
        ) {
            let themes = [theme("security", &[
                ("any", term("zero trust", false, false, 3)),
                ("any", term("trust", false, true, 1)),
                ("de", term("sicherheit", true, true, 3)),
            ])];
            let matcher = ThemeMatcher::new(&themes.map(Shared::from));
            let boundary = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            let span = boundary(start)..boundary(start + length);
            prop_assert_eq!(matcher.read(&text, "de").within(span.clone()), matcher.find(&text, span, "de"));
        }
    }

    #[test]
    fn terms_are_whole_words_unless_they_are_open_and_hold_in_their_language() {
        let themes = [
            theme(
                "security",
                &[
                    ("any", term("zero trust", false, false, 3)),
                    ("de", term("sicherheit", true, true, 3)),
                    ("nl", term("beveilig", false, true, 2)),
                ],
            ),
            theme("identity", &[("any", term("trust", false, false, 1))]),
        ];
        let matcher = ThemeMatcher::new(&themes.map(Shared::from));
        let find = |text: &str, language: &str| -> Vec<(usize, String)> {
            matcher
                .find(text, 0..text.len(), language)
                .into_iter()
                .map(|hit| (hit.theme, text[hit.span].to_owned()))
                .collect()
        };
        assert_eq!(find("Zero-Trust", "en"), [(0, "Zero-Trust".to_owned()), (1, "Trust".to_owned())]);
        assert_eq!(find("Clustersicherheitsfragen", "de"), [(0, "Clustersicherheitsfragen".to_owned())]);
        assert_eq!(find("Clustersicherheit", "nl"), []);
        assert_eq!(find("goed beveiligd; onbeveiligd", "nl"), [(0, "beveiligd".to_owned())]);
        assert_eq!(find("trusted", "en"), []);
    }
}
