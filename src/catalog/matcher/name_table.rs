//! What all spellings of names mean, compiled. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::grouped::Grouped;
use super::names::{NameKind, NamePattern, NameTarget};
use super::spellings::Spellings;
use crate::catalog::fold::fold;
use crate::catalog::surfaces::{Variant, variants};
use crate::catalog::{Catalog, Matching, Surface};

/// Spellings with what they mean.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct NameTable {
    pub(super) spellings: Spellings,
    /// What each spelling may mean.
    targets: Grouped<NameTarget>,
    /// Spellings in which no name is found, by their number, in order.
    blocking: Vec<u32>,
    /// Spellings that are one plain word written so for a project, with the project.
    plain_words: Vec<(u32, u32)>,
}

/// Which of two entries with the same spelling wins, the smaller one: derived, not its name, untouched by people, position.
type Rank = (bool, bool, bool, usize);

/// A spelling and what it means; nothing for a phrase that blocks names inside it.
type Meaning = (String, Option<(NameKind, Rank, NameTarget)>);

impl NameTable {
    /// Compiles the spellings of a catalog with their variants: all, or only `wanted` ones. Where two entries of one kind share a spelling, the one for
    /// which it is written rather than derived wins, then the one whose name it is, then one that people have touched, then the first by name.
    pub(super) fn new(catalog: &Catalog, wanted: Option<&BTreeSet<String>>) -> Self {
        let is_wanted = |text: &String| wanted.is_none_or(|wanted| wanted.contains(text));
        let mut meanings: Vec<Meaning> = Vec::new();
        let mut add = |kind, entry: usize, curated: bool, surfaces: &[Surface]| {
            for (index, surface) in surfaces.iter().enumerate() {
                for (text, matching, variant) in variants(surface).into_iter().filter(|(text, ..)| is_wanted(text)) {
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
        let phrases = catalog.block_phrases.iter().map(|phrase| (fold(phrase), None));
        meanings.extend(phrases.filter(|(text, _)| !text.is_empty() && is_wanted(text)));
        meanings.sort_by(|a, b| {
            let rank = |meaning: &Meaning| meaning.1.as_ref().map(|(kind, rank, _)| (*kind, *rank));
            a.0.cmp(&b.0).then_with(|| rank(a).cmp(&rank(b)))
        });
        let mut table = Self::resolved(meanings);
        table.plain_words = table.find_plain_words(catalog);
        table
    }

    /// From spellings in order with their meanings, the best of each kind first.
    fn resolved(meanings: Vec<Meaning>) -> Self {
        let mut texts: Vec<String> = Vec::new();
        let mut groups: Vec<Vec<NameTarget>> = Vec::new();
        let mut blocking = Vec::new();
        for (text, meaning) in meanings {
            if texts.last() != Some(&text) {
                texts.push(text);
                groups.push(Vec::new());
            }
            match (meaning, groups.last_mut()) {
                (Some((kind, _, target)), Some(group)) if group.iter().all(|known| known.kind != kind) => {
                    group.push(target);
                }
                (Some(_), _) => {}
                (None, _) => blocking.push(number(texts.len() - 1)),
            }
        }
        blocking.dedup();
        let targets = groups.into_iter().collect();
        Self { spellings: Spellings::new(&texts), targets, blocking, plain_words: Vec::new() }
    }

    /// What [`NameTable::plain_words`] gives.
    fn find_plain_words(&self, catalog: &Catalog) -> Vec<(u32, u32)> {
        let mut words = Vec::new();
        for (index, text) in self.spellings.iter().enumerate() {
            for target in self.targets.get(index) {
                if target.kind == NameKind::Project
                    && target.matching == Matching::Plain
                    && target.variant == Variant::Written
                    && text.chars().all(char::is_alphabetic)
                    && catalog.projects.get(target.entry).is_some_and(|project| !project.general)
                {
                    words.push((number(index), number(target.entry)));
                }
            }
        }
        words
    }

    /// The words that are as such the name of a project, beginning with a letter: number, text and index of the project, in order.
    pub(super) fn plain_words(&self, first: char) -> impl Iterator<Item = (usize, &str, usize)> {
        let text = |(number, _): &(u32, u32)| self.spellings.get(*number as usize).unwrap_or_default();
        let begin = self.plain_words.partition_point(|word| text(word).chars().next() < Some(first));
        let words = self.plain_words.get(begin..).unwrap_or_default().iter();
        let words = words.map(move |word| (word.0 as usize, text(word), word.1 as usize));
        words.take_while(move |(_, word, _)| word.starts_with(first))
    }

    /// What the spelling with this number may mean.
    pub(super) fn pattern(&self, index: usize) -> Option<NamePattern<'_>> {
        let blocks = || self.blocking.binary_search(&number(index)).is_ok();
        (index < self.spellings.len()).then(|| NamePattern { targets: self.targets.get(index), blocks: blocks() })
    }

    /// Bytes on the heap, about.
    pub(super) fn memory(&self) -> usize {
        let written: usize = self.targets.items().iter().map(|target| target.written.len()).sum();
        let lists = self.blocking.len() * size_of::<u32>() + self.plain_words.len() * size_of::<(u32, u32)>();
        self.spellings.memory() + self.targets.memory() + written + lists
    }
}

/// A number as it is kept.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
