//! What speaks for and against a spelling being a mention: whole points, each with a label. Pure functions.
//!
//! Method: `Plain` spellings are accepted as they stand. Those that need evidence collect points from the document (other names in it), from the words
//! around them and from the catalog; [`THRESHOLD`] points accept them. Those that need a cue must have [`THRESHOLD`] points from explicit cues alone.
//! What is refused whatever speaks for it is told in [`super::gate`].

use super::boundaries::Tail;
use super::candidates::Spot;
use super::companies;
use super::context::{Context, capitalized, has_lower, has_upper, letters};
use super::cues::{self, Cue};
use super::near::{field_near, heads_its_item, links_to, vendor_beside, vendor_in_sentence};
use super::words;
use crate::analysis::language::Language;
use crate::catalog::fold::fold;
use crate::catalog::{Matching, NameKind, NameTarget};

/// Points that accept a spelling that is not plain.
pub(super) const THRESHOLD: i32 = 4;

/// Label: a capital where only names have one.
pub(super) const CAPITAL: &str = "a capital inside a sentence";
/// Label: words of companies nearby.
pub(super) const COMPANIES: &str = "words of companies nearby";
/// Label: another name beside it in an enumeration.
pub(super) const LIST: &str = "in a list beside another";
/// Label: other names on both sides of it in an enumeration, or two on one side.
pub(super) const BETWEEN: &str = "in a list between others";
/// Label: a project that the CNCF hosts.
pub(super) const HOSTED: &str = "a CNCF project";
/// Label: the project it is a part of is named as well.
pub(super) const PART: &str = "the project it is a part of is named too";
/// Label: after a word before which hardly anything but people and companies stand.
pub(super) const AT: &str = "after \"at\"";
/// Label: before a verb of those who speak.
pub(super) const SPEAKS: &str = "before what speakers do";

/// A reason for or against, with its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What was seen.
    pub label: &'static str,
    /// How much it counts; negative against.
    pub points: i32,
    /// Whether it is an explicit cue, which even the most ordinary word may be accepted by.
    pub cue: bool,
}

/// What is said by the words around a spelling, whatever else is accepted: the greater part of the work, done once.
pub(super) struct Surroundings {
    shape: Vec<Part>,
    kind: Vec<Part>,
}

impl Surroundings {
    pub(super) fn new(context: &Context<'_>, spot: &Spot, target: &NameTarget) -> Self {
        let (mut shape, mut kind) = (Parts(Vec::new()), Parts(Vec::new()));
        shape_points(context, spot, target, &mut shape);
        match target.kind {
            NameKind::Project => project_points(context, spot, target, &mut kind),
            NameKind::Organization => companies::organization_points(context, spot, &mut kind),
        }
        Self { shape: shape.0, kind: kind.0 }
    }
}

/// All points for and against a spelling in one of its meanings. `index` is the spot's index in the context.
pub(super) fn points(
    context: &Context<'_>,
    index: usize,
    spot: &Spot,
    target: &NameTarget,
    surroundings: &Surroundings,
) -> Vec<Part> {
    let mut parts = Parts(Vec::new());
    document_points(context, target, spot.pattern, &mut parts);
    parts.0.extend_from_slice(&surroundings.shape);
    neighbour_points(context, spot, target, &mut parts);
    if spot.tail == Tail::Weak || spot.denied {
        parts.add("in a compound that says \"like it\"", -2);
    }
    parts.0.extend_from_slice(&surroundings.kind);
    if target.kind == NameKind::Project {
        match context.projects_near(index, 100) {
            0 => {}
            1 => parts.add("a certain project in the same sentence", 1),
            _ => parts.add("certain projects in the same sentence", 2),
        }
    }
    match context.list_neighbours(index, target.kind) {
        0 => {}
        1 => parts.add(LIST, 2),
        _ => parts.add_if_cue(BETWEEN, 4, target.kind == NameKind::Organization),
    }
    parts.0
}

/// Points as they are collected.
pub(super) struct Parts(Vec<Part>);

impl Parts {
    pub(super) fn add(&mut self, label: &'static str, points: i32) {
        self.0.push(Part { label, points, cue: false });
    }

    pub(super) fn cue(&mut self, label: &'static str, points: i32) {
        self.0.push(Part { label, points, cue: true });
    }

    pub(super) fn add_if_cue(&mut self, label: &'static str, points: i32, cue: bool) {
        self.0.push(Part { label, points, cue });
    }
}

