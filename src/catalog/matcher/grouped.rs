//! Several things for each of many numbers, in one list. Pure.

use serde::{Deserialize, Serialize};

/// For each number from 0 on, some things: what a spelling may mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grouped<T> {
    items: Vec<T>,
    /// Where the things of each number end in `items`; they start where those of the one before end.
    ends: Vec<u32>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Grouped<T> {
    /// The things of a number; none beyond the last.
    pub(super) fn get(&self, number: usize) -> &[T] {
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.ends.get(number).and_then(|end| self.items.get(start..*end as usize)).unwrap_or_default()
    }

    /// All things, in the order of their numbers.
    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    /// Bytes of the lists, without what the things refer to.
    pub(super) fn memory(&self) -> usize {
        self.items.len() * size_of::<T>() + self.ends.len() * size_of::<u32>()
    }
}

impl<T> FromIterator<Vec<T>> for Grouped<T> {
    fn from_iter<I: IntoIterator<Item = Vec<T>>>(groups: I) -> Self {
        let mut grouped = Self::default();
        for group in groups {
            grouped.items.extend(group);
            grouped.ends.push(u32::try_from(grouped.items.len()).unwrap_or(u32::MAX));
        }
        grouped.items.shrink_to_fit();
        grouped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_own_things() {
        let grouped: Grouped<char> = [vec!['a', 'b'], vec![], vec!['c']].into_iter().collect();
        assert_eq!(
            [0, 1, 2, 3].map(|number| grouped.get(number).to_vec()),
            [vec!['a', 'b'], vec![], vec!['c'], vec![]]
        );
        assert_eq!(grouped.items(), ['a', 'b', 'c']);
    }
}
