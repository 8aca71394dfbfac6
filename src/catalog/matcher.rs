//! The compiled matchers of a catalog: all spellings of names, of event series and places, and all terms of themes, each in one automaton over
//! folded text (see [`super::fold`]).
//!
//! An automaton reports every occurrence, overlapping ones too; boundaries are checked first and the longest is chosen after that. To take the
//! longest right away would let a long name that turns out to be half a word hide the short one inside it.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::fold::{Folded, fold};
use super::surfaces::{Variant, variants};
use super::{Catalog, Matching, Surface, Theme};

/// Builds an automaton; none for no patterns, or in the practically impossible case that they do not fit into one.
fn automaton<P: AsRef<str>>(patterns: &[P]) -> Option<AhoCorasick> {
    if patterns.is_empty() {
        return None;
    }
    AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(patterns.iter().map(AsRef::as_ref))
        .inspect_err(|error| tracing::error!(%error, "the names of the catalog do not fit into a matcher"))
        .ok()
}

/// Whether `at` is no position inside a word of `text`, looking at the characters on both sides.
fn is_edge(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|t| t.chars().next_back());
    let after = text.get(at..).and_then(|t| t.chars().next());
    match (before, after) {
        (Some(b), Some(a)) => !(b.is_alphanumeric() && a.is_alphanumeric()),
        _ => true,
    }
}

/// What a spelling belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A project, by its index in [`Catalog::projects`].
    Project,
    /// An organisation, by its index in [`Catalog::organizations`].
    Organization,
}

impl std::fmt::Display for NameKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Project => "project",
            Self::Organization => "organization",
        })
    }
}

/// An entry that a spelling may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTarget {
    /// Kind of the entry.
    pub kind: NameKind,
    /// Index of the entry.
    pub entry: usize,
    /// How careful to be with this spelling.
    pub matching: Matching,
    /// The spelling as the catalog writes it.
    pub written: String,
    /// How the spelling was derived from what the catalog writes.
    pub variant: Variant,
}

/// A folded spelling and what it may mean: at most one project and one organisation, or nothing for a phrase that blocks names inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamePattern {
    /// What it may mean.
    pub targets: Vec<NameTarget>,
    /// A phrase in which no name is found.
    pub blocks: bool,
}

/// An occurrence of a spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameHit {
    /// Index of the pattern, see [`NameMatcher::pattern`].
    pub pattern: usize,
    /// Where it is.
    pub span: Range<usize>,
}

/// Finds spellings of projects and organisations.
#[derive(Debug, Default)]
pub struct NameMatcher {
    automaton: Option<AhoCorasick>,
    patterns: Vec<NamePattern>,
    /// Folded text of each pattern, in their order.
    texts: Vec<String>,
    /// Patterns that are one plain word written so for a project, with the project.
    plain_words: Vec<(usize, usize)>,
}

/// Which of two entries with the same spelling wins, the smaller one: derived, not its name, untouched by people, position.
type Rank = (bool, bool, bool, usize);

impl NameMatcher {
    /// Compiles all spellings of a catalog with their variants. Where two entries of one kind share a spelling, the one for which it is
    /// written rather than derived wins, then the one whose name it is, then one that people have touched, then the first by name.
    pub(super) fn new(catalog: &Catalog) -> Self {
        let mut spellings: Vec<(String, NameKind, Rank, NameTarget)> = Vec::new();
        let mut add = |kind, entry: usize, curated: bool, surfaces: &[Surface]| {
            for (index, surface) in surfaces.iter().enumerate() {
                for (text, matching, variant) in variants(surface) {
                    let rank = (variant != Variant::Written, index > 0, !curated, entry);
                    let target = NameTarget { kind, entry, matching, written: surface.text.clone(), variant };
                    spellings.push((text, kind, rank, target));
                }
            }
        };
        for (index, project) in catalog.projects.iter().enumerate() {
            add(NameKind::Project, index, project.curated, &project.surfaces);
        }
        for (index, organization) in catalog.organizations.iter().enumerate() {
            add(NameKind::Organization, index, organization.curated, &organization.surfaces);
        }
        spellings.sort_by(|a, b| (&a.0, a.1, a.2).cmp(&(&b.0, b.1, b.2)));
        spellings.dedup_by(|later, first| later.0 == first.0 && later.1 == first.1);
        let (mut texts, mut patterns): (Vec<String>, Vec<NamePattern>) = (Vec::new(), Vec::new());
        for (text, _, _, target) in spellings {
            match patterns.last_mut().filter(|_| texts.last() == Some(&text)) {
                Some(pattern) => pattern.targets.push(target),
                None => {
                    texts.push(text);
                    patterns.push(NamePattern { targets: vec![target], blocks: false });
                }
            }
        }
        for text in catalog.block_phrases.iter().map(|phrase| fold(phrase)).filter(|text| !text.is_empty()) {
            match texts.binary_search(&text) {
                Ok(at) => patterns.get_mut(at).into_iter().for_each(|pattern| pattern.blocks = true),
                Err(at) => {
                    texts.insert(at, text);
                    patterns.insert(at, NamePattern { targets: Vec::new(), blocks: true });
                }
            }
        }
        let plain_words = plain_words(catalog, &texts, &patterns);
        Self { automaton: automaton(&texts), patterns, texts, plain_words }
    }