/// What the rest of the document says.
fn document_points(context: &Context<'_>, target: &NameTarget, pattern: usize, parts: &mut Parts) {
    let (projects, organizations) = context.sure;
    match target.kind {
        NameKind::Project => match projects {
            0 => parts.add("no certain project in the text", -4),
            1 | 2 => parts.add("hardly any certain project in the text", -1),
            3..=7 => parts.add("several certain projects in the text", 2),
            _ => parts.add("many certain projects in the text", 3),
        },
        NameKind::Organization => match projects + organizations {
            0 => parts.add("no certain name in the text", -3),
            1..=3 => {}
            4..=7 => parts.add("several certain names in the text", 1),
            _ => parts.add("many certain names in the text", 2),
        },
    }
    let key = (target.kind, target.entry);
    if context.entries.get(&key).is_some_and(|patterns| patterns.iter().any(|known| *known != pattern)) {
        parts.cue("named by another spelling too", 4);
    }
    if let (NameKind::Project, Some(project)) = (target.kind, context.catalog.projects.get(target.entry)) {
        match project.maturity.as_deref() {
            // Graduated and incubating ones are the most talked about.
            Some("graduated" | "incubating") => parts.add(HOSTED, 2),
            Some(_) => parts.add(HOSTED, 1),
            None => {}
        }
        if project.parent.as_deref().is_some_and(|parent| context.projects.contains(parent)) {
            parts.add(PART, 2);
        }
    }
}

/// What the spelling and the words right beside it say.
fn shape_points(context: &Context<'_>, spot: &Spot, target: &NameTarget, parts: &mut Parts) {
    let found = context.text(&spot.span);
    let count = letters(found).chars().count();
    let before = context.before(spot);
    let shouted = context.is_shouted(spot);
    // Case that no place in a sentence and no title gives to a word: "AKS", "CoreOS", "Palo Alto".
    let own_case = !shouted && has_own_case(found);
    if own_case {
        parts.add("a case of its own", 2);
    }
    let own_word = is_word_of_this_language(context, found);
    if !has_upper(found) {
        // Some names have no capital of their own; one that has lost it is rather the word.
        parts.add("in lower case", if has_upper(&target.written) { -3 } else { -1 });
    } else if context.sentence_initial(spot) {
        // In French and Spanish a noun does not start a sentence without its article, so a bare word there is rather a name.
        if !own_case && !alone(context, spot) && !matches!(context.language, Language::Fr | Language::Es) {
            parts.add("at the start of a sentence", -1);
        } else if own_word && !own_case && !alone(context, spot) {
            // A verb or noun goes on with an article ("Porter une application"), a name with a verb.
            let next =
                context.behind(spot).trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let points = if words::is_article(next, context.language) { -4 } else { -2 };
            parts.add("an ordinary word at the start of a sentence", points);
        }
    } else if !context.capital_is_void(spot) {
        parts.add(CAPITAL, 2);
    }
    let inside = !context.sentence_initial(spot) && !context.capital_is_void(spot);
    if !inside && capitalized(found) && is_word_of_another_language(context, found) {
        parts.add("a word of another language", 2);
    }
    if count <= 3 && !own_case {
        parts.add("very short", -1);
    }
    let previous = previous_word(before);
    if before.ends_with([' ', '\u{a0}']) && words::is_article(previous, context.language) && spot.tail != Tail::Compound
    {
        // Where every noun has a capital, the article is all that tells a noun from a name; and French and Spanish give names none.
        let romance = own_word && matches!(context.language, Language::Fr | Language::Es);
        let points = if romance { -4 } else { -2 - i32::from(context.capital_is_void(spot)) };
        parts.add("after an article", points);
    } else if !has_upper(found) && article_before_adjective(before, context.language) {
        parts.add("after an article and a word", -2);
    }
}

/// The word, or account, that a text ends with.
pub(super) fn previous_word(before: &str) -> &str {
    before.trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '@').next().unwrap_or_default()
}

/// Whether the word before the last one is an article: "a first draft".
fn article_before_adjective(before: &str, language: Language) -> bool {
    let lead = before.trim_end();
    let previous = previous_word(lead);
    lead.strip_suffix(previous)
        .is_some_and(|lead| lead.ends_with([' ', '\u{a0}']) && words::is_article(previous_word(lead), language))
}

/// Whether a spelling is known to be an ordinary word of the language of the document.
fn is_word_of_this_language(context: &Context<'_>, found: &str) -> bool {
    context.catalog.words_of.get(&fold(found)).is_some_and(|homes| homes.contains(context.language.code()))
}

