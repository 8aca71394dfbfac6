//! The work queue of a controller: which object is handled next, and when one is handled again. Memory only; the clock is handed in, but
//! for [`Queue::changed`], by which the one who works waits.
//!
//! - An object is in the queue once, however often it is added, and is never handled twice at a time.
//! - Changes go before the backlog of a start, that goes before routine, and a part of the places is kept for changes ([`shares`]): whoever
//!   edits a report does not wait until ten thousand others have had their turn. Every eighth place goes to whoever has waited longest, so
//!   that nobody waits for ever.
//! - URLs get three quarters of the places and their periodic looks half, and those of one host a few: slow servers leave room for the
//!   rest. Who waits for a busy host is passed over ([`lines`]).

mod lines;
mod shares;
mod task;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::lines::Lines;
use self::shares::InHand;

pub use self::shares::Shares;
pub use self::task::{Host, Lane, Task, Urgency};

/// Of so many objects that are handled, one is the one that has waited longest.
const LONGEST_WAITING_EVERY: u64 = 8;

/// An object whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn<K> {
    /// The object.
    pub key: K,
    /// What was asked for.
    pub task: Task,
    /// How long it waited.
    pub waited: Duration,
}

/// How the queue stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Depth {
    /// Objects that wait for their turn, those not counted whose time has not come.
    pub waiting: usize,
    /// The time for which those in hand have been in hand, all together.
    pub unfinished: Duration,
    /// The longest of these.
    pub longest: Duration,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    /// Waits for its turn: what for, its number, and since when.
    waiting: Option<(Task, u64, Instant)>,
    /// Is to wait for its turn from then on.
    timer: Option<(Instant, u64, Task)>,
    /// Is in hand.
    running: Option<(Task, Instant)>,
}

#[derive(Debug)]
struct State<K> {
    entries: HashMap<K, Entry>,
    /// Those that wait and are not in hand.
    ready: Lines<K>,
    timers: BTreeMap<(Instant, u64), K>,
    in_hand: InHand,
    numbers: u64,
    turns: u64,
}

