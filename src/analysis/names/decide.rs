//! From spots to verdicts: certain names first, then in two rounds those that need evidence (a name accepted in the first speaks for its neighbours in
//! the second), then one meaning per document, then project or company. The one path that [`super::find`] and [`super::explain`] share. Pure functions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::candidates::{self, Spot};
use super::context::Context;
use super::evidence::{self, Part, Surroundings, THRESHOLD};
use super::fuzzy::{self, Misspelling};
use super::gate::{self, Gate};
use super::kinds::{self, Sense, Senses};
use crate::analysis::Document;
use crate::analysis::language::Language;
use crate::analysis::sentences::Sentence;
use crate::catalog::fold::{fold, squash};
use crate::catalog::surfaces::Variant;
use crate::catalog::{Catalog, Matching, NameKind, NameTarget};

/// How far below the threshold a mention may be once another mention of the same spelling has reached it.
const FOLLOWER: i32 = 4;

/// A spot in one of its meanings, with the verdict.
pub(super) struct Judged<'a> {
    /// Index of the spot.
    pub(super) spot: usize,
    pub(super) target: &'a NameTarget,
    pub(super) gate: Gate,
    pub(super) parts: Vec<Part>,
    pub(super) accepted: bool,
    /// Why it is accepted or dropped.
    pub(super) verdict: &'static str,
}

impl Judged<'_> {
    fn score(&self) -> i32 {
        self.parts.iter().map(|part| part.points).sum()
    }

    fn cue_score(&self) -> i32 {
        self.parts.iter().filter(|part| part.cue).map(|part| part.points).sum()
    }

    /// Whether so much speaks for a name that needs a cue that it can do without: a capital where only names have one, and for a company the words
    /// of companies around it, for a CNCF project a whole document and its surroundings.
    fn is_overwhelming(&self) -> bool {
        let has = |label| self.parts.iter().any(|part| part.label == label);
        match self.target.kind {
            NameKind::Organization => {
                has(evidence::CAPITAL)
                    && (has(evidence::COMPANIES) || has(evidence::AT) || has(evidence::SPEAKS))
                    && self.score() >= THRESHOLD + 2
            }
            NameKind::Project => {
                let known = has(evidence::HOSTED) || has(evidence::PART);
                (has(evidence::CAPITAL) || has(evidence::LIST) || has(evidence::BETWEEN))
                    && self.score() >= THRESHOLD + if known { 3 } else { 6 }
            }
        }
    }

    /// Whether its own points accept it.
    fn stands(&self) -> bool {
        match self.gate {
            Gate::Accept => true,
            Gate::Score | Gate::Small => self.score() >= THRESHOLD,
            Gate::Cue => self.score() >= THRESHOLD && (self.cue_score() >= THRESHOLD || self.is_overwhelming()),
            Gate::Refuse(_) => false,
        }
    }
}

/// Everything that was decided about a document.
pub(super) struct Decisions<'a> {
    pub(super) spots: Vec<Spot>,
    pub(super) judged: Vec<Judged<'a>>,
    pub(super) misspellings: Vec<Misspelling>,
    pub(super) parts: Vec<NamePart>,
}

/// A name inside a longer one: "HashiCorp Vault" names HashiCorp, "Google Kubernetes Engine" names Kubernetes.
pub(super) struct NamePart {
    pub(super) span: Range<usize>,
    pub(super) block: usize,
    pub(super) kind: NameKind,
    /// Index into the catalog's projects or organisations.
    pub(super) entry: usize,
}

/// Decides about all spots of a document.
pub(super) fn decide<'a>(
    document: &'a Document,
    sentences: &'a [Sentence],
    language: Language,
    catalog: &'a Catalog,
) -> Decisions<'a> {
    // The folded texts are large, and only the context is made from them.
    let (mut context, spots) = {
        let scan = candidates::scan(document, catalog);
        (Context::new(document, sentences, language, catalog, &scan), scan.spots)
    };
    let mut judged = Vec::new();
    for (index, spot) in spots.iter().enumerate() {
        for target in catalog.names.pattern(spot.pattern).into_iter().flat_map(|pattern| pattern.targets) {
            let gate = gate::gate(&context, spot, target);
            judged.push(Judged {
                spot: index,
                target,
                gate,
                parts: Vec::new(),
                accepted: gate == Gate::Accept,
                verdict: "",
            });
        }
    }
    publish(&mut context, &spots, &judged);
    let sure = |kind| {
        context
            .entries
            .keys()
            .filter(|(known, entry)| {
                *known == kind
                    && (kind == NameKind::Organization
                        || catalog.projects.get(*entry).is_some_and(|project| !project.general))
            })
            .count()
    };
    context.sure = (sure(NameKind::Project), sure(NameKind::Organization));
    let surroundings: Vec<Option<Surroundings>> = judged
        .iter()
        .map(|item| {
            let weighed = matches!(item.gate, Gate::Score | Gate::Cue | Gate::Small);
            let spot = spots.get(item.spot).filter(|_| weighed)?;
            Some(Surroundings::new(&context, spot, item.target))
        })
        .collect();
    for _ in 0..2 {
        for (item, surroundings) in judged.iter_mut().zip(&surroundings) {
            if let (Some(surroundings), Some(spot)) = (surroundings, spots.get(item.spot)) {
                item.parts = evidence::points(&context, item.spot, spot, item.target, surroundings);
                item.accepted = item.stands();
            }
        }
        publish(&mut context, &spots, &judged);
    }
    follow(&spots, &mut judged);
    spare_persons(&mut judged);
    choose_senses(&context, &spots, &mut judged);
    publish(&mut context, &spots, &judged);
    let misspellings = fuzzy::find(document, catalog, &context.known);
    for item in &mut judged {
        item.verdict = verdict(item);
    }
    let mut parts = vendor_parts(&context, &spots, &judged);
    parts.append(&mut project_parts(&context, &spots, &judged));
    Decisions { spots, judged, misspellings, parts }
}

