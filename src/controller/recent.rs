//! Values that are kept as long as they are among the last used. Memory only.

use std::collections::BTreeMap;

/// Values by key, each with when it was used last.
#[derive(Debug)]
pub struct Recent<K, V> {
    /// Grows with every use, so that the value with the smallest number is the one that was not used for longest.
    clock: u64,
    entries: BTreeMap<K, (u64, V)>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { clock: 0, entries: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, V> Recent<K, V> {
    /// The value of a key, which is made if there is none. It is used by that.
    pub fn get(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V {
        self.clock += 1;
        let entry = self.entries.entry(key.clone()).or_insert_with(|| (0, make()));
        entry.0 = self.clock;
        &mut entry.1
    }

    /// Forgets a value if it is still the one that is meant.
    pub fn forget(&mut self, key: &K, is_meant: impl FnOnce(&V) -> bool) {
        if self.entries.get(key).is_some_and(|(_, value)| is_meant(value)) {
            self.entries.remove(key);
        }
    }

    /// Forgets those that were not used for longest, until there are at most `most`, whose weights come to no more than `limit` together. The
    /// last one stays whatever its weight.
    pub fn shrink(&mut self, most: usize, limit: usize, weight: impl Fn(&V) -> usize) {
        let mut sum: usize = self.entries.values().map(|(_, value)| weight(value)).sum();
        while self.entries.len() > most.max(1) || (sum > limit && self.entries.len() > 1) {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            let Some((_, gone)) = oldest.and_then(|key| self.entries.remove(&key)) else { return };
            sum = sum.saturating_sub(weight(&gone));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first_and_the_last_one_stays_whatever_its_weight() {
        let mut recent = Recent::default();
        let kept = |recent: &Recent<u8, usize>| recent.entries.keys().copied().collect::<Vec<_>>();
        for key in 1..=4 {
            recent.get(&key, || 10);
        }
        recent.get(&1, || 99);
        recent.shrink(3, 1000, |weight| *weight);
        assert_eq!(kept(&recent), [1, 3, 4], "the second is the oldest since the first was used again");
        recent.shrink(3, 20, |weight| *weight);
        assert_eq!(kept(&recent), [1, 4]);
        recent.get(&5, || 1000);
        recent.shrink(3, 20, |weight| *weight);
        assert_eq!(kept(&recent), [5]);
        recent.forget(&5, |weight| *weight == 7);
        assert_eq!(kept(&recent), [5], "another one by now");
        recent.forget(&5, |weight| *weight == 1000);
        assert_eq!(kept(&recent), [0u8; 0]);
    }
}