/// Whether a spelling is an ordinary word, but not in the language of the document: a capital that says nothing there is then a name's.
fn is_word_of_another_language(context: &Context<'_>, found: &str) -> bool {
    let homes = context.catalog.words_of.get(&fold(found));
    context.language != Language::Undetermined && homes.is_some_and(|homes| !homes.contains(context.language.code()))
}

/// Whether the case of a spelling is that of no ordinary word: all capitals, a capital inside a word, or several words with a capital each.
fn has_own_case(found: &str) -> bool {
    let mut words = found.split([' ', '-', '\u{a0}']).filter(|word| !word.is_empty());
    let several = found.contains([' ', '\u{a0}']) && words.clone().all(capitalized);
    let acronym = letters(found).chars().count() >= 2 && has_upper(found) && !has_lower(found);
    several || acronym || words.any(|word| has_lower(word) && word.chars().skip(1).any(char::is_uppercase))
}

/// What words with a capital right before and behind say: "Harbor Lights Hotel" is something else than Harbor.
fn neighbour_points(context: &Context<'_>, spot: &Spot, target: &NameTarget, parts: &mut Parts) {
    if context.language == Language::De || context.capital_is_void(spot) {
        return;
    }
    let before = context.before(spot);
    let lead = before.trim_end();
    let previous = previous_word(before);
    let careful = target.matching == Matching::NeedsCue;
    if before.ends_with(' ') && !previous.is_empty() && lead.ends_with(previous) && capitalized(previous) {
        let further = lead.strip_suffix(previous).unwrap_or_default().trim_end();
        let first_word = further.is_empty() || further.ends_with(['.', '!', '?', ':']);
        let known = context.is_known_at(spot.span.start.saturating_sub(2));
        if careful {
            parts.add("part of a phrase with capitals", -3);
        } else if !first_word && !known {
            parts.add("after an unknown word with a capital", -2);
        }
    }
    let Some(rest) = context.behind(spot).strip_prefix(' ').filter(|rest| capitalized(rest)) else { return };
    let mut following = rest.split(' ');
    let word = following.next().unwrap_or_default();
    let software = || cues::find(word, 0..word.len()).first().is_some_and(|(cue, _)| *cue == Cue::Software);
    if careful {
        parts.add("part of a phrase with capitals", -3);
    } else if !context.is_known_at(spot.span.end + 1) && !software() {
        let longer = word.chars().all(char::is_alphanumeric) && following.next().is_some_and(capitalized);
        parts.add("before an unknown word with a capital", if longer { -3 } else { -2 });
    }
}

/// Whether a heading, list item or line is nothing but the name.
pub(super) fn alone(context: &Context<'_>, spot: &Spot) -> bool {
    let other = |text: &str| text.chars().any(char::is_alphanumeric);
    !other(context.before(spot)) && !other(context.behind(spot))
}

fn project_points(context: &Context<'_>, spot: &Spot, target: &NameTarget, parts: &mut Parts) {
    let (before, behind) = (context.before(spot), context.behind(spot));
    let project = context.catalog.projects.get(target.entry);
    if let Some(project) = project
        && links_to(context, spot, [project.homepage.as_deref(), project.repository.as_deref()])
    {
        parts.cue("linked to its own site", 6);
    }
    if words::presented(before, true) {
        parts.cue("presented as a project of ours", 4);
    } else if words::presented(before, false) {
        parts.add("presented as software", 3);
    } else if words::presented_behind(behind) {
        parts.add("presented as software", 2);
    }
    if let Some(vendor) = project.and_then(|project| project.vendor.as_deref()) {
        if vendor_beside(before, behind, vendor) {
            parts.cue("beside its vendor", 4);
        } else if vendor_in_sentence(context, spot, vendor) {
            parts.add("its vendor in the same sentence", 2);
        }
    }
    if heads_its_item(before, behind) {
        parts.add("heads its line", 3);
    }
    if words::cluster_of(before) || words::is_cluster(behind) {
        parts.cue("a cluster of it", 4);
    }
    let previous = previous_word(before);
    if before.ends_with(' ')
        && cues::find(previous, 0..previous.len())
            .first()
            .is_some_and(|(cue, range)| *cue == Cue::Company && range.start == 0)
    {
        parts.add("called a company", -5);
    }
    if super::versions::after(behind).is_some() {
        parts.add("before a version", 2);
    }
    if context.cue_near(spot, Cue::Software, 80) {
        parts.add("words of software nearby", 2);
    }
    if project
        .and_then(|project| project.category.as_deref())
        .is_some_and(|category| field_near(context, spot, category))
    {
        parts.add("words of its own field nearby", 1);
    }
}