    /// The words that are as such the name of a project, beginning with a letter: folded, with the index of the project, in the order of the words.
    /// Everyday technology is not among them.
    pub fn plain_words(&self, first: char) -> impl Iterator<Item = (&str, usize)> {
        let text = |(pattern, _): &(usize, usize)| self.texts.get(*pattern).map(String::as_str).unwrap_or_default();
        let begin = self.plain_words.partition_point(|word| text(word).chars().next() < Some(first));
        let words = self.plain_words.get(begin..).unwrap_or_default().iter();
        words.map(move |word| (text(word), word.1)).take_while(move |(word, _)| word.starts_with(first))
    }

    /// The pattern of a hit.
    pub fn pattern(&self, index: usize) -> Option<&NamePattern> {
        self.patterns.get(index)
    }

    /// The pattern of a folded text, for a look-up of a single word.
    pub fn lookup(&self, folded: &str) -> Option<usize> {
        self.texts.binary_search_by(|text| text.as_str().cmp(folded)).ok()
    }

    /// All patterns with their folded texts, in the order of the texts.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, &NamePattern)> {
        self.texts.iter().map(String::as_str).zip(&self.patterns)
    }

    /// All occurrences in `span` of `text` that start where a word starts, overlapping ones too, in the order of their ends.
    pub fn find(&self, text: &str, span: Range<usize>) -> Vec<NameHit> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let folded = Folded::new(text, span);
        automaton
            .find_overlapping_iter(&folded.text)
            .filter(|hit| is_edge(&folded.text, hit.start()))
            .filter_map(|hit| {
                Some(NameHit { pattern: hit.pattern().as_usize(), span: folded.original(hit.start()..hit.end())? })
            })
            .collect()
    }

    /// Bytes on the heap, about.
    pub fn memory(&self) -> usize {
        let targets: usize =
            self.patterns.iter().flat_map(|p| &p.targets).map(|t| size_of::<NameTarget>() + t.written.len()).sum();
        let texts: usize = self.texts.iter().map(|t| t.len() + size_of::<String>()).sum();
        self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage)
            + targets
            + texts
            + self.patterns.len() * size_of::<NamePattern>()
    }
}

/// What [`NameMatcher::plain_words`] gives.
fn plain_words(catalog: &Catalog, texts: &[String], patterns: &[NamePattern]) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    for (index, (text, pattern)) in texts.iter().zip(patterns).enumerate() {
        for target in &pattern.targets {
            if target.kind == NameKind::Project
                && target.matching == Matching::Plain
                && target.variant == Variant::Written
                && text.chars().all(char::is_alphabetic)
                && catalog.projects.get(target.entry).is_some_and(|project| !project.general)
            {
                words.push((index, target.entry));
            }
        }
    }
    words
}

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

#[derive(Debug)]
struct TermTarget {
    theme: usize,
    term: usize,
    weight: u32,
    language: String,
    open_start: bool,
    open_end: bool,
}

/// Finds terms of themes.
#[derive(Debug, Default)]
pub struct ThemeMatcher {
    automaton: Option<AhoCorasick>,
    targets: Vec<Vec<TermTarget>>,
}

impl ThemeMatcher {
    pub(super) fn new(themes: &[Theme]) -> Self {
        let mut patterns: BTreeMap<String, Vec<TermTarget>> = BTreeMap::new();
        for (theme, entry) in themes.iter().enumerate() {
            for (number, (language, term)) in entry
                .terms
                .iter()
                .flat_map(|(language, terms)| terms.iter().map(move |term| (language, term)))
                .enumerate()
            {
                let text = fold(&term.text);
                if text.is_empty() {
                    continue;
                }
                patterns.entry(text).or_default().push(TermTarget {
                    theme,
                    term: number,
                    weight: term.weight,
                    language: language.clone(),
                    open_start: term.open_start,
                    open_end: term.open_end,
                });
            }
        }
        let (texts, targets): (Vec<String>, Vec<_>) = patterns.into_iter().unzip();
        Self { automaton: automaton(&texts), targets }
    }

