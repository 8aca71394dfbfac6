//! Misspelt names ("Kaytena" for Kayenta): one wrong, missing, added or moved letter in a long plain name of a project, beside other names. Pure functions.

use std::collections::BTreeMap;
use std::ops::Range;

use super::candidates::is_searched;
use super::context::Known;
use crate::analysis::Document;
use crate::analysis::words::each;
use crate::catalog::Catalog;

/// Shortest name that may be misspelt, in letters.
const SHORTEST: usize = 6;

/// How near another name must be, in bytes.
const NEAR: usize = 80;

/// A misspelt name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misspelling {
    pub(super) span: Range<usize>,
    pub(super) block: usize,
    /// Index of the project.
    pub(super) entry: usize,
}

/// Words with a capital that are one slip away from a plain name of a project, near names that are sure.
pub(super) fn find(document: &Document, catalog: &Catalog, known: &[Known]) -> Vec<Misspelling> {
    let sure: Vec<&Known> = known.iter().filter(|known| known.project).collect();
    if sure.len() < 2 {
        return Vec::new();
    }
    let mut meant: BTreeMap<String, Option<usize>> = BTreeMap::new();
    let mut found = Vec::new();
    for (index, block) in document.blocks.iter().enumerate() {
        let first = sure.partition_point(|known| known.block < index);
        if !is_searched(block.kind) || sure.get(first).is_none_or(|known| known.block != index) {
            continue;
        }
        each(document.text.get(block.span.clone()).unwrap_or_default(), |at, word, _| {
            let span = block.span.start + at..block.span.start + at + word.len();
            if !word.chars().next().is_some_and(char::is_uppercase)
                || word.chars().nth(SHORTEST - 1).is_none()
                || is_taken(known, &span)
                || !is_near(&sure, &span, index)
                || in_person_name(&document.text, &span)
            {
                return;
            }
            let folded = word.to_lowercase();
            let entry = match meant.get(&folded) {
                Some(entry) => *entry,
                None => {
                    let entry = slip_of(&folded, catalog);
                    meant.insert(folded, entry);
                    entry
                }
            };
            if let Some(entry) = entry {
                found.push(Misspelling { span, block: index, entry });
            }
        });
    }
    found
}

/// Whether a spelling of the catalog stands there already.
fn is_taken(known: &[Known], span: &Range<usize>) -> bool {
    let first = known.partition_point(|known| known.span.end <= span.start);
    known.get(first).is_some_and(|known| known.span.start < span.end)
}

/// Whether one of the sure names of a block is near a place that none of them overlaps.
fn is_near(sure: &[&Known], span: &Range<usize>, block: usize) -> bool {
    let behind = sure.partition_point(|known| known.span.start < span.end);
    let in_block = |known: &&&Known| known.block == block;
    let next = sure.get(behind).filter(in_block);
    let previous = behind.checked_sub(1).and_then(|at| sure.get(at)).filter(in_block);
    next.is_some_and(|known| known.span.start - span.end <= NEAR)
        || previous.is_some_and(|known| span.start.saturating_sub(known.span.end) <= NEAR)
}

/// The project that a folded word is one slip away from; two that it could be are none.
fn slip_of(folded: &str, catalog: &Catalog) -> Option<usize> {
    let names = catalog.names.plain_words(folded.chars().next()?);
    let mut hits = names.filter(|(name, _)| is_slip(folded, name) && name.chars().nth(SHORTEST - 1).is_some());
    match (hits.next(), hits.next()) {
        (Some((_, entry)), None) => Some(entry),
        _ => None,
    }
}

/// Whether a given name stands right before.
fn in_person_name(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).unwrap_or_default();
    let word = before.strip_suffix(' ').and_then(|lead| lead.rsplit(char::is_whitespace).next()).unwrap_or_default();
    super::given_names::contains(word)
}

/// Whether a word is one slip away from a name with the same first letter: one letter wrong, missing, added or swapped with the next, or one moved to
/// another place. The last letter is the same too.
fn is_slip(word: &str, name: &str) -> bool {
    // Endings change with number and case in all five languages.
    if word.len().abs_diff(name.len()) > 4 || word.chars().next_back() != name.chars().next_back() {
        return false;
    }
    let moved = || word.len() == name.len() && word.chars().count() > SHORTEST && sorted(word) == sorted(name);
    // Nearly all names differ so much that their distance need not be measured.
    if changed(word, name) > 2 && !moved() {
        return false;
    }
    match strsim::osa_distance(word, name) {
        1 => true,
        // A moved letter is two edits that leave the letters the same.
        2 => moved(),
        _ => false,
    }
}

/// Letters of the longer of two words that stand between what both begin with and what both end with.
fn changed(one: &str, other: &str) -> usize {
    let (length, other_length) = (one.chars().count(), other.chars().count());
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start = one.chars().zip(other.chars()).take_while(same).count();
    let rest = length.min(other_length) - start;
    let end = one.chars().rev().zip(other.chars().rev()).take(rest).take_while(same).count();
    length.max(other_length) - start - end
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn words_one_edit_apart_differ_in_one_place(word in "[abé]{1,8}", name in "[abé]{1,8}") {
            if strsim::osa_distance(&word, &name) <= 1 {
                proptest::prop_assert!(changed(&word, &name) <= 2);
            }
        }
    }

    #[test]
    fn slips_are_told_from_other_words() {
        let table = [
            ("kaytena", "kayenta", true),
            ("promtheus", "prometheus", true),
            ("kubernets", "kubernetes", true),
            ("linkred", "linkerd", true),
            ("containern", "containerd", false),
            ("builds", "buildkit", false),
            ("grafanas", "grafana", false),
            ("container", "containerd", false),
            ("docker", "docker", false),
            ("prophets", "prometheus", false),
        ];
        for (word, name, want) in table {
            assert_eq!(is_slip(word, name), want, "{word} {name}");
        }
    }
}