/// The vendors that accepted product names start with. Only a plain name of an organisation counts, and only if the product is not itself called
/// after it: "AWS Lambda" is no mention of the company, "HashiCorp Vault" is.
fn vendor_parts(context: &Context<'_>, spots: &[Spot], judged: &[Judged<'_>]) -> Vec<NamePart> {
    let mut found = Vec::new();
    for item in judged.iter().filter(|item| item.accepted && item.target.kind == NameKind::Project) {
        let Some(spot) = spots.get(item.spot) else { continue };
        let text = context.text(&spot.span);
        for (at, _) in text.match_indices([' ', '\u{a0}']) {
            let lead = text.get(..at).unwrap_or_default();
            let own = context.catalog.projects.get(item.target.entry);
            if own.is_some_and(|project| fold(&project.name).starts_with(&fold(lead))) {
                break;
            }
            let Some(pattern) = text.get(..at).and_then(|lead| context.catalog.names.lookup(&fold(lead))) else {
                continue;
            };
            let vendor =
                context.catalog.names.pattern(pattern).into_iter().flat_map(|pattern| pattern.targets).find(|target| {
                    target.kind == NameKind::Organization
                        && target.matching == Matching::Plain
                        && target.variant == Variant::Written
                });
            if let Some(vendor) = vendor {
                found.push(NamePart {
                    span: spot.span.start..spot.span.start + at,
                    block: spot.block,
                    kind: NameKind::Organization,
                    entry: vendor.entry,
                });
                break;
            }
        }
    }
    found
}

/// Graduated projects that stand as a word in the names of accepted products and nowhere else: who speaks of Google Kubernetes Engine speaks of
/// Kubernetes. Only plain names of one word count.
fn project_parts(context: &Context<'_>, spots: &[Spot], judged: &[Judged<'_>]) -> Vec<NamePart> {
    let mut found = Vec::new();
    for item in judged.iter().filter(|item| item.accepted && item.target.kind == NameKind::Project) {
        let Some(spot) = spots.get(item.spot) else { continue };
        let text = context.text(&spot.span);
        // A sub-project is named instead of its parent.
        let parent = context.catalog.projects.get(item.target.entry).and_then(|own| own.parent.as_deref());
        let mut start = 0;
        for word in text.split_inclusive([' ', '-', '\u{a0}']) {
            let at = spot.span.start + start;
            start += word.len();
            let word = word.trim_end_matches([' ', '-', '\u{a0}']);
            if word.len() == text.len() {
                continue;
            }
            let Some(pattern) = context.catalog.names.lookup(&fold(word)) else { continue };
            let part =
                context.catalog.names.pattern(pattern).into_iter().flat_map(|pattern| pattern.targets).find(|target| {
                    target.kind == NameKind::Project
                        && target.matching == Matching::Plain
                        && target.variant == Variant::Written
                        && target.entry != item.target.entry
                        && !context.entries.contains_key(&(NameKind::Project, target.entry))
                        && context.catalog.projects.get(target.entry).is_some_and(|project| {
                            !project.general
                                && project.maturity.as_deref() == Some("graduated")
                                && parent != Some(project.name.as_str())
                        })
                });
            if let Some(part) = part {
                found.push(NamePart {
                    span: at..at + word.len(),
                    block: spot.block,
                    kind: NameKind::Project,
                    entry: part.entry,
                });
            }
        }
    }
    found
}

