//! What the operator remembers about each report beside its status: tries, waits, and its own last write. Memory only; everything in
//! it may be lost at any time, at the cost of a read that would not have been needed.

mod entry;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::inputs::is_newer;
use super::known::Known;

pub use entry::{Entry, Failures, Written};

/// How many reports stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready ones.
    pub ready: usize,
    /// Others.
    pub not_ready: usize,
    /// Those that failed and are tried again by themselves.
    pub in_backoff: usize,
}

/// The memory of all reports, by UID.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<HashMap<String, Entry>>,
    /// Whether this process writes: before, every status is somebody else's, and rightly so.
    leads: AtomicBool,
}

impl Ledger {
    /// From now on this process writes.
    pub fn lead(&self) {
        self.leads.store(true, Ordering::Release);
    }

    /// What is remembered about a report.
    pub fn get(&self, uid: &str) -> Entry {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(uid).cloned().unwrap_or_default()
    }

    /// A run begins, the only one for this report. Gives what is remembered about it, and whether somebody else has written its status since
    /// the last run: what was remembered of the status before is forgotten then.
    pub fn run_begins(&self, uid: &str) -> (Entry, bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get_mut(uid) else {
            return (Entry::default(), false);
        };
        entry.writing = false;
        let contested = entry.unexplained.is_some();
        if contested {
            entry.distrust();
        }
        (entry.clone(), contested)
    }

    /// A status of somebody else was answered by another one.
    pub fn answered(&self, uid: &str, now: Instant) {
        self.update(uid, |entry| entry.disputes = Some((entry.disputes_until(now).saturating_add(1), now)));
    }

    /// Changes what is remembered about a report, if the watch shows it: a run that ends after its report was deleted leaves nothing
    /// behind.
    pub fn update(&self, uid: &str, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get_mut(uid).map(change);
    }

    /// The watch shows another status of the report than before, in this version. If somebody else wrote it, gives how often that was
    /// answered lately.
    ///
    /// While an own write is on its way, nobody knows whose it is: the watch may show a write before the answer to it arrives. The end of
    /// the write tells then, see [`Self::write_ended`].
    pub fn status_changed(&self, uid: &str, resource_version: &str, status: &Known, now: Instant) -> Option<u32> {
        if !self.leads.load(Ordering::Acquire) {
            return None;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(uid.to_owned()).or_default();
        let own = entry
            .written
            .as_ref()
            .is_some_and(|written| !is_newer(resource_version, &written.resource_version) || written.known == *status);
        if !own {
            entry.unexplained = Some(resource_version.to_owned());
        }
        (!own && !entry.writing).then(|| entry.disputes_until(now))
    }

    /// A status is about to be written.
    pub fn write_begins(&self, uid: &str) {
        self.update(uid, |entry| entry.writing = true);
    }

    /// The write has ended; `written` is none where it failed, or may have. What the watch has shown meanwhile was either what was written,
    /// or what it was written over. Gives whether it was something else, so that the report has to be looked at once more:
    /// then, how often that was answered lately.
    pub fn write_ended(&self, uid: &str, written: Option<Written>, now: Instant) -> Option<u32> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get_mut(uid)?;
        entry.writing = false;
        if let Some(written) = written {
            let shown = entry.unexplained.take_if(|shown| !is_newer(shown, &written.resource_version));
            entry.written = (shown.as_ref() != Some(&written.resource_version)).then_some(written);
        }
        entry.unexplained.as_ref().map(|_| entry.disputes_until(now))
    }

