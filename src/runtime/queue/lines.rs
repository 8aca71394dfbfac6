//! Who waits for a turn, in the order of coming: a line for each task, and the first of each line whose host has a place. A host that is
//! busy costs nothing while ten thousand wait for it, and nobody behind them waits as well.

use std::collections::{BTreeMap, HashMap};

use super::task::{Task, Urgency};

/// The kinds of tasks that the shares of places know: how urgent, and whether on a URL. In the order of going first.
pub(super) type Kind = (Urgency, bool);

/// Those who wait.
#[derive(Debug)]
pub(super) struct Lines<K> {
    /// By their numbers. No line is empty.
    lines: HashMap<Task, Line<K>>,
    /// The first ones of the open lines, by their numbers.
    firsts: BTreeMap<Kind, BTreeMap<u64, Task>>,
}

#[derive(Debug)]
struct Line<K> {
    waiting: BTreeMap<u64, K>,
    /// The one among the firsts.
    first: Option<u64>,
}

impl<K> Lines<K> {
    /// Nobody.
    pub(super) fn new() -> Self {
        Self { lines: HashMap::new(), firsts: BTreeMap::new() }
    }

    /// Somebody waits for a task. Numbers are not used twice.
    pub(super) fn join(&mut self, task: Task, number: u64, key: K) {
        self.lines
            .entry(task)
            .or_insert_with(|| Line { waiting: BTreeMap::new(), first: None })
            .waiting
            .insert(number, key);
    }

    /// Somebody waits no longer.
    pub(super) fn leave(&mut self, task: Task, number: u64) -> Option<K> {
        self.lines.get_mut(&task)?.waiting.remove(&number)
    }

    /// Brings the firsts up to date. To be called whenever somebody has joined or left a line, or its host has got or lost a place.
    pub(super) fn update(&mut self, task: Task, open: bool) {
        let Some(line) = self.lines.get_mut(&task) else { return };
        let first = line.waiting.keys().next().copied().filter(|_| open);
        if first != line.first {
            let firsts = self.firsts.entry(task.kind()).or_default();
            if let Some(before) = line.first {
                firsts.remove(&before);
            }
            if let Some(first) = first {
                firsts.insert(first, task);
            }
            line.first = first;
        }
        if line.waiting.is_empty() {
            self.lines.remove(&task);
        }
    }

    /// Of each kind the one who came first, with its number, where the host has a place; the most urgent kind first.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (Kind, u64, Task)> {
        self.firsts
            .iter()
            .filter_map(|(kind, firsts)| firsts.first_key_value().map(|(number, task)| (*kind, *number, *task)))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.firsts.values().all(BTreeMap::is_empty)
    }
}
