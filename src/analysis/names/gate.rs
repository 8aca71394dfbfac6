//! What comes before weighing: a spelling is accepted as it stands, refused for its case, as a person or a place, or left to the points. Pure functions.

use super::boundaries::Tail;
use super::candidates::Spot;
use super::context::{Context, capitalized, has_lower, has_upper, letters};
use super::{given_names, words};
use crate::catalog::fold::squash;
use crate::catalog::surfaces::Variant;
use crate::catalog::{Matching, NameKind, NameTarget};

/// Reason: the second of a person's names.
pub(super) const FAMILY_NAME: &str = "a person's family name";

/// How a spelling is to be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Accepted as it stands.
    Accept,
    /// By its points.
    Score,
    /// By the points of explicit cues.
    Cue,
    /// By its points, at this very place: a name that is an ordinary word too, written small.
    Small,
    /// Refused, with the reason.
    Refuse(&'static str),
}

/// Whether a spelling stands in the text just as the catalog writes it, but for spaces and hyphens.
fn is_exact(found: &str, target: &NameTarget) -> bool {
    let (found, written) = (letters(found), letters(&target.written));
    match target.variant {
        Variant::Written | Variant::Joined | Variant::Split => {
            found == written || written.starts_with(&found) && target.written.contains('(')
        }
        Variant::Short | Variant::Acronym => written.contains(&found),
    }
}

/// How a spelling is to be decided in one of its meanings.
pub(super) fn gate(context: &Context<'_>, spot: &Spot, target: &NameTarget) -> Gate {
    let found = context.text(&spot.span);
    if let Some(reason) = person(context, spot, found) {
        return Gate::Refuse(reason);
    }
    if target.matching != Matching::Plain && is_place(context, spot, found) {
        return Gate::Refuse("a place");
    }
    if target.variant == Variant::Split
        && !found
            .split([' ', '-', '\u{a0}'])
            .filter(|word| !word.is_empty())
            .all(|word| !word.starts_with(char::is_lowercase))
    {
        return Gate::Refuse("ordinary words in lower case");
    }
    match target.kind {
        NameKind::Project => project_gate(context, spot, target, found),
        NameKind::Organization => organization_gate(context, spot, target, found),
    }
}

fn project_gate(context: &Context<'_>, spot: &Spot, target: &NameTarget, found: &str) -> Gate {
    let count = letters(found).chars().count();
    if target.matching == Matching::Plain {
        let written_upper = has_upper(&target.written);
        if count <= 4 && written_upper && !has_lower(&target.written) && !has_upper(found) {
            return Gate::Refuse("an acronym in lower case");
        }
        // Two ordinary words may well stand side by side without being the name.
        let several = found.contains([' ', '-', '\u{a0}']);
        // Three words joined by hyphens are an identifier.
        if found.matches('-').count() >= 2 && !found.contains(' ') {
            return Gate::Accept;
        }
        let loose = several
            && (written_upper && !has_upper(found)
                || target.written.contains('-') && !found.contains('-') && !has_upper(found));
        return if loose { Gate::Score } else { Gate::Accept };
    }
    if matches!(spot.tail, Tail::Plural | Tail::Solid) && target.matching == Matching::NeedsCue {
        return Gate::Refuse("a plural or compound of an ordinary word");
    }
    if spot.tail == Tail::Plural {
        return Gate::Refuse("a plural of an ordinary word");
    }
    if !is_exact(found, target) && !is_near_exact(context, spot, target, found) {
        return if is_written_small(target, found) { Gate::Small } else { Gate::Refuse("not in its own spelling") };
    }
    careful_gate(target, found)
}

/// Whether a name of one word is written without its capital, as authors do who write all software small.
fn is_written_small(target: &NameTarget, found: &str) -> bool {
    target.matching == Matching::NeedsEvidence
        && matches!(target.variant, Variant::Written)
        && capitalized(&target.written)
        && has_lower(&target.written)
        && !has_upper(found)
        && !found.contains([' ', '-'])
        && letters(found).chars().count() >= 4
}

