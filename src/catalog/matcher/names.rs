//! Finds spellings of projects and organisations, with their variants. Pure.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::name_table::NameTable;
use crate::catalog::fold::Folded;
use crate::catalog::surfaces::{Variant, variants};
use crate::catalog::{Catalog, Matching, Shared, Surface};

/// What a spelling belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// About the most hits of a part of a text, some hundred times what real texts have: spellings may lie within spellings.
const MOST: usize = 200_000;

/// Finds spellings of projects and organisations. On top of the spellings of one catalog may lie those that another catalog says anew.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct NameMatcher {
    base: Shared<NameTable>,
    #[serde(skip)]
    top: Option<Top>,
}

/// What a catalog on top of another says about spellings.
#[derive(Debug)]
struct Top {
    /// All spellings that mean something else than below, with all that they mean now.
    table: NameTable,
    /// Their numbers below, in order: there they count no more.
    hidden: Vec<usize>,
}

impl NameMatcher {
    /// Compiles all spellings of a catalog.
    pub(in crate::catalog) fn new(catalog: &Catalog) -> Self {
        Self { base: NameTable::new(catalog, None).into(), top: None }
    }

    /// For a catalog that was made from another one by changing some entries and adding others behind them: compiles only the spellings that
    /// entries lost, got or share with such entries.
    pub(in crate::catalog) fn on_top(below: &Catalog, catalog: &Catalog) -> Self {
        if below.names.top.is_some() {
            return Self::new(catalog);
        }
        let mut changed: BTreeSet<String> = BTreeSet::new();
        let mut compare = |before: &[Surface], after: &[Surface]| {
            changed.extend(before.iter().chain(after).flat_map(variants).map(|(text, ..)| text));
        };
        for (index, project) in catalog.projects.iter().enumerate() {
            match below.projects.get(index) {
                Some(before) if before.is(project) => {}
                before => compare(before.map_or(&[], |before| &before.surfaces), &project.surfaces),
            }
        }
        for (index, organization) in catalog.organizations.iter().enumerate() {
            match below.organizations.get(index) {
                Some(before) if before.is(organization) => {}
                before => compare(before.map_or(&[], |before| &before.surfaces), &organization.surfaces),
            }
        }
        let base = below.names.base.clone();
        let hidden = changed.iter().filter_map(|text| base.spellings.position(text)).collect();
        let top = (!changed.is_empty()).then(|| Top { table: NameTable::new(catalog, Some(&changed)), hidden });
        Self { base, top }
    }

    /// Whether a spelling of the base still means what it meant.
    fn holds(&self, number: usize) -> bool {
        self.top.as_ref().is_none_or(|top| top.hidden.binary_search(&number).is_err())
    }

    /// The words that are as such the name of a project, beginning with a letter: folded, with the index of the project. Everyday technology is not
    /// among them.
    pub fn plain_words(&self, first: char) -> impl Iterator<Item = (&str, usize)> {
        let below = self.base.plain_words(first).filter(|(number, ..)| self.holds(*number));
        let top = self.top.iter().flat_map(move |top| top.table.plain_words(first));
        below.chain(top).map(|(_, text, project)| (text, project))
    }

    /// The pattern of a hit.
    pub fn pattern(&self, index: usize) -> Option<NamePattern<'_>> {
        match index.checked_sub(self.base.spellings.len()) {
            None => self.base.pattern(index).filter(|_| self.holds(index)),
            Some(index) => self.top.as_ref()?.table.pattern(index),
        }
    }

    /// The pattern of a folded text, for a look-up of a single word.
    pub fn lookup(&self, folded: &str) -> Option<usize> {
        let top = self.top.as_ref().and_then(|top| top.table.spellings.position(folded));
        let below = || self.base.spellings.position(folded).filter(|number| self.holds(*number));
        top.map(|number| self.base.spellings.len() + number).or_else(below)
    }

    /// All patterns with their folded texts, those of the base first, each in the order of the texts.
    pub fn patterns(&self) -> impl Iterator<Item = (&str, NamePattern<'_>)> {
        let top = self.top.iter().flat_map(|top| top.table.spellings.iter());
        let texts = self.base.spellings.iter().chain(top).enumerate();
        texts.filter_map(|(number, text)| Some((text, self.pattern(number)?)))
    }

    /// All occurrences in `span` of `text` that start where a word starts, overlapping ones too, in the order of their starts.
    pub fn find(&self, text: &str, span: Range<usize>) -> Vec<NameHit> {
        self.find_in(&Folded::new(text, span))
    }

    /// As [`NameMatcher::find`], in a part of a text that is folded already.
    pub fn find_in(&self, folded: &Folded) -> Vec<NameHit> {
        let mut hits = Vec::new();
        let hit = |pattern, start: usize, length: usize| {
            folded.original(start..start + length).map(|span| NameHit { pattern, span })
        };
        for (start, rest) in folded.starts() {
            if hits.len() >= MOST {
                break;
            }
            for (number, length) in self.base.spellings.at(rest).filter(|(number, _)| self.holds(*number)) {
                hits.extend(hit(number, start, length));
            }
            for (number, length) in self.top.iter().flat_map(|top| top.table.spellings.at(rest)) {
                hits.extend(hit(self.base.spellings.len() + number, start, length));
            }
        }
        hits
    }

    /// Bytes on the heap, about: those of the base, and those on top of it.
    pub fn memory(&self) -> (usize, usize) {
        let top = self.top.as_ref().map_or(0, |top| top.table.memory() + top.hidden.len() * size_of::<usize>());
        (self.base.memory(), top)
    }
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
                project("Alpha", &["ABC", "Gamma"], false).into(),
                project("Beta", &["ABC"], true).into(),
                project("Gamma", &[], false).into(),
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