    /// Bytes on the heap, about.
    pub fn memory(&self) -> usize {
        self.automaton.as_ref().map_or(0, AhoCorasick::memory_usage)
            + self.targets.iter().flatten().count() * size_of::<TermTarget>()
    }

    /// The terms in `span` of `text` that hold in a language (ISO 639-1; those under "any" hold in all), in text order. Of overlapping terms of
    /// one theme only the longest is given; different themes may share words.
    pub fn find(&self, text: &str, span: Range<usize>, language: &str) -> Vec<TermHit> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let folded = Folded::new(text, span);
        let mut hits = Vec::new();
        let mut edges = Edges::default();
        for hit in automaton.find_overlapping_iter(&folded.text) {
            let (at_start, at_end) = (is_edge(&folded.text, hit.start()), is_edge(&folded.text, hit.end()));
            for target in self.targets.get(hit.pattern().as_usize()).into_iter().flatten() {
                if !(at_start || target.open_start) || !(at_end || target.open_end) {
                    continue;
                }
                if target.language != "any" && target.language != language {
                    continue;
                }
                let words = edges.widen(&folded.text, hit.start()..hit.end());
                if let Some(span) = folded.original(words) {
                    hits.push(TermHit { theme: target.theme, term: target.term, weight: target.weight, span });
                }
            }
        }
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

/// An occurrence of a spelling of a series or a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurfaceHit<T> {
    /// What is named.
    pub target: T,
    /// How careful to be with the spelling.
    pub matching: Matching,
    /// Where it is.
    pub span: Range<usize>,
}

/// What a spelling means, how careful to be with it, how the catalog writes it, and whether it was taken apart.
type Spelling<T> = (T, Matching, String, bool);

/// Finds spellings of things of one sort, such as event series.
#[derive(Debug)]
pub struct SurfaceMatcher<T> {
    automaton: Option<AhoCorasick>,
    /// The longest word of each spelling.
    heads: HashSet<Box<str>>,
    targets: Vec<Vec<Spelling<T>>>,
    capital: bool,
}

impl<T> Default for SurfaceMatcher<T> {
    fn default() -> Self {
        Self { automaton: None, heads: HashSet::new(), targets: Vec::new(), capital: false }
    }
}

impl<T: Copy + Ord> SurfaceMatcher<T> {
    /// Compiles spellings. With `capital`, a name that the catalog writes with a capital must have one in the text too. Spellings of at most four
    /// capital letters, and those that are not plain, are found in their own case only.
    pub(super) fn new<'a>(entries: impl Iterator<Item = (T, &'a [Surface])>, capital: bool) -> Self {
        let mut patterns: BTreeMap<String, Vec<Spelling<T>>> = BTreeMap::new();
        for (target, surfaces) in entries {
            for surface in surfaces {
                for (text, matching, variant) in variants(surface) {
                    // names of places are not joined or taken apart: "Den Haag", but no "DenHaag"
                    let written = variant == Variant::Written;
                    if written || (!capital && matches!(variant, Variant::Joined | Variant::Split)) {
                        let split = variant == Variant::Split;
                        patterns.entry(text).or_default().push((target, matching, surface.text.clone(), split));
                    }
                }
            }
        }
        let (texts, targets): (Vec<String>, Vec<_>) = patterns.into_iter().unzip();
        let longest = |text: &String| {
            let words = text.split(|c: char| !c.is_alphanumeric());
            words.max_by_key(|word| word.len()).map(Into::into)
        };
        let heads = texts.iter().filter_map(longest).collect();
        Self { automaton: automaton(&texts), heads, targets, capital }
    }

    /// Whether a text with this word (in lower case) may hold a spelling: false for nearly all words, so that most of a text need not be searched.
    pub fn may_hold(&self, word: &str) -> bool {
        self.heads.contains(word)
    }

    /// The spellings in `span` of `text` as whole words (a possessive or a hyphen may follow), in text order, the longest of overlapping ones.
    /// A spelling of several things gives a hit for each.
    pub fn find(&self, text: &str, span: Range<usize>) -> Vec<SurfaceHit<T>> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let folded = Folded::new(text, span);
        let mut hits = Vec::new();
        for hit in automaton.find_overlapping_iter(&folded.text) {
            if !is_edge(&folded.text, hit.start()) || !is_edge(&folded.text, hit.end()) {
                continue;
            }
            let Some(span) = folded.original(hit.start()..hit.end()) else { continue };
            let Some(found) = text.get(span.clone()) else { continue };
            for (target, matching, written, split) in self.targets.get(hit.pattern().as_usize()).into_iter().flatten() {
                if self.accepts(found, written, *matching) && (!split || has_capitals(found)) {
                    hits.push(SurfaceHit { target: *target, matching: *matching, span: span.clone() });
                }
            }
        }
        hits.sort_by_key(|hit| (hit.span.start, usize::MAX - hit.span.end, hit.target));
        let mut last: Option<Range<usize>> = None;
        hits.retain(|hit| {
            let keep = last.as_ref().is_none_or(|last| hit.span == *last || hit.span.start >= last.end);
            if keep {
                last = Some(hit.span.clone());
            }
            keep
        });
        hits
    }

    fn accepts(&self, found: &str, written: &str, matching: Matching) -> bool {
        let upper = |text: &str| text.chars().next().is_some_and(char::is_uppercase);
        let acronym = written.chars().count() <= 4 && !written.chars().any(char::is_lowercase);
        if acronym || matching != Matching::Plain {
            return found == written;
        }
        !(self.capital && upper(written) && !upper(found))
    }
}