/// Tells the context what is accepted so far.
fn publish(context: &mut Context<'_>, spots: &[Spot], judged: &[Judged<'_>]) {
    context.entries.clear();
    for known in &mut context.known {
        (known.project, known.reported, known.organization) = (false, false, false);
    }
    for item in judged.iter().filter(|item| item.accepted) {
        let Some(spot) = spots.get(item.spot) else { continue };
        context.entries.entry((item.target.kind, item.target.entry)).or_default().insert(spot.pattern);
        if let Some(known) = context.known.get_mut(item.spot) {
            match item.target.kind {
                NameKind::Project => {
                    let general = context.catalog.projects.get(item.target.entry).is_none_or(|found| found.general);
                    known.project = true;
                    known.reported |= !general && item.gate == Gate::Accept;
                }
                NameKind::Organization => known.organization = true,
            }
        }
    }
    let catalog = context.catalog;
    let projects = context.entries.keys().filter(|(kind, _)| *kind == NameKind::Project);
    context.projects = projects.filter_map(|(_, entry)| Some(catalog.projects.get(*entry)?.name.as_str())).collect();
}

/// One meaning per document: once a spelling stands at its best place, the other places with the same spelling stand too, unless they themselves speak
/// clearly against it. Words so ordinary that they need a cue must come close to it at each place.
fn follow(spots: &[Spot], judged: &mut [Judged<'_>]) {
    let mut best: BTreeMap<(NameKind, usize, usize), i32> = BTreeMap::new();
    for item in judged.iter().filter(|item| item.accepted) {
        if let Some(spot) = spots.get(item.spot) {
            let score = best.entry((item.target.kind, item.target.entry, spot.pattern)).or_insert(i32::MIN);
            *score = (*score).max(item.score());
        }
    }
    for item in judged.iter_mut().filter(|item| !item.accepted) {
        let Some(spot) = spots.get(item.spot) else { continue };
        if !best.contains_key(&(item.target.kind, item.target.entry, spot.pattern)) {
            continue;
        }
        item.accepted = match item.gate {
            Gate::Score => item.score() >= THRESHOLD - FOLLOWER,
            Gate::Cue => item.score() >= THRESHOLD - 1,
            Gate::Accept | Gate::Small | Gate::Refuse(_) => false,
        };
    }
}

/// Who was introduced by a full name is called by the family name later: there only explicit cues count.
fn spare_persons(judged: &mut [Judged<'_>]) {
    let persons: BTreeSet<(NameKind, usize)> = judged
        .iter()
        .filter(|item| item.gate == Gate::Refuse(gate::FAMILY_NAME))
        .map(|item| (item.target.kind, item.target.entry))
        .collect();
    for item in judged.iter_mut().filter(|item| item.accepted && item.gate != Gate::Accept) {
        item.accepted = item.cue_score() >= THRESHOLD || !persons.contains(&(item.target.kind, item.target.entry));
    }
}

/// Where a spelling stands as a project and as an organisation, decides for one of them, or for both where nothing tells.
fn choose_senses(context: &Context<'_>, spots: &[Spot], judged: &mut [Judged<'_>]) {
    let mut both: BTreeMap<usize, (Option<usize>, Option<usize>)> = BTreeMap::new();
    for (index, item) in judged.iter().enumerate().filter(|(_, item)| item.accepted) {
        let slot = both.entry(item.spot).or_default();
        match item.target.kind {
            NameKind::Project => slot.0 = Some(index),
            NameKind::Organization => slot.1 = Some(index),
        }
    }
    let mut senses: BTreeMap<usize, Senses> = BTreeMap::new();
    let mut found: Vec<(usize, usize, Sense, usize, bool)> = Vec::new();
    for (at, pair) in both {
        let ((Some(project), Some(organization)), Some(spot)) = (pair, spots.get(at)) else { continue };
        let sense = kinds::sense(context, spot);
        let entry = judged.get(project).map_or(usize::MAX, |item| item.target.entry);
        senses.entry(entry).or_default().count(sense);
        let spelling = squash(context.text(&spot.span));
        let namesake = context.catalog.projects.get(entry).is_some_and(|project| squash(&project.name) == spelling);
        found.push((project, organization, sense, entry, namesake));
    }
    for (project, organization, sense, entry, namesake) in found {
        let known = context.catalog.projects.get(entry);
        let hosted = known.is_some_and(|project| project.maturity.is_some());
        let general = known.is_some_and(|project| project.general);
        let (as_project, as_organization) =
            senses.get(&entry).copied().unwrap_or_default().resolve(sense, hosted, general, namesake);
        if let Some(item) = judged.get_mut(project) {
            item.accepted = as_project;
        }
        if let Some(item) = judged.get_mut(organization) {
            item.accepted = as_organization;
        }
    }
}

fn verdict(item: &Judged<'_>) -> &'static str {
    match (item.accepted, item.gate) {
        (_, Gate::Refuse(reason)) => reason,
        (true, Gate::Accept) if item.target.matching == Matching::Plain => "a plain name",
        (true, Gate::Accept) => "named by an account",
        (true, _) if item.stands() => "enough speaks for it",
        (true, _) => "meant elsewhere in the text",
        (false, _) if item.stands() => "its other meaning is meant",
        (false, Gate::Cue) => "no explicit cue",
        (false, _) => "too little speaks for it",
    }
}
