//! When a text was published, as far as it says so itself. It tells which edition was held just before, and is never a day of the event.
//! Pure: no I/O, no clock.

use jiff::civil::Date;

use super::grammar::{self, Kind};
use super::mentions::Mentions;
use super::vocabulary::{Cue, Vocabulary};
use crate::analysis::words::Words;
use crate::analysis::{BlockKind, Document};

/// Sentences within which a date line belongs to the text as a whole.
const EARLY: usize = 4;
/// Blocks at the top of a page within which it does.
const HEAD: usize = 12;
/// Words of the longest line that may be a byline.
const BYLINE: usize = 16;
/// Words beside a date that make a line of it no more than a date line.
const BESIDE_DATE: usize = 5;

/// The day: a date in figures, or beside words such as "posted on", near the beginning, or in a byline above it.
pub(super) fn of_text(document: &Document, mentions: &Mentions, vocabulary: &Vocabulary) -> Option<Date> {
    let early = |sentence: Option<usize>| sentence.is_none_or(|sentence| sentence <= EARLY);
    let dated = mentions.dates.iter().filter(|mention| mention.published && early(mention.place.sentence));
    let in_text = dated.filter_map(|mention| grammar::date(mention.dates.year?, mention.dates.start)).next();
    in_text.or_else(|| {
        let head = document.blocks.iter().take(HEAD).filter(|block| block.kind == BlockKind::Furniture);
        head.filter_map(|block| document.text.get(block.span.clone())).find_map(|line| of_byline(line, vocabulary))
    })
}

/// The day in a line that is left out of the analysis: who wrote the text, and when.
fn of_byline(line: &str, vocabulary: &Vocabulary) -> Option<Date> {
    let words = Words::of_text(line);
    let count = words.list().len();
    if count > BYLINE {
        return None;
    }
    let says_so = vocabulary.cues(&words).iter().any(|(_, cue)| *cue == Cue::Published);
    let dates = grammar::find(&words, vocabulary);
    let single = dates.iter().filter(|dates| matches!(dates.kind, Kind::Day | Kind::Figures));
    let day = single.into_iter().find(|dates| says_so || dates.count + BESIDE_DATE >= count)?;
    grammar::date(day.year?, day.start)
}
