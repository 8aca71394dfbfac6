//! Where spellings of the catalog stand in a document: boundaries checked, addresses left out, the longest of overlapping ones chosen. Whether
//! they mean what the catalog means is decided later. Pure functions.

use std::collections::BTreeMap;
use std::ops::Range;

use super::boundaries::{self, Tail};
use crate::analysis::{BlockKind, Document};
use crate::catalog::fold::Folded;
use crate::catalog::{Catalog, Matching};

/// A spelling in the text that may be a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Where it is.
    pub(super) span: Range<usize>,
    /// Index of its block.
    pub(super) block: usize,
    /// Index of its pattern in the catalog's matcher.
    pub(super) pattern: usize,
    /// What follows it without a space.
    pub(super) tail: Tail,
    /// Whether it is the later part of a compound that denies it.
    pub(super) denied: bool,
}

/// Whether names are looked for in a block of this kind.
pub(super) fn is_searched(kind: BlockKind) -> bool {
    !matches!(kind, BlockKind::Furniture | BlockKind::Code)
}

/// What a document was found to hold.
#[derive(Default)]
pub(super) struct Scan {
    /// All spots in text order; they do not overlap.
    pub(super) spots: Vec<Spot>,
    /// The folded texts of the blocks that have any, by their index.
    pub(super) folded: BTreeMap<usize, Folded>,
}

/// So many spots of a document are looked at, which is ten times what the longest real ones have. What the rest would add to the numbers of
/// mentions says nothing, and each costs some hundred bytes.
const MOST: usize = 50_000;

/// All spots of a document, up to [`MOST`]. Phrases that block names, and names of events, leave nothing.
pub(super) fn scan(document: &Document, catalog: &Catalog) -> Scan {
    let mut scan = Scan::default();
    for (block, part) in document.blocks.iter().enumerate().filter(|(_, part)| is_searched(part.kind)) {
        let before = scan.spots.len();
        if before >= MOST {
            break;
        }
        let folded = Folded::new(&document.text, part.span.clone());
        scan_block(&document.text, block, part.span.clone(), &folded, catalog, &mut scan.spots);
        if scan.spots.len() > before {
            scan.folded.insert(block, folded);
        }
    }
    scan
}

/// What stands at a place: a spot, or something that eats the names inside it.
enum Piece {
    Spot(Spot),
    Eater(Range<usize>),
}

impl Piece {
    fn span(&self) -> &Range<usize> {
        match self {
            Self::Spot(spot) => &spot.span,
            Self::Eater(span) => span,
        }
    }
}

fn scan_block(text: &str, block: usize, span: Range<usize>, folded: &Folded, catalog: &Catalog, spots: &mut Vec<Spot>) {
    let mut hits = catalog.names.find_in(folded);
    hits.truncate(MOST.saturating_sub(spots.len()));
    if hits.is_empty() {
        return;
    }
    let addresses = boundaries::addresses(text, span);
    let mut pieces: Vec<Piece> = Vec::new();
    for hit in hits {
        let Some(pattern) = catalog.names.pattern(hit.pattern) else { continue };
        if !boundaries::starts(text, hit.span.start) {
            continue;
        }
        let Some(tail) = boundaries::tail(text, &hit.span) else { continue };
        // A name that is a whole host name ("Mist.io") may stand for itself; one inside an address may not.
        let address = addresses.partition_point(|address| address.end < hit.span.end);
        if addresses.get(address).is_some_and(|address| address.start <= hit.span.start && *address != hit.span) {
            continue;
        }
        if pattern.blocks && matches!(tail, Tail::Clean | Tail::Possessive | Tail::Compound) {
            pieces.push(Piece::Eater(hit.span.clone()));
        }
        if !pattern.targets.is_empty() {
            let denied = boundaries::weak_head(text, hit.span.start);
            pieces.push(Piece::Spot(Spot { span: hit.span, block, pattern: hit.pattern, tail, denied }));
        }
    }
    // "Red Hat Summit" is an event, not a mention of the company.
    for event in catalog.series_names.find_in(text, folded) {
        let phrase = text.get(event.span.clone()).is_some_and(|name| name.contains([' ', '-']));
        if event.matching == Matching::Plain && phrase {
            pieces.push(Piece::Eater(event.span));
        }
    }
    // Longest first at a start; at the same span an eater wins only if it is a phrase, and those come first.
    pieces.sort_by_key(|piece| (piece.span().start, usize::MAX - piece.span().end, matches!(piece, Piece::Spot(_))));
    let mut end = 0;
    for piece in pieces {
        if piece.span().start < end {
            continue;
        }
        end = piece.span().end;
        if let Piece::Spot(spot) = piece {
            spots.push(spot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{catalog, document};
    use super::*;

    #[test]
    fn of_a_text_that_is_nothing_but_names_no_more_are_kept_than_the_limit() {
        for paragraphs in [1, 3] {
            let text = format!("{}\n\n", "Cilium, ".repeat(MOST / 2)).repeat(paragraphs);
            let found = scan(&document(&text), &catalog()).spots.len();
            assert_eq!(found, MOST.min(paragraphs * MOST / 2));
        }
    }

    fn texts(text: &str) -> Vec<String> {
        let document = document(text);
        scan(&document, &catalog()).spots.into_iter().map(|spot| document.text[spot.span].to_owned()).collect()
    }

    #[test]
    fn the_longest_name_wins_and_parts_are_not_found_again() {
        assert_eq!(texts("Argo CD and Argo; cilium clustermesh"), ["Argo CD", "Argo", "cilium clustermesh"]);
    }

    #[test]
    fn a_longer_name_that_ends_inside_a_word_does_not_hide_the_shorter() {
        assert_eq!(texts("Argo CDN"), ["Argo"]);
    }

    #[test]
    fn phrases_addresses_and_code_hold_no_names() {
        assert_eq!(texts("a first Draft at https://linkerd.io, mail to a@istio.io"), Vec::<String>::new());
        assert_eq!(texts("```\nkubectl get istio\n```"), Vec::<String>::new());
    }
}