/// A word with a capital inside ("ControlPlane") is no ordinary word, even where its parts are.
fn careful_gate(target: &NameTarget, found: &str) -> Gate {
    let inner = !found.contains(' ') && has_lower(found) && found.chars().skip(1).any(char::is_uppercase);
    if target.matching == Matching::NeedsCue && !inner { Gate::Cue } else { Gate::Score }
}

/// Spellings that differ from the catalog's in case but are as telling: capitals where all is in capitals, an initial capital for a lower-case name,
/// "Spiffe" for "SPIFFE".
fn is_near_exact(context: &Context<'_>, spot: &Spot, target: &NameTarget, found: &str) -> bool {
    let shouted = context.is_shouted(spot);
    let written = &target.written;
    (shouted && !has_lower(found))
        || (!has_upper(written) && capitalized(found) && (!has_lower(found) || words_are_capitalized_at_most(found)))
        || (!has_lower(written) && letters(written).chars().count() >= 4 && capitalized(found))
}

/// Whether no word has a capital but at its start: "Agent Sandbox" for agent-sandbox.
fn words_are_capitalized_at_most(found: &str) -> bool {
    found.split([' ', '-', '\u{a0}']).all(|word| word.chars().skip(1).all(|c| !c.is_uppercase()))
}

fn organization_gate(context: &Context<'_>, spot: &Spot, target: &NameTarget, found: &str) -> Gate {
    if matches!(spot.tail, Tail::Weak | Tail::Solid) {
        return Gate::Refuse("a compound that speaks of something else");
    }
    let handle = context.before(spot).ends_with('@');
    let lower = has_upper(&target.written) && !has_upper(found);
    if target.matching == Matching::Plain {
        // "vcluster" in small letters is the software, not the company behind it.
        let software = context.catalog.names.pattern(spot.pattern).into_iter().flat_map(|pattern| pattern.targets);
        let software = software.into_iter().any(|other| other.kind == NameKind::Project);
        let long = letters(found).chars().count() >= 7 && !found.contains([' ', '-']) && !software;
        return if lower && !handle && !long { Gate::Refuse("in lower case") } else { Gate::Accept };
    }
    if handle && squash(found) == squash(&target.written) {
        return Gate::Accept;
    }
    if spot.tail == Tail::Plural || !is_exact(found, target) && !is_near_exact(context, spot, target, found) {
        return Gate::Refuse("not in its own spelling");
    }
    careful_gate(target, found)
}

/// Whether a place of this name is meant: "consul in Lima".
fn is_place(context: &Context<'_>, spot: &Spot, found: &str) -> bool {
    let before = context.before(spot);
    let previous = before.trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
    before.ends_with(' ')
        && words::joins_place(previous)
        && context.catalog.place_names.find(found, 0..found.len()).iter().any(|hit| hit.span == (0..found.len()))
}

/// Why a spelling is a part of a person's name, if it is.
fn person(context: &Context<'_>, spot: &Spot, found: &str) -> Option<&'static str> {
    if found.contains([' ', '-'])
        || !capitalized(found)
        || matches!(spot.tail, Tail::Compound | Tail::Weak | Tail::Solid)
    {
        return None;
    }
    let before = context.before(spot);
    if let Some(lead) = before.strip_suffix(' ') {
        let word = lead
            .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '„' | '“' | '\'' | '’'))
            .next()
            .unwrap_or_default();
        let initial = word.len() == 2 && word.ends_with('.') && capitalized(word);
        if words::is_title(word) || initial {
            return Some("a person's name");
        }
        // A given name that stands in a list of its own ends with a comma, so only a bare word counts.
        if given_names::contains(word) && !context.is_known_at(spot.span.start.saturating_sub(2)) {
            return Some(FAMILY_NAME);
        }
    }
    if given_names::contains(found)
        && let Some(rest) = context.behind(spot).strip_prefix(' ')
        && capitalized(rest)
        && !context.is_known_at(spot.span.end + 1)
    {
        return Some("a person's given name");
    }
    None
}
