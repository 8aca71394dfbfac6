//! Which projects and organisations a document names. Pure functions; no I/O.
//!
//! ```text
//! catalog spellings --candidates (boundaries)--> spots --evidence--> verdicts --decide (one meaning per document, kinds)--> mentions
//! ```

mod boundaries;
mod candidates;
mod companies;
mod context;
mod cues;
mod decide;
mod evidence;
mod fuzzy;
mod gate;
mod given_names;
mod kinds;
mod near;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod versions;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;

use super::Document;
use super::language::Language;
use super::sentences::Sentence;
use crate::catalog::{Catalog, NameKind};
use decide::{Decisions, decide};
pub use evidence::Part;

/// The names found in a document.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Projects, by first mention.
    pub projects: Vec<Found>,
    /// Organisations, by first mention.
    pub organizations: Vec<Found>,
}

/// A catalog entry with its accepted mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Index into the catalog's projects or organisations.
    pub entry: usize,
    /// Where it is named; in text order, never empty.
    pub mentions: Vec<Mention>,
    /// First version named after it ("Linkerd 2.12").
    pub version: Option<String>,
}

/// A place in the text that names an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where it is in the text.
    pub span: Range<usize>,
    /// Index of its block.
    pub block: usize,
}

/// A spelling in the text in one of its meanings, and what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is in the text.
    pub span: Range<usize>,
    /// The spelling as it stands in the text.
    pub surface: String,
    /// What it might mean.
    pub kind: NameKind,
    /// Index into the catalog's projects or organisations.
    pub entry: usize,
    /// Name of the entry.
    pub name: String,
    /// What speaks for and against it; empty for plain names.
    pub parts: Vec<Part>,
    /// Sum of the points.
    pub score: i32,
    /// Whether it counts as a mention.
    pub accepted: bool,
    /// Why, in a few words.
    pub verdict: &'static str,
}

impl Candidate {
    /// The points and what they are for, in one line: "5: a graduated project +2, ...". Empty where nothing had to be weighed.
    pub fn evidence_text(&self) -> String {
        if self.parts.is_empty() {
            return String::new();
        }
        let parts: Vec<String> = self.parts.iter().map(|part| format!("{} {:+}", part.label, part.points)).collect();
        format!("{}: {}", self.score, parts.join(", "))
    }
}

/// The projects and organisations that a document names, each by its first mention. Furniture and code blocks are not searched.
pub fn find(document: &Document, sentences: &[Sentence], language: Language, catalog: &Catalog) -> Names {
    let decisions = decide(document, sentences, language, catalog);
    Names {
        projects: collect(document, catalog, &decisions, NameKind::Project),
        organizations: collect(document, catalog, &decisions, NameKind::Organization),
    }
}

/// Everything that might have been a mention, with the reasons: the same decisions as [`find`], in text order.
pub fn explain(document: &Document, sentences: &[Sentence], language: Language, catalog: &Catalog) -> Vec<Candidate> {
    let decisions = decide(document, sentences, language, catalog);
    let name = |kind, entry: usize| match kind {
        NameKind::Project => catalog.projects.get(entry).map(|project| project.name.clone()),
        NameKind::Organization => catalog.organizations.get(entry).map(|organization| organization.name.clone()),
    };
    let surface = |span: &Range<usize>| document.text.get(span.clone()).unwrap_or_default().to_owned();
    let judged = decisions.judged.iter().filter_map(|item| {
        let spot = decisions.spots.get(item.spot)?;
        Some(Candidate {
            span: spot.span.clone(),
            surface: surface(&spot.span),
            kind: item.target.kind,
            entry: item.target.entry,
            name: name(item.target.kind, item.target.entry)?,
            score: item.parts.iter().map(|part| part.points).sum(),
            parts: item.parts.clone(),
            accepted: item.accepted,
            verdict: item.verdict,
        })
    });
    let misspelt = decisions.misspellings.iter().filter_map(|found| {
        Some(Candidate {
            span: found.span.clone(),
            surface: surface(&found.span),
            kind: NameKind::Project,
            entry: found.entry,
            name: name(NameKind::Project, found.entry)?,
            parts: Vec::new(),
            score: 0,
            accepted: true,
            verdict: "misspelt",
        })
    });
    let inner = decisions.parts.iter().filter_map(|found| {
        Some(Candidate {
            span: found.span.clone(),
            surface: surface(&found.span),
            kind: found.kind,
            entry: found.entry,
            name: name(found.kind, found.entry)?,
            parts: Vec::new(),
            score: 0,
            accepted: true,
            verdict: "named with a product",
        })
    });
    let mut candidates: Vec<Candidate> = judged.chain(misspelt).chain(inner).collect();
    candidates.sort_by_key(|candidate| (candidate.span.start, candidate.kind));
    candidates
}

/// The accepted mentions of a kind by entry.
fn collect(document: &Document, catalog: &Catalog, decisions: &Decisions<'_>, kind: NameKind) -> Vec<Found> {
    let mut by_entry: BTreeMap<usize, Vec<Mention>> = BTreeMap::new();
    for item in decisions.judged.iter().filter(|item| item.accepted && item.target.kind == kind) {
        if let Some(spot) = decisions.spots.get(item.spot) {
            by_entry.entry(item.target.entry).or_default().push(Mention { span: spot.span.clone(), block: spot.block });
        }
    }
    for part in decisions.parts.iter().filter(|part| part.kind == kind) {
        by_entry.entry(part.entry).or_default().push(Mention { span: part.span.clone(), block: part.block });
    }
    if kind == NameKind::Project {
        for found in &decisions.misspellings {
            by_entry.entry(found.entry).or_default().push(Mention { span: found.span.clone(), block: found.block });
        }
        by_entry.retain(|entry, _| catalog.projects.get(*entry).is_some_and(|project| !project.general));
    }
    let mut found: Vec<Found> = by_entry
        .into_iter()
        .map(|(entry, mut mentions)| {
            mentions.sort_by_key(|mention| mention.span.start);
            let version = if kind == NameKind::Project {
                mentions.iter().find_map(|mention| version(document, mention))
            } else {
                None
            };
            Found { entry, mentions, version }
        })
        .collect();
    found.sort_by_key(|found| (found.mentions.first().map_or(0, |mention| mention.span.start), found.entry));
    found
}

/// The version that follows a mention.
fn version(document: &Document, mention: &Mention) -> Option<String> {
    let end = document.blocks.get(mention.block)?.span.end;
    versions::after(document.text.get(mention.span.end..end)?)
}