    /// The watch shows a version of the report: from now on something may be remembered about it, and an own write that is not newer
    /// need not be kept any longer.
    pub fn seen(&self, uid: &str, resource_version: &str) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(uid.to_owned()).or_default();
        if entry.written.as_ref().is_some_and(|written| !is_newer(&written.resource_version, resource_version)) {
            entry.written = None;
        }
    }

    /// Forgets a report.
    pub fn evict(&self, uid: &str) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// How many reports stand how.
    pub fn counts(&self) -> Counts {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values().fold(Counts::default(), |mut counts, entry| {
            counts.ready += usize::from(entry.ready == Some(true));
            counts.not_ready += usize::from(entry.ready == Some(false));
            counts.in_backoff += usize::from(entry.retrying);
            counts
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::entry::DISPUTE_OVER;
    use super::entry::tests::{failing, inputs};
    use super::*;
    use crate::api::Reason;
    use crate::controller::inputs::MapState;
    use crate::controller::outcome::Outcome;

    fn known(generation: i64) -> Known {
        Known { observed_generation: generation, ..Known::default() }
    }

    #[test]
    fn an_own_write_counts_until_the_watch_shows_it_or_something_newer() {
        let ledger = Ledger::default();
        ledger.seen("u", "1");
        ledger.update("u", |entry| {
            entry.written = Some(Written { resource_version: "10".into(), known: known(2) });
        });
        let newest = |seen: &str, generation| ledger.get("u").newest(seen, known(generation));
        assert_eq!(newest("9", 1), ("10".to_owned(), known(2)), "the watch lags");
        assert_eq!(newest("10", 2), ("10".to_owned(), known(2)));
        assert_eq!(newest("11", 3), ("11".to_owned(), known(3)), "somebody wrote after us");
        ledger.seen("u", "9");
        assert!(ledger.get("u").written.is_some());
        ledger.seen("u", "11");
        assert!(ledger.get("u").written.is_none());
    }

    fn written(version: &str, generation: i64) -> Written {
        Written { resource_version: version.into(), known: known(generation) }
    }

    /// A ledger of a process that writes, and knows one report.
    fn leading() -> Ledger {
        let ledger = Ledger::default();
        ledger.lead();
        ledger.seen("u", "1");
        ledger
    }

    #[test]
    fn a_status_is_somebody_elses_unless_it_is_the_own_last_write_whichever_is_heard_of_first() {
        let (ledger, now) = (leading(), Instant::now());
        let changed = |version: &str, generation| ledger.status_changed("u", version, &known(generation), now);
        let ended = |written: Option<Written>| ledger.write_ended("u", written, now);
        // Whether the next run distrusts the status. What it then does is that it makes it anew.
        let distrusted = || {
            let distrusted = ledger.run_begins("u").0.distrusted;
            ledger.update("u", |entry| (entry.distrusted, entry.disputes) = (false, None));
            distrusted
        };

        ledger.write_begins("u");
        assert_eq!(ended(Some(written("10", 2))), None);
        assert_eq!(changed("9", 1), None, "an earlier one, still on its way");
        assert_eq!(changed("10", 2), None, "the write itself");
        assert_eq!(changed("12", 2), None, "the write, with something else that came after it");
        ledger.seen("u", "12");
        assert!(!distrusted());

        ledger.write_begins("u");
        assert_eq!(changed("14", 3), None, "the watch is faster than the answer: nobody is woken");
        assert_eq!(ended(Some(written("14", 3))), None, "it was the write itself");
        assert!(ledger.get("u").written.is_none(), "the watch has shown it already");
        assert!(!distrusted());

        assert_eq!(changed("16", -1), Some(0), "somebody emptied it");
        assert!(distrusted() && !distrusted(), "once");

        ledger.write_begins("u");
        assert_eq!(changed("19", -1), None, "somebody emptied it right after a write");
        assert_eq!(ended(Some(written("18", 4))), Some(0), "which the end of the write tells");
        assert!(distrusted());

        ledger.write_begins("u");
        assert_eq!(changed("21", 5), None, "carried out, but the answer was lost");
        assert_eq!(ended(None), Some(0), "it may be anybody's");
        assert_eq!(changed("23", -1), Some(0), "the write is over, whatever became of it");
    }

    #[test]
    fn who_stands_by_takes_no_status_for_somebody_elses() {
        let (ledger, now) = (Ledger::default(), Instant::now());
        ledger.seen("u", "1");
        assert_eq!(ledger.status_changed("u", "16", &known(2), now), None, "the leader's");
        ledger.lead();
        assert!(!ledger.run_begins("u").0.distrusted, "nor after it has taken over");
        assert_eq!(ledger.status_changed("u", "18", &known(-1), now), Some(0));
    }

    #[test]
    fn statuses_of_others_are_counted_until_they_have_long_been_quiet() {
        let (ledger, now) = (leading(), Instant::now());
        let changed = |version: u64, at| ledger.status_changed("u", &version.to_string(), &known(-1), at);
        for answered in 0..5 {
            assert_eq!(changed(10 + u64::from(answered), now), Some(answered));
            ledger.run_begins("u");
            ledger.answered("u", now);
        }
        ledger.run_begins("u");
        assert_eq!(
            (changed(20, now), changed(21, now)),
            (Some(5), Some(5)),
            "a run that writes nothing answers nothing"
        );
        assert_eq!(changed(22, now + DISPUTE_OVER), Some(0), "an hour later");
    }

    #[test]
    fn who_writes_another_status_does_not_shorten_the_wait_after_a_failure() {
        let (ledger, now) = (leading(), Instant::now());
        let later = now + Duration::from_secs(3600);
        let patience = Outcome::Retry {
            reason: Reason::RateLimited,
            message: "the server asks for an hour".into(),
            after: None,
            hiccup: false,
        };
        ledger.update("u", |entry| {
            *entry = Entry {
                not_before: Some(later),
                to_say: Some(patience.clone()),
                retrying: true,
                next_look: Some(later),
                analysed: Some(1),
                watched: true,
                unchanged: 3,
                ready: Some(false),
                ..failing(Some(Reason::RateLimited), 7, 2)
            };
        });
        ledger.status_changed("u", "16", &known(-1), now);
        let (entry, contested) = ledger.run_begins("u");
        assert!(contested && !ledger.run_begins("u").1, "once");
        let tries = (entry.inputs, entry.failures, entry.reason, entry.alike, entry.not_before, entry.retrying);
        let before = (Some(inputs(MapState::Missing)), 7, Some(Reason::RateLimited), 2, Some(later), true);
        assert_eq!(tries, before, "what stands in the way does not depend on the status");
        assert_eq!((entry.to_say, entry.ready), (Some(patience), Some(false)), "and is said again");
        let of_the_status = (entry.next_look, entry.analysed, entry.watched, entry.unchanged);
        assert_eq!(of_the_status, (None, None, false, 0), "what was remembered of the status went with it");
    }

    #[test]
    fn a_write_that_never_ended_hides_nothing_from_the_next_run() {
        let (ledger, now) = (leading(), Instant::now());
        ledger.write_begins("u");
        assert!(!ledger.run_begins("u").0.writing);
        assert_eq!(ledger.status_changed("u", "16", &known(-1), now), Some(0));
    }

    #[test]
    fn deleted_reports_leave_nothing_behind_even_if_a_run_ends_later() {
        let ledger = Ledger::default();
        for n in 0..100 {
            let uid = format!("u{n}");
            ledger.seen(&uid, "1");
            ledger.update(&uid, |entry| {
                entry.ready = Some(n % 2 == 0);
                entry.retrying = n % 10 == 1;
            });
        }
        ledger.seen("suspended", "1");
        assert_eq!(ledger.counts(), Counts { ready: 50, not_ready: 50, in_backoff: 10 });
        for n in 1..100 {
            ledger.evict(&format!("u{n}"));
        }
        ledger.update("u7", |entry| entry.ready = Some(true));
        assert_eq!(ledger.counts(), Counts { ready: 1, not_ready: 0, in_backoff: 0 });
        assert!(ledger.get("u7").ready.is_none());
    }

    #[test]
    fn a_report_that_is_suspended_while_it_fails_counts_as_nothing() {
        let ledger = Ledger::default();
        ledger.seen("u", "1");
        ledger.update("u", |entry| {
            entry.ready = Some(false);
            entry.retrying = true;
        });
        assert_eq!(ledger.counts(), Counts { ready: 0, not_ready: 1, in_backoff: 1 });
        ledger.update("u", Entry::set_aside);
        assert_eq!(ledger.counts(), Counts::default());
    }
}
