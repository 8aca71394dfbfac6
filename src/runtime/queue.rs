//! The work queue of a controller: which object is handled next, and when one is handled again. Memory only; the clock is handed in, but
//! for [`Queue::changed`], by which the one who works waits.
//!
//! - An object is in the queue once, however often it is added, and is never handled twice at a time.
//! - Changes go before routine, and a part of the places is kept for them: whoever edits a report does not wait until ten thousand others
//!   have had their periodic look. Every eighth place goes to whoever has waited longest, so that nobody waits for ever.
//! - URLs get three quarters of the places and their periodic looks half: slow servers leave room for the rest.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Of so many objects that are handled, one is the one that has waited longest.
const LONGEST_WAITING_EVERY: u64 = 8;

/// Why an object is to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody changed something and waits for it.
    Change,
    /// A periodic look, a retry, a start.
    Routine,
}

/// What handling an object may have to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// The Kubernetes API.
    Cluster,
    /// A server somewhere.
    Url,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// Why.
    pub urgency: Urgency,
    /// What it may wait for.
    pub lane: Lane,
}

/// All kinds of tasks, the most urgent first.
const ORDER: [Task; 4] = [
    Task { urgency: Urgency::Change, lane: Lane::Cluster },
    Task { urgency: Urgency::Change, lane: Lane::Url },
    Task { urgency: Urgency::Routine, lane: Lane::Cluster },
    Task { urgency: Urgency::Routine, lane: Lane::Url },
];

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
    /// Those that wait and are not in hand, in the order of their numbers.
    ready: BTreeMap<Task, BTreeMap<u64, K>>,
    timers: BTreeMap<(Instant, u64), K>,
    running: Vec<Task>,
    numbers: u64,
    turns: u64,
}

/// The queue.
#[derive(Debug)]
pub struct Queue<K> {
    state: Mutex<State<K>>,
    places: usize,
    changed: Notify,
}

impl<K: Clone + Eq + Hash> Queue<K> {
    /// For handling so many objects at a time.
    pub fn new(places: usize) -> Self {
        let state = State {
            entries: HashMap::new(),
            ready: BTreeMap::new(),
            timers: BTreeMap::new(),
            running: Vec::new(),
            numbers: 0,
            turns: 0,
        };
        Self { state: Mutex::new(state), places: places.max(1), changed: Notify::new() }
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

    /// An object is to be handled after a while, unless it is waiting for its turn anyway.
    pub fn add_after(&self, key: &K, task: Task, wait: Duration, now: Instant) {
        self.state().add_at(key, task, now + wait);
        self.changed.notify_one();
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
        self.state().take(self.places, now)
    }

    /// An object is no longer in hand. It is handled again after a while, if one is given, or at once if it was added meanwhile.
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
        if let Some((task, number, _)) = entry.waiting
            && let Some(list) = self.ready.get_mut(&task)
        {
            list.remove(&number);
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
            self.ready.entry(waiting.0).or_default().insert(waiting.1, key.clone());
        }
        self.entries.insert(key.clone(), entry);
        added
    }

    fn add_at(&mut self, key: &K, task: Task, due: Instant) {
        let mut entry = self.entries.remove(key).unwrap_or_default();
        if entry.waiting.is_none() {
            self.cancel(&mut entry);
            let number = self.number();
            entry.timer = Some((due, number, task));
            self.timers.insert((due, number), key.clone());
        }
        self.entries.insert(key.clone(), entry);
    }

    fn take(&mut self, places: usize, now: Instant) -> Option<Turn<K>> {
        while let Some((&(due, number), _)) = self.timers.first_key_value()
            && due <= now
        {
            let Some(key) = self.timers.remove(&(due, number)) else { break };
            let task = self.entries.get_mut(&key).and_then(|entry| entry.timer.take()).map(|(_, _, task)| task);
            if let Some(task) = task {
                self.add(&key, task, due);
            }
        }
        let open = ORDER.into_iter().filter(|task| self.has_place(*task, places));
        let heads = open.filter_map(|task| Some((task, *self.ready.get(&task)?.keys().next()?)));
        let heads: Vec<(Task, u64)> = heads.collect();
        let (task, number) = if self.turns % LONGEST_WAITING_EVERY == LONGEST_WAITING_EVERY - 1 {
            *heads.iter().min_by_key(|(_, number)| *number)?
        } else {
            *heads.first()?
        };
        self.turns += 1;
        let key = self.ready.get_mut(&task)?.remove(&number)?;
        let entry = self.entries.get_mut(&key)?;
        let since = entry.waiting.take().map_or(now, |(_, _, since)| since);
        entry.running = Some((task, now));
        self.running.push(task);
        Some(Turn { key, task, waited: now.saturating_duration_since(since) })
    }

