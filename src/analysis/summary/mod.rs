//! A summary in the report's own words: whole sentences, verbatim, in the order of the report, within a number of words.
//!
//! [`candidates`] keeps the sentences that can stand alone, [`weigh`] says how much each tells, and [`select`] takes the best that do not
//! repeat each other. Pure: no I/O, no clock, integers throughout; ties fall to the earlier sentence.

mod candidates;
mod cues;
mod select;
#[cfg(test)]
mod tests;
mod weigh;

use super::sentences::Sentence;
use super::words::Words;
use super::{Document, Lexicon};
use candidates::Rules;
pub(super) use candidates::Vocabulary;
pub use weigh::Knowledge;

/// With fewer words in whole sentences than this, fragments are taken as well.
const TOO_LITTLE: usize = 20;
/// Weight that lets a piece of text into the summary of a report that has no whole sentences.
const ANYTHING: i64 = 100;

/// Sentences of the document that say what it is about, joined by spaces, or fragments in lines of their own, at most
/// `max_words` words. Empty only where no sentence fits.
pub fn extract(
    document: &Document,
    sentences: &[Sentence],
    words: &Words<'_>,
    knowledge: &Knowledge<'_>,
    lexicon: &Lexicon,
    max_words: usize,
) -> String {
    let language = knowledge.language;
    let rules = Rules::new(words, language, &lexicon.summary);
    let mut found = candidates::find(document, sentences, words, language, &rules);
    // notes in bullet points have a stray sentence at most
    let nothing_whole = found.iter().map(|candidate| candidate.length).sum::<usize>() < TOO_LITTLE;
    if nothing_whole {
        found = candidates::find_any(document, sentences, words);
    }
    weigh::weigh(&mut found, document, words, &rules, knowledge);
    if nothing_whole {
        // whatever there is fills the space
        found.iter_mut().for_each(|candidate| candidate.weight = candidate.weight.max(0) + ANYTHING);
    }
    let chosen = select::choose(&found, max_words);
    let texts = chosen.iter().filter_map(|at| found.get(*at)).map(|candidate| candidate.text);
    // fragments have no full stop that would tell them apart
    texts.collect::<Vec<_>>().join(if nothing_whole { "\n" } else { " " })
}