/// Whether each word begins with a capital.
fn has_capitals(text: &str) -> bool {
    text.split([' ', '-']).all(|word| word.starts_with(char::is_uppercase))
}

/// What a name of a place means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaceRef {
    /// Index into [`super::Places::cities`].
    City(usize),
    /// Index into [`super::Places::countries`].
    Country(usize),
    /// Index into [`super::Places::regions`].
    Region(usize),
}

#[cfg(test)]
mod tests {
    use super::super::{City, Places, Project, Series, Term};
    use super::*;

    fn surface(text: &str, matching: Matching) -> Surface {
        Surface { text: text.to_owned(), matching }
    }

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

    #[test]
    fn terms_are_whole_words_unless_they_are_open_and_hold_in_their_language() {
        let matcher = ThemeMatcher::new(&[
            theme(
                "security",
                &[
                    ("any", term("zero trust", false, false, 3)),
                    ("de", term("sicherheit", true, true, 3)),
                    ("nl", term("beveilig", false, true, 2)),
                ],
            ),
            theme("identity", &[("any", term("trust", false, false, 1))]),
        ]);
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

    #[test]
    fn series_and_places_are_found_in_their_own_case_where_that_matters() {
        let catalog = Catalog {
            series: vec![Series {
                name: "KubeCon".into(),
                surfaces: vec![surface("KubeCon", Matching::Plain), surface("KubeCon EU", Matching::Plain)],
                ..Series::default()
            }],
            places: Places {
                cities: vec![
                    City {
                        name: "Essen".into(),
                        surfaces: vec![surface("Essen", Matching::NeedsCue)],
                        ..City::default()
                    },
                    City {
                        name: "Nantes".into(),
                        surfaces: vec![surface("Nantes", Matching::Plain)],
                        ..City::default()
                    },
                ],
                ..Places::default()
            },
            ..Catalog::default()
        }
        .compiled();
        let series = |text: &str| {
            catalog
                .series_names
                .find(text, 0..text.len())
                .into_iter()
                .map(|hit| text[hit.span].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(series("kubecon eu, KubeCon's, kubecons"), ["kubecon eu", "KubeCon"]);
        let places = |text: &str| {
            catalog.place_names.find(text, 0..text.len()).into_iter().map(|hit| hit.target).collect::<Vec<_>>()
        };
        assert_eq!(
            places("essen in Essen, nantes, Nantes, NANTES"),
            [PlaceRef::City(0), PlaceRef::City(1), PlaceRef::City(1)]
        );
    }

    #[test]
    fn a_spelling_of_two_projects_belongs_to_the_one_that_is_called_so() {
        let project = |name: &str, others: &[&str], curated| Project {
            name: name.to_owned(),
            surfaces: std::iter::once(&name).chain(others).map(|text| surface(text, Matching::Plain)).collect(),
            curated,
            ..Project::default()
        };
        let catalog = Catalog {
            projects: vec![
                project("Alpha", &["ABC", "Gamma"], false),
                project("Beta", &["ABC"], true),
                project("Gamma", &[], false),
            ],
            ..Catalog::default()
        }
        .compiled();
        let owner = |text: &str| {
            catalog
                .names
                .find(text, 0..text.len())
                .first()
                .and_then(|hit| catalog.names.pattern(hit.pattern))
                .unwrap()
                .targets[0]
                .entry
        };
        assert_eq!((owner("abc"), owner("gamma")), (1, 2));
    }
}