/// The queue.
#[derive(Debug)]
pub struct Queue<K> {
    state: Mutex<State<K>>,
    changed: Notify,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// For handling so many objects at a time.
    pub fn new(shares: Shares) -> Self {
        let state = State {
            entries: HashMap::new(),
            ready: Lines::new(),
            timers: BTreeMap::new(),
            in_hand: InHand::new(shares),
            numbers: 0,
            turns: 0,
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object is to be handled as soon as it is its turn; while it is in hand, once more afterwards. What it was to be handled for
    /// later is thereby done. Gives whether it was not waiting already.
    pub fn add(&self, key: &K, task: Task, now: Instant) -> bool {
        let added = self.state().add(key, task, now);
        self.changed.notify_one();
        added
    }

    /// An object is to be handled after a while, unless it is to be handled sooner anyway. Gives whether it was not.
    pub fn add_after(&self, key: &K, task: Task, wait: Duration, now: Instant) -> bool {
        let added = self.state().add_at(key, task, now + wait);
        self.changed.notify_one();
        added
    }

    /// An object is gone and need not be handled again.
    pub fn forget(&self, key: &K) {
        let mut state = self.state();
        let Some(mut entry) = state.entries.remove(key) else { return };
        state.cancel(&mut entry);
        if entry.running.is_some() {
            entry.waiting = None;
            state.entries.insert(key.clone(), entry);
        }
    }

    /// The object whose turn it is, if there is one and a place for it. The caller must say [`Queue::done`] in the end.
    pub fn take(&self, now: Instant) -> Option<Turn<K>> {
        self.state().take(now)
    }

    /// An object is no longer in hand. It is handled again after a while, if one is given, or sooner if that was asked for meanwhile.
    pub fn done(&self, key: &K, again: Option<(Task, Duration)>, now: Instant) {
        self.state().done(key, again, now);
        self.changed.notify_one();
    }

    /// When the next object's time comes.
    pub fn next_due(&self) -> Option<Instant> {
        self.state().timers.keys().next().map(|(due, _)| *due)
    }

    /// Waits until something was added, or is done.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// How it stands.
    pub fn depth(&self, now: Instant) -> Depth {
        let state = self.state();
        state.entries.values().fold(Depth::default(), |mut depth, entry| {
            depth.waiting += usize::from(entry.waiting.is_some());
            if let Some((_, since)) = entry.running {
                let time = now.saturating_duration_since(since);
                depth.unfinished += time;
                depth.longest = depth.longest.max(time);
            }
            depth
        })
    }
}

impl<K: Clone + Eq + Hash> State<K> {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Takes an entry out of the lists; it stays in hand if it is.
    fn cancel(&mut self, entry: &mut Entry) {
        if let Some((due, number, _)) = entry.timer.take() {
            self.timers.remove(&(due, number));
        }
        if let Some((task, number, _)) = entry.waiting {
            self.ready.leave(task, number);
            self.update(task);
        }
    }

    /// Puts an object into the line for its task.
    fn join(&mut self, task: Task, number: u64, key: K) {
        self.ready.join(task, number, key);
        self.update(task);
    }

    /// Brings the line for a task up to date.
    fn update(&mut self, task: Task) {
        let open = match task.lane {
            Lane::Cluster => true,
            Lane::Url(host) => self.in_hand.has_place_at(task.urgency, host),
        };
        self.ready.update(task, open);
    }

    /// Brings the lines up to date of those who wait for the same server as a task that has got a place, or given it back.
    fn update_lane(&mut self, lane: Lane) {
        for urgency in Urgency::ALL {
            self.update(Task { urgency, lane });
        }
    }

    fn add(&mut self, key: &K, task: Task, now: Instant) -> bool {
        let mut entry = self.entries.remove(key).unwrap_or_default();
        self.cancel(&mut entry);
        let (added, waiting) = match entry.waiting {
            // Whoever waits keeps the place in the order, unless the new task is more urgent.
            Some((before, number, since)) if before.urgency <= task.urgency => {
                (false, (Task { urgency: before.urgency, lane: task.lane }, number, since))
            }
            Some((_, _, since)) => (false, (task, self.number(), since)),
            None => (true, (task, self.number(), now)),
        };
        entry.waiting = Some(waiting);
        if entry.running.is_none() {
            self.join(waiting.0, waiting.1, key.clone());
        }
        self.entries.insert(key.clone(), entry);
        added
    }

    fn add_at(&mut self, key: &K, task: Task, due: Instant) -> bool {
        let mut entry = self.entries.remove(key).unwrap_or_default();
        let sooner = entry.waiting.is_some() || entry.timer.is_some_and(|(earlier, ..)| earlier <= due);
        if !sooner {
            self.cancel(&mut entry);
            let number = self.number();
            entry.timer = Some((due, number, task));
            self.timers.insert((due, number), key.clone());
        }
        self.entries.insert(key.clone(), entry);
        !sooner
    }

    fn take(&mut self, now: Instant) -> Option<Turn<K>> {
        while let Some((&(due, number), _)) = self.timers.first_key_value()
            && due <= now
        {
            let Some(key) = self.timers.remove(&(due, number)) else { break };
            let task = self.entries.get_mut(&key).and_then(|entry| entry.timer.take()).map(|(_, _, task)| task);
            if let Some(task) = task {
                self.add(&key, task, due);
            }
        }
        let (number, task) = self.next()?;
        self.turns += 1;
        let key = self.ready.leave(task, number)?;
        let since = self.entries.get_mut(&key).and_then(|entry| {
            entry.running = Some((task, now));
            entry.waiting.take()
        });
        let since = since.map_or(now, |(_, _, since)| since);
        self.in_hand.add(task);
        self.update_lane(task.lane);
        Some(Turn { key, task, waited: now.saturating_duration_since(since) })
    }

    /// Whose turn it is.
    fn next(&self) -> Option<(u64, Task)> {
        let mut firsts = self.ready.firsts().filter(|((urgency, url), ..)| self.in_hand.has_place(*urgency, *url));
        let longest = self.turns % LONGEST_WAITING_EVERY == LONGEST_WAITING_EVERY - 1;
        let next = if longest { firsts.min_by_key(|(_, number, _)| *number) } else { firsts.next() };
        next.map(|(_, number, task)| (number, task))
    }

    fn done(&mut self, key: &K, again: Option<(Task, Duration)>, now: Instant) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let (waiting, timer) = (entry.waiting, entry.timer);
        if let Some((task, _)) = entry.running.take() {
            self.in_hand.remove(task);
            self.update_lane(task.lane);
        }
        match (waiting, again) {
            (Some((task, number, _)), _) => self.join(task, number, key.clone()),
            (None, Some((task, wait))) => {
                self.add_at(key, task, now + wait);
            }
            (None, None) if timer.is_none() => {
                self.entries.remove(key);
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests;
