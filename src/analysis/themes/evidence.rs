//! The sentence that shows best that a report is about a theme. Pure: no I/O.

use std::collections::BTreeMap;

use crate::analysis::sentences::Sentence;
use crate::analysis::{BlockKind, Document};

/// Length in bytes of a sentence that is good to read in a status.
const GOOD: std::ops::RangeInclusive<usize> = 60..=300;

/// The most telling sentence of those that speak of a theme, verbatim: most weight, prose rather than headings, neither short nor long; of
/// equals the first. Empty where there is none.
pub(super) fn choose(document: &Document, sentences: &[Sentence], weights: &BTreeMap<usize, u32>) -> String {
    let rank = |(number, weight): (&usize, &u32)| {
        let sentence = sentences.get(*number)?;
        let text = document.text.get(sentence.span.clone())?.trim();
        let prose = match document.blocks.get(sentence.block).map(|block| block.kind) {
            Some(BlockKind::Paragraph | BlockKind::Quote) => 3,
            Some(BlockKind::ListItem) => 2,
            Some(BlockKind::Heading(_)) | None => 0,
            Some(_) => 1,
        };
        let good = u32::from(GOOD.contains(&text.len())) + u32::from(text.len() <= 2 * GOOD.end());
        let whole = u32::from(text.ends_with(['.', '!', '…', '”', '"', '»']));
        // more than a few terms in one sentence make it a list, not a statement
        let value = (*weight).min(30) + 8 * good + 6 * whole + 4 * prose;
        (!text.is_empty()).then_some(((value, std::cmp::Reverse(*number)), text))
    };
    weights
        .iter()
        .filter_map(rank)
        .max_by_key(|(value, _)| *value)
        .map_or_else(String::new, |(_, text)| text.to_owned())
}
