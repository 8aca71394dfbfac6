//! Finds spellings of projects and organisations, with their variants. Pure.

use std::ops::Range;

use super::spellings::{self, Spellings};
use crate::catalog::fold::{Folded, fold};
use crate::catalog::surfaces::{Variant, variants};
use crate::catalog::{Catalog, Matching, Surface};

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
    pub written: Box<str>,
    /// How the spelling was derived from what the catalog writes.
    pub variant: Variant,
}

/// What a folded spelling may mean: at most one project and one organisation, or nothing for a phrase that blocks names inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamePattern<'m> {
    /// What it may mean.
    pub targets: &'m [NameTarget],
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
    spellings: Spellings,
    /// What all spellings may mean, in their order.
    targets: Vec<NameTarget>,
    /// For each spelling, where its targets end, and whether it blocks names.
    patterns: Vec<(u32, bool)>,
    /// Spellings that are one plain word written so for a project, with the project.
    plain_words: Vec<(u32, u32)>,
}

/// Which of two entries with the same spelling wins, the smaller one: derived, not its name, untouched by people, position.
type Rank = (bool, bool, bool, usize);

impl NameMatcher {
    /// Compiles all spellings of a catalog with their variants. Where two entries of one kind share a spelling, the one for which it is
    /// written rather than derived wins, then the one whose name it is, then one that people have touched, then the first by name.
    pub(in crate::catalog) fn new(catalog: &Catalog) -> Self {
        let mut meanings: Vec<(String, Option<(NameKind, Rank, NameTarget)>)> = Vec::new();
        let mut add = |kind, entry: usize, curated: bool, surfaces: &[Surface]| {
            for (index, surface) in surfaces.iter().enumerate() {
                for (text, matching, variant) in variants(surface) {
                    let rank = (variant != Variant::Written, index > 0, !curated, entry);
                    let written = surface.text.as_str().into();
                    let target = NameTarget { kind, entry, matching, written, variant };
                    meanings.push((text, Some((kind, rank, target))));
                }
            }
        };
        for (index, project) in catalog.projects.iter().enumerate() {
            add(NameKind::Project, index, project.curated, &project.surfaces);
        }
        for (index, organization) in catalog.organizations.iter().enumerate() {
            add(NameKind::Organization, index, organization.curated, &organization.surfaces);
        }
        // A phrase that blocks means nothing; it comes before all meanings of the same spelling.
        let phrases = catalog.block_phrases.iter().map(|phrase| (fold(phrase), None));
        meanings.extend(phrases.filter(|(text, _)| !text.is_empty()));
        meanings.sort_by(|a, b| {
            let rank =
                |meaning: &Option<(NameKind, Rank, NameTarget)>| meaning.as_ref().map(|(kind, rank, _)| (*kind, *rank));
            a.0.cmp(&b.0).then_with(|| rank(&a.1).cmp(&rank(&b.1)))
        });
        Self::resolved(catalog, meanings)
    }

    /// From spellings in order with their meanings, the best of each kind first.
    fn resolved(catalog: &Catalog, meanings: Vec<(String, Option<(NameKind, Rank, NameTarget)>)>) -> Self {
        let mut matcher = Self::default();
        let mut texts: Vec<String> = Vec::new();
        let mut first = 0;
        for (text, meaning) in meanings {
            if texts.last() != Some(&text) {
                first = matcher.targets.len();
                matcher.patterns.push((offset(first), false));
                texts.push(text);
            }
            let Some(pattern) = matcher.patterns.last_mut() else { continue };
            match meaning {
                None => pattern.1 = true,
                Some((kind, ..)) if matcher.targets.iter().skip(first).any(|known| known.kind == kind) => {}
                Some((_, _, target)) => {
                    matcher.targets.push(target);
                    pattern.0 = offset(matcher.targets.len());
                }
            }
        }
        matcher.targets.shrink_to_fit();
        matcher.spellings = Spellings::new(&texts);
        matcher.plain_words = matcher.find_plain_words(catalog);
        matcher
    }

    /// What [`NameMatcher::plain_words`] gives.
    fn find_plain_words(&self, catalog: &Catalog) -> Vec<(u32, u32)> {
        let mut words = Vec::new();
        for (number, (text, pattern)) in self.patterns().enumerate() {
            for target in pattern.targets {
                if target.kind == NameKind::Project
                    && target.matching == Matching::Plain
                    && target.variant == Variant::Written
                    && text.chars().all(char::is_alphabetic)
                    && catalog.projects.get(target.entry).is_some_and(|project| !project.general)
                {
                    words.push((offset(number), offset(target.entry)));
                }
            }
        }
        words
    }

    /// The words that are as such the name of a project, beginning with a letter: folded, with the index of the project, in the order of the words.
    /// Everyday technology is not among them.
    pub fn plain_words(&self, first: char) -> impl Iterator<Item = (&str, usize)> {
        let text = |(pattern, _): &(u32, u32)| self.spellings.get(*pattern as usize).unwrap_or_default();
        let begin = self.plain_words.partition_point(|word| text(word).chars().next() < Some(first));
        let words = self.plain_words.get(begin..).unwrap_or_default().iter();
        words.map(move |word| (text(word), word.1 as usize)).take_while(move |(word, _)| word.starts_with(first))
    }

    /// The pattern of a hit.
    pub fn pattern(&self, index: usize) -> Option<NamePattern<'_>> {
        let (end, blocks) = *self.patterns.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.patterns.get(before)).map_or(0, |before| before.0);
        Some(NamePattern { targets: self.targets.get(start as usize..end as usize)?, blocks })
    }

    /// The pattern of a folded text, for a look-up of a single word.
    pub fn lookup(&self, folded: &str) -> Option<usize> {
        self.spellings.position(folded)
    }

    /// All patterns with their folded texts, in the order of the texts.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, NamePattern<'_>)> {
        self.spellings.iter().enumerate().filter_map(|(number, text)| Some((text, self.pattern(number)?)))
    }

    /// All occurrences in `span` of `text` that start where a word starts, overlapping ones too, in the order of their starts.
    pub fn find(&self, text: &str, span: Range<usize>) -> Vec<NameHit> {
        let folded = Folded::new(text, span);
        let mut hits = Vec::new();
        for (start, rest) in spellings::starts(&folded.text) {
            for (pattern, length) in self.spellings.at(rest) {
                hits.extend(folded.original(start..start + length).map(|span| NameHit { pattern, span }));
            }
        }
        hits
    }

    /// Bytes on the heap, about.
    pub fn memory(&self) -> usize {
        let targets: usize = self.targets.iter().map(|t| size_of::<NameTarget>() + t.written.len()).sum();
        let pairs = self.patterns.len() + self.plain_words.len();
        self.spellings.memory() + targets + pairs * size_of::<(u32, u32)>()
    }
}

/// A number as it is kept.
fn offset(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Project;

    fn surface(text: &str, matching: Matching) -> Surface {
        Surface { text: text.to_owned(), matching }
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
