//! Tests of the queue.

use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const CHANGE: Task = Task { urgency: Urgency::Change, lane: Lane::Cluster };
const BACKLOG: Task = Task { urgency: Urgency::Backlog, lane: Lane::Cluster };
const ROUTINE: Task = Task { urgency: Urgency::Routine, lane: Lane::Cluster };

/// A periodic look at a URL of a host.
fn look(host: &str) -> Task {
    Task { urgency: Urgency::Routine, lane: Lane::Url(Host::of(host)) }
}

/// A new report on a URL of a host.
fn new_url(host: &str) -> Task {
    Task { urgency: Urgency::Change, lane: Lane::Url(Host::of(host)) }
}

fn keys(queue: &Queue<u32>, now: Instant) -> Vec<u32> {
    std::iter::from_fn(|| queue.take(now)).map(|turn| turn.key).collect()
}

#[test]
fn a_change_goes_before_ten_thousand_periodic_looks() {
    let (queue, now) = (Queue::new(Shares::of(16)), Instant::now());
    for n in 0..10_000 {
        queue.add(&n, if n % 2 == 0 { look("a") } else { ROUTINE }, now);
    }
    let at_work = keys(&queue, now);
    assert_eq!(at_work.len(), 12, "a quarter of the places is kept for changes");
    queue.add(&20_000, CHANGE, now);
    assert_eq!(keys(&queue, now), [20_000]);
    queue.add(&20_001, new_url("a"), now);
    assert_eq!(keys(&queue, now), [20_001]);
    queue.add(&9_000, CHANGE, now);
    assert_eq!(keys(&queue, now), [9_000], "one that waited for its look is edited");
}

#[test]
fn what_was_new_before_the_start_goes_before_routine_and_leaves_room_for_changes() {
    let (queue, now) = (Queue::new(Shares::of(4)), Instant::now());
    for n in 0..100 {
        queue.add(&n, if n < 50 { ROUTINE } else { BACKLOG }, now);
    }
    assert_eq!(keys(&queue, now), [50, 51, 52]);
    queue.add(&200, CHANGE, now);
    queue.add(&60, CHANGE, now);
    assert_eq!(keys(&queue, now), [200]);
    queue.done(&200, None, now);
    assert_eq!(keys(&queue, now), [60], "one of the backlog is edited");
}

#[test]
fn slow_servers_leave_room_and_their_looks_leave_room_for_new_ones() {
    let (queue, now) = (Queue::new(Shares::of(16)), Instant::now());
    for n in 0..100 {
        queue.add(&n, look("a"), now);
    }
    assert_eq!(keys(&queue, now).len(), 8);
    for n in 100..200 {
        queue.add(&n, new_url("a"), now);
    }
    assert_eq!(keys(&queue, now).len(), 4);
    for n in 200..300 {
        queue.add(&n, CHANGE, now);
    }
    assert_eq!(keys(&queue, now).len(), 4);
}

#[test]
fn a_busy_host_is_passed_over_and_one_of_its_places_is_kept_for_whoever_edits() {
    let (queue, now) = (Queue::new(Shares { all: 16, urls: 12, per_host: 4 }), Instant::now());
    for n in 0..10_000 {
        queue.add(&n, look("slow"), now);
    }
    queue.add(&20_000, look("quick"), now);
    assert_eq!(keys(&queue, now), [0, 1, 2, 20_000], "nobody waits behind those who wait for another host");
    queue.add(&20_001, new_url("slow"), now);
    assert_eq!(keys(&queue, now), [20_001]);
    queue.add(&20_002, new_url("slow"), now);
    assert_eq!(keys(&queue, now), [0; 0], "all places of the host are taken");
    queue.done(&20_001, None, now);
    assert_eq!(keys(&queue, now), [20_002]);
    queue.done(&1, None, now);
    assert_eq!(keys(&queue, now), [3]);
    queue.done(&20_002, None, now);
    assert_eq!(keys(&queue, now), [0; 0], "the last place is for changes");
    queue.add(&9_000, new_url("quick"), now);
    assert_eq!(keys(&queue, now), [9_000], "its address was edited");
}

#[test]
fn routine_gets_its_turn_however_many_changes_there_are() {
    let (queue, now) = (Queue::new(Shares::of(1)), Instant::now());
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
    let (queue, now) = (Queue::new(Shares::of(4)), Instant::now());
    assert!(queue.add(&1, CHANGE, now));
    assert!(!queue.add(&1, CHANGE, now), "it waits already");
    assert_eq!(keys(&queue, now), [1]);
    queue.add(&1, CHANGE, now);
    queue.add(&1, ROUTINE, now);
    assert_eq!(keys(&queue, now), [0; 0], "it is in hand");
    queue.done(&1, Some((ROUTINE, SECOND)), now);
    assert_eq!(keys(&queue, now), [1]);
    queue.done(&1, None, now);
    assert_eq!((keys(&queue, now + 2 * SECOND), queue.next_due()), (vec![], None), "the second run had the last word");
    assert!(queue.state().entries.is_empty());
}

