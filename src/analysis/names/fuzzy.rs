//! Misspelt names ("Kaytena" for Kayenta): one wrong, missing, added or moved letter in a long plain name of a project, beside other names. Pure functions.

use std::collections::BTreeMap;
use std::ops::Range;

use super::candidates::is_searched;
use super::context::Known;
use crate::analysis::Document;
use crate::catalog::surfaces::Variant;
use crate::catalog::{Catalog, Matching, NameKind};

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
    let mut names: BTreeMap<char, Vec<(&str, usize)>> = BTreeMap::new();
    for (text, pattern) in catalog.names.patterns() {
        for target in &pattern.targets {
            let fits = target.kind == NameKind::Project
                && target.matching == Matching::Plain
                && target.variant == Variant::Written
                && !text.contains(|c: char| !c.is_alphabetic())
                && text.chars().count() >= SHORTEST
                && catalog.projects.get(target.entry).is_some_and(|project| !project.general);
            if let (true, Some(first)) = (fits, text.chars().next()) {
                names.entry(first).or_default().push((text, target.entry));
            }
        }
    }
    let mut found = Vec::new();
    for (index, block) in document.blocks.iter().enumerate() {
        if !is_searched(block.kind) || !sure.iter().any(|known| known.block == index) {
            continue;
        }
        for span in words(&document.text, block.span.clone()) {
            let taken = known.iter().any(|known| known.span.start < span.end && span.start < known.span.end);
            let near = sure.iter().any(|known| {
                known.block == index
                    && known.span.start.abs_diff(span.end).min(span.start.abs_diff(known.span.end)) <= NEAR
            });
            let Some(word) = document.text.get(span.clone()).filter(|_| near && !taken) else { continue };
            if word.chars().count() < SHORTEST
                || !word.chars().next().is_some_and(char::is_uppercase)
                || in_person_name(&document.text, &span)
            {
                continue;
            }
            let folded = word.to_lowercase();
            let candidates = folded.chars().next().and_then(|first| names.get(&first)).into_iter().flatten();
            let mut hits = candidates.filter(|(name, _)| is_slip(&folded, name));
            // Two names that it could be are none.
            if let (Some((_, entry)), None) = (hits.next(), hits.next()) {
                found.push(Misspelling { span, block: index, entry: *entry });
            }
        }
    }
    found
}

/// The words of a span.
fn words(text: &str, span: Range<usize>) -> Vec<Range<usize>> {
    let Some(part) = text.get(span.clone()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in part.char_indices().chain([(part.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(first)) => {
                start = None;
                found.push(span.start + first..span.start + at);
            }
            _ => {}
        }
    }
    found
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
    if word.chars().next_back() != name.chars().next_back() {
        return false;
    }
    match strsim::osa_distance(word, name) {
        1 => true,
        // A moved letter is two edits that leave the letters the same.
        2 => word.chars().count() > SHORTEST && sorted(word) == sorted(name),
        _ => false,
    }
}

fn sorted(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

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
