//! When a report is looked at again: the phase of its interval, and the waiting times after failures. Pure functions; the callers hold
//! the clock.

use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// Within this time after a start, URLs that failed before it are tried again.
const START: Duration = Duration::from_secs(10);
/// Wait after the first failure.
pub const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest wait after a failure, and the longest that the API server may ask for.
pub const BACKOFF_LONGEST: Duration = Duration::from_secs(15 * 60);
/// The longest wait that the server of a text may ask for.
pub const RETRY_AFTER_LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The longest wait before a status is put right that somebody else wrote for the first time.
const FOREIGN_WRITE: Duration = Duration::from_secs(60);
/// The shortest interval, whatever a spec says.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(60);

/// Time until the next look at a URL.
///
/// Looks happen at a phase of the interval that the object's UID fixes, counted from the epoch: many reports with the same interval
/// spread evenly over it, and a restart neither bunches their looks nor postpones them. An interval below a minute counts as one.
pub fn until_next_look(uid: &str, interval: Duration, now: SystemTime) -> Duration {
    let interval = millis(interval.max(SHORTEST_INTERVAL));
    let now = millis(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    let phase = spread(uid) % interval;
    let past_phase = (now % interval + interval - phase) % interval;
    Duration::from_millis(interval - past_phase)
}

/// Wait before try number `failures` + 1: doubling from [`BACKOFF_FIRST`] to [`BACKOFF_LONGEST`], less up to a fifth that differs
/// from object to object, so that those that failed together do not come back together. What the other side asked for (`after`)
/// lengthens it, up to [`RETRY_AFTER_LONGEST`].
pub fn backoff(uid: &str, failures: u32, after: Option<Duration>) -> Duration {
    less_a_part(doubled(BACKOFF_FIRST, failures.saturating_sub(1)), uid)
        .max(after.unwrap_or_default().min(RETRY_AFTER_LONGEST))
}

/// Time after a start until a URL that failed before it is tried again: what failed together does not come back together.
pub fn after_start(uid: &str) -> Duration {
    Duration::from_millis(spread(uid) % millis(START))
}

/// Time until a report is handled whose status somebody else wrote, when that was answered so often before: doubling from
/// [`FOREIGN_WRITE`] to [`BACKOFF_LONGEST`]. Two instances that both take a report for theirs, and do not agree, so write in turns and ever
/// more seldom.
pub fn after_foreign_write(uid: &str, answered: u32) -> Duration {
    less_a_part(doubled(FOREIGN_WRITE, answered), uid)
}

/// A wait, doubled so often, but at most [`BACKOFF_LONGEST`].
fn doubled(first: Duration, times: u32) -> Duration {
    let factor = 2u64.saturating_pow(times.min(32));
    first.saturating_mul(u32::try_from(factor).unwrap_or(u32::MAX)).min(BACKOFF_LONGEST)
}

/// A wait less up to a fifth that differs from object to object.
fn less_a_part(full: Duration, uid: &str) -> Duration {
    full.saturating_sub(Duration::from_millis(millis(full) / 5 * (spread(uid) % 1000) / 1000))
}

/// Reads a duration as the schema allows it: numbers, with or without a fraction, with the units ms, s, m and h: "1h30m", "1.5h".
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut total = 0.0_f64;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0)?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let units = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(units)?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = tail;
    }
    Duration::try_from_secs_f64(total).ok()
}

/// A number that is fixed for a UID and evenly spread over all UIDs.
fn spread(uid: &str) -> u64 {
    Sha256::digest(uid.as_bytes()).iter().take(7).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn durations_are_read_as_the_schema_allows_them() {
        for (text, seconds) in [("30s", 30.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("250ms", 0.25), ("0s", 0.0)] {
            assert_eq!(parse_duration(text).map(|d| d.as_secs_f64()), Some(seconds), "{text}");
        }
        for text in ["", "5", "h", "5d", "-5s", "1h 30m", "1..5s", "é", "5µs"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn the_phase_is_fixed_and_differs_between_objects() {
        let first = until_next_look("a", HOUR, at(1_000_000));
        assert_eq!(until_next_look("a", HOUR, at(1_000_000)), first);
        let look = at(1_000_000) + first;
        assert_eq!(until_next_look("a", HOUR, look), HOUR, "right after a look the next one is an interval away");
        assert_eq!(until_next_look("a", HOUR, look - Duration::from_secs(9)), Duration::from_secs(9));
        assert_ne!(until_next_look("b", HOUR, at(1_000_000)), first);
    }

    #[test]
    fn a_thousand_objects_spread_evenly_over_the_interval() {
        let mut tenths = [0; 10];
        for n in 0..1000 {
            let wait = until_next_look(&format!("0b5f{n:04}-9d1c"), HOUR, at(1_700_000_000));
            tenths[usize::try_from(wait.as_millis() * 10 / (HOUR.as_millis() + 1)).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (60..=140).contains(count)), "{tenths:?}");
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let first = backoff("a", 1, None);
        assert!(first <= BACKOFF_FIRST && first >= BACKOFF_FIRST * 4 / 5, "{first:?}");
        assert!(backoff("a", 4, None) >= Duration::from_millis(6400));
        for failures in [11, 40, u32::MAX] {
            let longest = backoff("a", failures, None);
            assert!(longest <= BACKOFF_LONGEST && longest >= BACKOFF_LONGEST * 4 / 5, "{longest:?}");
        }
        assert_eq!(backoff("a", 1, Some(Duration::from_secs(40))), Duration::from_secs(40));
        assert_eq!(backoff("a", 1, Some(HOUR)), HOUR, "who asks for an hour is left alone for an hour");
        assert_eq!(backoff("a", 1, Some(Duration::MAX)), RETRY_AFTER_LONGEST, "nobody can switch us off");
    }

    #[test]
    fn a_foreign_write_is_answered_within_a_minute_not_by_all_at_once_and_then_ever_later() {
        let waits: Vec<u64> = (0..100).map(|n| after_foreign_write(&format!("{n}"), 0).as_secs()).collect();
        assert!(waits.iter().all(|wait| (48..=60).contains(wait)), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait < 51) && waits.iter().any(|wait| *wait > 57), "{waits:?}");
        let answered: Vec<u64> = [1, 2, 3, 4, 40, u32::MAX].map(|n| after_foreign_write("a", n).as_secs()).to_vec();
        assert!(answered.is_sorted() && answered[0] >= 96 && answered[1] >= 192 && answered[5] <= 900, "{answered:?}");
    }

    proptest! {
        #[test]
        fn a_look_always_lies_within_one_interval(uid in ".{0,40}", interval in 0u64..10_000_000, now in 0u64..10_000_000_000) {
            let interval = Duration::from_secs(interval);
            let wait = until_next_look(&uid, interval, at(now));
            prop_assert!(wait > Duration::ZERO && wait <= interval.max(SHORTEST_INTERVAL));
        }

        #[test]
        fn no_text_makes_the_duration_parser_panic(text in ".{0,20}") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn waits_never_shrink_with_the_number_of_failures(uid in "[a-f0-9]{8}", failures in 1u32..60) {
            prop_assert!(backoff(&uid, failures, None) <= backoff(&uid, failures + 1, None));
        }
    }
}
