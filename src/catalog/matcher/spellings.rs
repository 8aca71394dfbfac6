//! A set of folded spellings that finds all that stand at a place of a text. Pure.
//!
//! Names begin where a word begins, so they are looked for there alone. The spellings are kept in order, in one string: of all that a text starts with,
//! the longest is the last spelling in order that is not behind the text, or one that this begins with. So one binary search over the first four bytes,
//! and mostly no look at a spelling at all, tells what stands at a place. At most places nothing does: a table of bits says so before anything is
//! searched. Against an automaton over the same spellings this takes a tenth of the memory, is built at once and looks at a fifth of the places.

use serde::{Deserialize, Serialize};

/// Stands for "none" in [`Spellings::within`].
const NONE: u32 = u32::MAX;

/// Spellings in order, each once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(crate) struct Spellings {
    /// All spellings, one behind the other.
    text: Box<str>,
    /// Where each ends in `text`; it starts where the one before ends.
    ends: Box<[u32]>,
    /// The first four bytes of each, see [`key`].
    keys: Box<[u32]>,
    /// The longest other spelling that each begins with.
    within: Box<[u32]>,
    /// How many start with a smaller byte, for each byte.
    first: Box<[u32; 257]>,
    /// Which keys there are, about.
    beginnings: Beginnings,
}

impl Default for Spellings {
    fn default() -> Self {
        Self::new(std::iter::empty::<&str>())
    }
}

impl Spellings {
    /// Keeps spellings that are given in order, each once; an empty one stands nowhere.
    pub(crate) fn new<S: AsRef<str>>(spellings: impl IntoIterator<Item = S>) -> Self {
        let mut stored = Stored::default();
        for spelling in spellings {
            stored.text.push_str(spelling.as_ref());
            stored.ends.push(u32::try_from(stored.text.len()).unwrap_or(NONE));
        }
        stored.into()
    }

    /// Number of spellings.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The spelling with this number.
    pub(crate) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.text.get(start..end)
    }

    /// All spellings in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|number| self.get(number))
    }

    /// The number of a spelling.
    pub(crate) fn position(&self, spelling: &str) -> Option<usize> {
        let key = key(spelling.as_bytes());
        let behind = self.beginnings.has(key).then(|| self.first_behind(spelling, key))?;
        let before = behind.checked_sub(1)?;
        (self.get(before)? == spelling).then_some(before)
    }

    /// The spellings that a text starts with: number and length, the longest first.
    pub(crate) fn at(&self, text: &str) -> impl Iterator<Item = (usize, usize)> {
        let key = key(text.as_bytes());
        let behind = self.beginnings.may_begin(key).then(|| self.first_behind(text, key));
        let mut next = behind.and_then(|behind| behind.checked_sub(1));
        // The last one before the text need not stand there itself; what this begins with may.
        let mut stands = false;
        std::iter::from_fn(move || {
            loop {
                let number = next?;
                let spelling = self.get(number)?;
                next = self.within(number);
                stands = stands || text.starts_with(spelling);
                if stands && !spelling.is_empty() {
                    return Some((number, spelling.len()));
                }
            }
        })
    }

    fn within(&self, number: usize) -> Option<usize> {
        self.within.get(number).filter(|within| **within != NONE).map(|within| *within as usize)
    }

    /// Number of spellings that are not behind a text with this key in order.
    fn first_behind(&self, text: &str, key: u32) -> usize {
        let Some(byte) = text.bytes().next().map(usize::from) else { return 0 };
        let bound = |at: usize| self.first.get(at).map_or(0, |count| *count as usize);
        let (low, high) = (bound(byte), bound(byte + 1));
        let keys = self.keys.get(low..high).unwrap_or_default();
        if keys.is_empty() {
            return low;
        }
        let behind = low + keys.partition_point(|known| *known <= key);
        if behind == low || self.keys.get(behind - 1) != Some(&key) {
            return behind;
        }
        // Of those with the same four bytes, the rest decides.
        let mut range = low + keys.partition_point(|known| *known < key)..behind;
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            if self.get(middle).is_some_and(|spelling| spelling <= text) {
                range.start = middle + 1;
            } else {
                range.end = middle;
            }
        }
        range.start
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.text.len() + size_of::<[u32; 257]>() + self.ends.len() * 3 * size_of::<u32>() + self.beginnings.memory()
    }
}

/// [`Spellings`] without what follows from them.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    text: String,
    ends: Vec<u32>,
}

impl From<Spellings> for Stored {
    fn from(spellings: Spellings) -> Self {
        Self { text: spellings.text.into(), ends: spellings.ends.into() }
    }
}