    /// Whether there is a place for a task, among all and among those for its kind.
    fn has_place(&self, task: Task, places: usize) -> bool {
        let count = |counts: fn(&Task) -> bool| self.running.iter().filter(|task| counts(task)).count();
        let three_quarters = (places * 3 / 4).max(1);
        let routine = task.urgency == Urgency::Routine;
        self.running.len() < places
            && (!routine || count(|task| task.urgency == Urgency::Routine) < three_quarters)
            && match task.lane {
                Lane::Cluster => true,
                Lane::Url if routine => count(|task| task.lane == Lane::Url) < (places / 2).max(1),
                Lane::Url => count(|task| task.lane == Lane::Url) < three_quarters,
            }
    }

    fn done(&mut self, key: &K, again: Option<(Task, Duration)>, now: Instant) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if let Some((task, _)) = entry.running.take()
            && let Some(at) = self.running.iter().position(|running| *running == task)
        {
            self.running.swap_remove(at);
        }
        match (entry.waiting, again) {
            (Some((task, number, _)), _) => {
                self.ready.entry(task).or_default().insert(number, key.clone());
            }
            // Whoever asked for a later moment meanwhile knew less than the run that has just ended.
            (None, Some((task, wait))) => self.add_at(key, task, now + wait),
            (None, None) if entry.timer.is_none() => {
                self.entries.remove(key);
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CHANGE: Task = Task { urgency: Urgency::Change, lane: Lane::Cluster };
    const ROUTINE: Task = Task { urgency: Urgency::Routine, lane: Lane::Cluster };
    const LOOK: Task = Task { urgency: Urgency::Routine, lane: Lane::Url };
    const NEW_URL: Task = Task { urgency: Urgency::Change, lane: Lane::Url };

    fn keys(queue: &Queue<u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| queue.take(now)).map(|turn| turn.key).collect()
    }

    #[test]
    fn a_change_goes_before_ten_thousand_periodic_looks() {
        let (queue, now) = (Queue::new(16), Instant::now());
        for n in 0..10_000 {
            queue.add(&n, if n % 2 == 0 { LOOK } else { ROUTINE }, now);
        }
        let at_work = keys(&queue, now);
        assert_eq!(at_work.len(), 12, "a quarter of the places is kept for changes");
        queue.add(&20_000, CHANGE, now);
        assert_eq!(keys(&queue, now), [20_000]);
        queue.add(&20_001, NEW_URL, now);
        assert_eq!(keys(&queue, now), [20_001]);
        queue.add(&9_000, CHANGE, now);
        assert_eq!(keys(&queue, now), [9_000], "one that waited for its look is edited");
    }

    #[test]
    fn slow_servers_leave_room_and_their_looks_leave_room_for_new_ones() {
        let (queue, now) = (Queue::new(16), Instant::now());
        for n in 0..100 {
            queue.add(&n, LOOK, now);
        }
        assert_eq!(keys(&queue, now).len(), 8);
        for n in 100..200 {
            queue.add(&n, NEW_URL, now);
        }
        assert_eq!(keys(&queue, now).len(), 4);
        for n in 200..300 {
            queue.add(&n, CHANGE, now);
        }
        assert_eq!(keys(&queue, now).len(), 4);
    }

    #[test]
    fn routine_gets_its_turn_however_many_changes_there_are() {
        let (queue, now) = (Queue::new(1), Instant::now());
        queue.add(&0, ROUTINE, now);
        for n in 1..100 {
            queue.add(&n, CHANGE, now);
        }
        let turn = (0..).find(|_| {
            let turn = queue.take(now).unwrap();
            queue.done(&turn.key, None, now);
            turn.key == 0
        });
        assert!(turn.is_some_and(|turn| turn < 8), "{turn:?}");
    }

    #[test]
    fn what_changes_while_it_is_in_hand_is_handled_once_more_and_never_twice_at_a_time() {
        let (queue, now) = (Queue::new(4), Instant::now());
        assert!(queue.add(&1, CHANGE, now));
        assert!(!queue.add(&1, CHANGE, now), "it waits already");
        assert_eq!(keys(&queue, now), [1]);
        queue.add(&1, CHANGE, now);
        queue.add(&1, ROUTINE, now);
        assert_eq!(keys(&queue, now), [0; 0], "it is in hand");
        queue.done(&1, Some((ROUTINE, SECOND)), now);
        assert_eq!(keys(&queue, now), [1]);
        queue.done(&1, None, now);
        assert_eq!(
            (keys(&queue, now + 2 * SECOND), queue.next_due()),
            (vec![], None),
            "the second run had the last word"
        );
        assert!(queue.state().entries.is_empty());
    }

    #[test]
    fn a_retry_comes_when_its_time_has_come_unless_a_change_was_faster() {
        let (queue, now) = (Queue::new(4), Instant::now());
        queue.add_after(&1, ROUTINE, SECOND, now);
        assert_eq!((keys(&queue, now).len(), queue.next_due()), (0, Some(now + SECOND)));
        let turn = queue.take(now + 3 * SECOND).unwrap();
        assert_eq!((turn.key, turn.waited), (1, 2 * SECOND));
        queue.done(&1, Some((ROUTINE, 10 * SECOND)), now);
        queue.add(&1, CHANGE, now);
        assert_eq!((keys(&queue, now), queue.next_due()), (vec![1], None));
    }

    #[test]
    fn what_is_gone_leaves_nothing_behind() {
        let (queue, now) = (Queue::new(2), Instant::now());
        queue.add(&1, CHANGE, now);
        queue.add_after(&2, ROUTINE, SECOND, now);
        queue.add(&3, CHANGE, now);
        assert_eq!(queue.take(now).map(|turn| turn.key), Some(1));
        queue.add(&1, CHANGE, now);
        for key in 1..=3 {
            queue.forget(&key);
        }
        assert_eq!(queue.depth(now + SECOND), Depth { waiting: 0, unfinished: SECOND, longest: SECOND });
        queue.done(&1, None, now);
        let state = queue.state();
        assert!(state.entries.is_empty() && state.timers.is_empty() && state.running.is_empty());
        assert!(state.ready.values().all(BTreeMap::is_empty));
    }

    proptest! {
        /// Whatever happens in whatever order: nothing is in hand twice, no limit is passed, and everything that was added is handled.
        #[test]
        fn nothing_is_lost_and_nothing_is_done_twice_at_a_time(
            steps in proptest::collection::vec((0u8..6, 0u32..8, 0usize..4), 1..200), places in 1usize..6
        ) {
            let (queue, start) = (Queue::new(places), Instant::now());
            let mut in_hand: Vec<u32> = Vec::new();
            let mut wanted = std::collections::BTreeSet::new();
            let mut now = start;
            for (what, key, task) in steps {
                now += SECOND / 4;
                match what {
                    0 | 1 => { queue.add(&key, ORDER[task], now); wanted.insert(key); }
                    2 => { queue.add_after(&key, ORDER[task], SECOND, now); wanted.insert(key); }
                    3 => { queue.forget(&key); wanted.remove(&key); }
                    4 => if let Some(turn) = queue.take(now) {
                        prop_assert!(!in_hand.contains(&turn.key));
                        in_hand.push(turn.key);
                        wanted.remove(&turn.key);
                        prop_assert!(in_hand.len() <= places);
                    },
                    _ => if let Some(key) = in_hand.pop() { queue.done(&key, None, now); },
                }
            }
            now += 10 * SECOND;
            for key in in_hand.drain(..) { queue.done(&key, None, now); }
            while let Some(turn) = queue.take(now) {
                wanted.remove(&turn.key);
                queue.done(&turn.key, None, now);
            }
            prop_assert!(wanted.is_empty(), "never handled: {:?}", wanted);
            prop_assert!(queue.state().entries.is_empty() && queue.state().running.is_empty());
        }
    }
}
