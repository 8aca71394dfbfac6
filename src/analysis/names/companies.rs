//! What says that a name is that of a company: positions in it, its legal form, what companies do and have. Pure functions.

use super::boundaries::Tail;
use super::candidates::Spot;
use super::context::Context;
use super::cues::{self, Cue};
use super::evidence::{AT, COMPANIES, Parts, SPEAKS, alone, previous_word};
use super::words;
use crate::analysis::BlockKind;
use crate::catalog::fold::fold;

/// The points for a company.
pub(super) fn organization_points(context: &Context<'_>, spot: &Spot, parts: &mut Parts) {
    for (label, points, cue) in company_cues(context, spot) {
        parts.add_if_cue(label, points, cue);
    }
    if context.cue_near(spot, Cue::Company, 60) {
        parts.add(COMPANIES, 2);
    }
    if alone(context, spot)
        && matches!(context.document.blocks.get(spot.block).map(|block| block.kind), Some(BlockKind::Heading(_)))
    {
        parts.add("a heading of its own", 1);
    }
}

/// What says that a company is meant, with its points and whether it is an explicit cue.
pub(super) fn company_cues(context: &Context<'_>, spot: &Spot) -> Vec<(&'static str, i32, bool)> {
    let mut found = Vec::new();
    let (before, behind) = (context.before(spot), context.behind(spot));
    if before.ends_with('@') {
        found.push(("an account", 4, true));
    }
    // No word that joins a company is nearly so long, and a text without spaces has only one.
    let end = words::tail(before.trim_end(), 64);
    let previous = end.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
    if before.ends_with([' ', '\u{a0}']) && words::joins_company(previous) {
        let lead = before.trim_end().strip_suffix(previous).unwrap_or_default();
        if words::comes_or_works(previous_word(lead)) {
            found.push(("where somebody comes from or works", 4, true));
        }
        let near = cues::find(lead, lead.len() - words::tail(lead, 40).len()..lead.len());
        if near.iter().any(|(cue, range)| {
            *cue == Cue::Role && !lead.get(range.end..).unwrap_or_default().contains(['.', '!', '?', ';'])
        }) {
            found.push(("a position in it", 4, true));
        } else if words::is_chez(previous) {
            found.push((AT, 2, false));
        }
    }
    let head: String = behind.chars().take(24).collect();
    let head = fold(head.trim_start_matches([',', ' ', '(', '-', '\u{2010}', '\u{2011}']));
    let first = head.split([' ', ',', ')', ';']).next().unwrap_or_default();
    if matches!(
        first,
        "gmbh"
            | "inc"
            | "inc."
            | "ltd"
            | "ltd."
            | "b.v."
            | "bv"
            | "s.a."
            | "ag"
            | "plc"
            | "llc"
            | "sas"
            | "corp"
            | "corp."
    ) {
        found.push(("a legal form", 4, true));
    }
    let compound = matches!(spot.tail, Tail::Compound | Tail::Possessive);
    let role = |text: &str| {
        cues::find(text, 0..text.len()).first().is_some_and(|(cue, range)| *cue == Cue::Role && range.start == 0)
    };
    let head = head.trim_start_matches(['\'', '’']).trim_start_matches("s ");
    if role(head) {
        found.push(("a position in it", if compound { 4 } else { 3 }, true));
    }
    if cues::find(head, 0..head.len()).first().is_some_and(|(cue, range)| *cue == Cue::Company && range.start == 0) {
        found.push(("what companies do or have", 3, false));
    }
    if words::speaks(first) {
        found.push((SPEAKS, 2, false));
    }
    if before.ends_with('(') && behind.starts_with([')', ',']) {
        found.push(("in parentheses", 2, false));
    }
    found
}