impl From<Stored> for Spellings {
    fn from(stored: Stored) -> Self {
        let Stored { text, ends } = stored;
        let (mut keys, mut within) = (Vec::with_capacity(ends.len()), Vec::with_capacity(ends.len()));
        let mut first = Box::new([0u32; 257]);
        // The spellings that the last one begins with, and itself, shortest first.
        let mut open: Vec<(u32, &str)> = Vec::new();
        let mut start = 0;
        for (number, end) in (0u32..).zip(&ends) {
            let spelling = text.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            while open.last().is_some_and(|(_, known)| !spelling.starts_with(known)) {
                open.pop();
            }
            within.push(open.last().map_or(NONE, |(number, _)| *number));
            open.push((number, spelling));
            keys.push(key(spelling.as_bytes()));
            let bucket = spelling.bytes().next().map_or(0, |byte| usize::from(byte) + 1);
            first.get_mut(bucket).into_iter().for_each(|count| *count += 1);
        }
        let mut sum = 0;
        for count in first.iter_mut() {
            sum += *count;
            *count = sum;
        }
        let beginnings = Beginnings::new(&keys);
        Self { text: text.into(), ends: ends.into(), keys: keys.into(), within: within.into(), first, beginnings }
    }
}

/// A set of keys that is asked whether one of them may be the beginning of a text: a bit for each at a place that follows from it, so that a key that
/// was never added is seldom taken for one that was.
#[derive(Clone, Debug)]
struct Beginnings {
    bits: Box<[u64]>,
    /// How far the product of a key is shifted to the number of its bit.
    shift: u32,
}

impl Beginnings {
    /// Bits for each key.
    const SPARE: usize = 16;

    fn new(keys: &[u32]) -> Self {
        let count = (keys.len() * Self::SPARE).next_power_of_two().max(64);
        let mut beginnings = Self { bits: vec![0; count / 64].into(), shift: 64 - count.trailing_zeros() };
        for key in keys {
            let (word, bit) = beginnings.place(*key);
            beginnings.bits.get_mut(word).into_iter().for_each(|bits| *bits |= bit);
        }
        beginnings
    }

    /// Whether a spelling may stand where a text with this key begins: one of four bytes or more, or a shorter one.
    fn may_begin(&self, key: u32) -> bool {
        [u32::MAX, 0xffff_ff00, 0xffff_0000, 0xff00_0000].into_iter().any(|bytes| self.has(key & bytes))
    }

    /// Whether a key may have been added.
    fn has(&self, key: u32) -> bool {
        let (word, bit) = self.place(key);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn place(&self, key: u32) -> (usize, u64) {
        // Multiplied with a large odd number, the upper bits depend on all bits of the key.
        let number = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        (usize::try_from(number / 64).unwrap_or_default(), 1 << (number % 64))
    }

    /// Bytes on the heap.
    fn memory(&self) -> usize {
        size_of_val(&*self.bits)
    }
}

/// The first four bytes as a number that is ordered as they are; those that are missing count as zero.
fn key(bytes: &[u8]) -> u32 {
    if let Some(four) = bytes.first_chunk() {
        return u32::from_be_bytes(*four);
    }
    (0..4).fold(0, |key, at| key << 8 | u32::from(bytes.get(at).copied().unwrap_or_default()))
}

/// Whether `at` is no position inside a word of `text`, looking at the characters on both sides.
pub(super) fn is_edge(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|t| t.chars().next_back());
    let after = text.get(at..).and_then(|t| t.chars().next());
    match (before, after) {
        (Some(b), Some(a)) => !(b.is_alphanumeric() && a.is_alphanumeric()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn found(spellings: &[&str], text: &str) -> Vec<String> {
        let sorted: BTreeSet<&str> = spellings.iter().copied().collect();
        let known = Spellings::new(sorted);
        known
            .at(text)
            .map(|(number, length)| {
                assert_eq!(known.get(number).unwrap().len(), length);
                known.get(number).unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn all_that_a_text_starts_with_are_found_the_longest_first() {
        let known = ["argo", "argo cd", "argo cd image updater", "argo rollouts", "ar", "b", "c++"];
        assert_eq!(found(&known, "argo cd is"), ["argo cd", "argo", "ar"]);
        assert_eq!(found(&known, "argo cd image"), ["argo cd", "argo", "ar"]);
        assert_eq!(found(&known, "argus"), ["ar"]);
        assert_eq!(found(&known, "zebra"), Vec::<String>::new());
        assert_eq!(found(&known, ""), Vec::<String>::new());
        assert_eq!(found(&[], "a"), Vec::<String>::new());
    }

    #[test]
    fn spellings_are_told_by_their_text_and_their_place() {
        let known = Spellings::new(["go", "goat", "helm"]);
        assert_eq!((known.position("goat"), known.position("goa"), known.position("")), (Some(1), None, None));
        assert_eq!((known.iter().count(), known.get(3)), (3, None));
    }

    proptest! {
        #[test]
        fn what_stands_at_a_place_is_what_a_plain_search_finds(
            spellings in proptest::collection::btree_set("[ab\u{0}é]{1,6}", 0..30),
            text in "[ab\u{0}é]{0,8}",
        ) {
            let known = Spellings::new(&spellings);
            let mut want: Vec<&str> = spellings.iter().map(String::as_str).filter(|s| text.starts_with(s)).collect();
            want.sort_by_key(|s| usize::MAX - s.len());
            let got: Vec<&str> = known.at(&text).filter_map(|(number, _)| known.get(number)).collect();
            prop_assert_eq!(got, want);
            prop_assert_eq!(known.position(&text).is_some(), spellings.contains(&text));
        }
    }
}