#[test]
fn a_retry_comes_when_its_time_has_come_unless_a_change_was_faster() {
    let (queue, now) = (Queue::new(Shares::of(4)), Instant::now());
    queue.add_after(&1, ROUTINE, SECOND, now);
    assert_eq!((keys(&queue, now).len(), queue.next_due()), (0, Some(now + SECOND)));
    let turn = queue.take(now + 3 * SECOND).unwrap();
    assert_eq!((turn.key, turn.waited), (1, 2 * SECOND));
    queue.done(&1, Some((ROUTINE, 10 * SECOND)), now);
    queue.add(&1, CHANGE, now);
    assert_eq!((keys(&queue, now), queue.next_due()), (vec![1], None));
}

#[test]
fn of_two_moments_the_earlier_counts_so_that_nobody_can_put_a_retry_off() {
    let (queue, now) = (Queue::new(Shares::of(4)), Instant::now());
    assert!(queue.add_after(&1, ROUTINE, 2 * SECOND, now));
    assert!(!queue.add_after(&1, ROUTINE, 60 * SECOND, now));
    assert_eq!(queue.next_due(), Some(now + 2 * SECOND));
    assert!(queue.add_after(&1, ROUTINE, SECOND, now));
    assert_eq!(keys(&queue, now + SECOND), [1]);
    queue.add_after(&1, ROUTINE, 2 * SECOND, now);
    queue.done(&1, Some((ROUTINE, 60 * SECOND)), now);
    assert_eq!(queue.next_due(), Some(now + 2 * SECOND), "asked for while it was in hand");
    assert_eq!(queue.state().timers.len(), 1);
}

#[test]
fn what_is_gone_leaves_nothing_behind() {
    let (queue, now) = (Queue::new(Shares::of(2)), Instant::now());
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
    assert!(state.entries.is_empty() && state.timers.is_empty() && state.in_hand.tasks().is_empty());
    assert!(state.ready.is_empty());
}

proptest! {
    /// Whatever happens in whatever order: nothing is in hand twice, no limit is passed, and everything that was added is handled.
    #[test]
    fn nothing_is_lost_and_nothing_is_done_twice_at_a_time(
        steps in proptest::collection::vec((0u8..6, 0u32..8, 0usize..7), 1..200), all in 1usize..6, per_host in 1usize..3
    ) {
        let tasks = [CHANGE, BACKLOG, ROUTINE, new_url("a"), look("a"), new_url("b"), look("b")];
        let (queue, start) = (Queue::new(Shares { all, urls: all, per_host }), Instant::now());
        let mut in_hand: Vec<Turn<u32>> = Vec::new();
        let mut wanted = std::collections::BTreeSet::new();
        let mut now = start;
        for (what, key, task) in steps {
            now += SECOND / 4;
            match what {
                0 | 1 => { queue.add(&key, tasks[task], now); wanted.insert(key); }
                2 => { queue.add_after(&key, tasks[task], SECOND, now); wanted.insert(key); }
                3 => { queue.forget(&key); wanted.remove(&key); }
                4 => if let Some(turn) = queue.take(now) {
                    prop_assert!(in_hand.iter().all(|other| other.key != turn.key));
                    wanted.remove(&turn.key);
                    in_hand.push(turn);
                    prop_assert!(in_hand.len() <= all);
                    for host in ["a", "b"] {
                        let lane = Lane::Url(Host::of(host));
                        prop_assert!(in_hand.iter().filter(|turn| turn.task.lane == lane).count() <= per_host);
                    }
                },
                _ => if let Some(turn) = in_hand.pop() { queue.done(&turn.key, None, now); },
            }
        }
        now += 10 * SECOND;
        for turn in in_hand.drain(..) { queue.done(&turn.key, None, now); }
        while let Some(turn) = queue.take(now) {
            wanted.remove(&turn.key);
            queue.done(&turn.key, None, now);
        }
        prop_assert!(wanted.is_empty(), "never handled: {:?}", wanted);
        let state = queue.state();
        prop_assert!(state.entries.is_empty() && state.ready.is_empty() && state.in_hand.tasks().is_empty());
    }
}
