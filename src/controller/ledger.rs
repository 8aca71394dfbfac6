//! What the operator remembers about each report beside its status: tries, waits, and its own last write. Memory only; everything in
//! it may be lost at any time, at the cost of a read that would not have been needed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{ConfigMapVersion, Reason};

use super::inputs::{Inputs, is_newer};
use super::known::Known;
use super::outcome::Outcome;

/// Statuses of others that lie so far back have nothing to do with one of now.
const DISPUTE_OVER: Duration = Duration::from_secs(3600);

/// A write of this operator that the watch has not delivered yet.
#[derive(Clone, Debug)]
pub struct Written {
    /// Resource version that the API server gave it.
    pub resource_version: String,
    /// What it says.
    pub known: Known,
}

/// What is remembered about one report.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Own last write, until the watch shows it: what the watch delivers may be older.
    pub written: Option<Written>,
    /// Whether a status is on its way: what the watch shows meanwhile may be just that.
    pub writing: bool,
    /// Version in which the watch has shown a status that was not known to be an own one; see [`Ledger::status_changed`].
    pub unexplained: Option<String>,
    /// Whether somebody else has written the status since it was last made from the text: anything in it may be theirs.
    pub distrusted: bool,
    /// How often in a row a status of somebody else was answered by a run, and when last.
    pub disputes: Option<(u32, Instant)>,
    /// Inputs of the last run.
    pub inputs: Option<Inputs>,
    /// Failed runs in a row with these inputs.
    pub failures: u32,
    /// See [`Failures::reason`].
    pub reason: Option<Reason>,
    /// See [`Failures::alike`].
    pub alike: u32,
    /// Not before this moment is a failed run repeated; none where only a change helps.
    pub not_before: Option<Instant>,
    /// What the last run failed with, if the status is to say it. Should it not, because a write failed or somebody else wrote, it is said
    /// without another try.
    pub to_say: Option<Outcome>,
    /// Whether it is tried again because it failed, and not just looked at again because it has an interval.
    pub retrying: bool,
    /// When the URL is looked at next.
    pub next_look: Option<Instant>,
    /// A later version of the ConfigMap that was found to hold the same text.
    pub checked: Option<ConfigMapVersion>,
    /// Generation that the analysis in the status was made for.
    pub analysed: Option<i64>,
    /// ETag and Last-Modified of an answer that brought the same text again.
    pub validators: Option<(Option<String>, Option<String>)>,
    /// How often in a row the server said that the text has not changed, without sending it.
    pub unchanged: u32,
    /// Whether the ConfigMap was under watch when the report was last handled.
    pub watched: bool,
    /// Whether the report was Ready when it was last handled; none before the first time.
    pub ready: Option<bool>,
}

/// Failed runs in a row with the same inputs, up to the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many there are.
    pub runs: u32,
    /// Why the last one had no text; none where it had, and the status could not be written.
    pub reason: Option<Reason>,
    /// How many at the end failed for that reason.
    pub alike: u32,
}

impl Entry {
    /// The failures in a row when a run with these inputs has failed as well, for this reason; see [`Failures::reason`].
    pub fn failed(&self, inputs: &Inputs, reason: Option<Reason>) -> Failures {
        if self.inputs.as_ref() != Some(inputs) {
            return Failures { runs: 1, reason, alike: 1 };
        }
        if reason == Some(Reason::OperatorBusy) {
            // It was not tried at all: what it failed for before is neither refuted nor confirmed.
            return Failures { runs: self.failures.saturating_add(1), reason: self.reason, alike: self.alike };
        }
        // Whoever has the text has got past what was in the way; but a Kubernetes API that is in trouble fails reads and writes alike.
        let past = reason.is_none() && self.reason.is_some_and(|before| before != Reason::ApiError);
        Failures {
            runs: if past { 1 } else { self.failures.saturating_add(1) },
            reason,
            alike: if self.reason == reason { self.alike.saturating_add(1) } else { 1 },
        }
    }

    /// The newer of what the watch shows and what was written, with its resource version.
    pub fn newest(&self, resource_version: &str, seen: Known) -> (String, Known) {
        match &self.written {
            Some(written) if is_newer(&written.resource_version, resource_version) => {
                (written.resource_version.clone(), written.known.clone())
            }
            _ => (resource_version.to_owned(), seen),
        }
    }

    /// All is done: should a run have failed before, what it could not do was done all the same, or is no longer to be done.
    pub fn rest(&mut self) {
        self.failures = 0;
        self.reason = None;
        self.alike = 0;
        self.not_before = None;
        self.to_say = None;
        self.retrying = false;
    }

    /// Somebody else has written the status: what was remembered of the one before is gone with it. What stands in the way of a text, and
    /// how long not to try again, does not depend on any status.
    fn distrust(&mut self, now: Instant) {
        let disputes = self.disputes_until(now).saturating_add(1);
        *self = Self {
            distrusted: true,
            disputes: Some((disputes, now)),
            inputs: self.inputs.take(),
            failures: self.failures,
            reason: self.reason,
            alike: self.alike,
            not_before: self.not_before,
            to_say: self.to_say.take(),
            retrying: self.retrying,
            ready: self.ready,
            ..Self::default()
        };
    }

    /// How often a status of somebody else was answered lately.
    fn disputes_until(&self, now: Instant) -> u32 {
        let lately = |last: &Instant| now.saturating_duration_since(*last) < DISPUTE_OVER;
        self.disputes.filter(|(_, last)| lately(last)).map_or(0, |(disputes, _)| disputes)
    }

    /// The report is suspended, or being deleted: nobody waits for it, and nothing is tried.
    pub fn set_aside(&mut self) {
        self.ready = None;
        self.retrying = false;
    }
}

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

    /// A run begins, the only one for this report. Gives what is remembered about it; if somebody else has written its status, what was
    /// remembered of the one before is forgotten.
    pub fn run_begins(&self, uid: &str, now: Instant) -> Entry {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get_mut(uid) else {
            return Entry::default();
        };
        entry.writing = false;
        if entry.unexplained.is_some() {
            entry.distrust(now);
        }
        entry.clone()
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
    use super::*;
    use crate::controller::inputs::MapState;

    fn inputs(config_map: MapState) -> Inputs {
        Inputs { generation: 1, requested_at: None, config_map, catalog_revision: None, catalog_fault: None }
    }

    fn failing(reason: Option<Reason>, failures: u32, alike: u32) -> Entry {
        Entry { inputs: Some(inputs(MapState::Missing)), failures, reason, alike, ..Entry::default() }
    }

    #[test]
    fn waits_grow_while_the_same_is_in_the_way_and_begin_anew_once_it_is_not() {
        let runs = |before: Entry, inputs: &Inputs, reason| before.failed(inputs, reason).runs;
        let (same, other) = (inputs(MapState::Missing), inputs(MapState::NotUsed));
        let (absent, api) = (Some(Reason::SecretNotFound), Some(Reason::ApiError));
        assert_eq!(runs(failing(absent, 11, 11), &same, absent), 12);
        assert_eq!(runs(failing(absent, 11, 11), &same, Some(Reason::TimedOut)), 12, "still no text");
        assert_eq!(runs(failing(absent, 11, 11), &other, absent), 1, "something changed");
        assert_eq!(runs(failing(absent, 11, 11), &other, None), 1, "the ConfigMap appeared, the write failed");
        assert_eq!(runs(failing(absent, 11, 11), &same, None), 1, "the Secret appeared, the write failed");
        assert_eq!(runs(failing(None, 3, 3), &same, None), 4, "writes go on failing");
        assert_eq!(runs(failing(api, 3, 3), &same, None), 4, "the API goes on failing");
        assert_eq!(runs(failing(None, u32::MAX, u32::MAX), &same, None), u32::MAX);
    }

    #[test]
    fn failures_for_the_same_reason_are_counted_by_themselves() {
        let slow = Some(Reason::AnalysisTimedOut);
        let same = inputs(MapState::Missing);
        let after = |before: Option<Reason>| failing(before, 5, 2).failed(&same, slow);
        assert_eq!(after(Some(Reason::TimedOut)), Failures { runs: 6, reason: slow, alike: 1 });
        assert_eq!(after(slow), Failures { runs: 6, reason: slow, alike: 3 });
        assert_eq!(failing(slow, 5, 2).failed(&inputs(MapState::NotUsed), slow).alike, 1, "something changed");
    }

    #[test]
    fn a_run_that_found_no_place_neither_refutes_nor_confirms_what_was_in_the_way() {
        let (slow, busy) = (Some(Reason::AnalysisTimedOut), Some(Reason::OperatorBusy));
        let same = inputs(MapState::Missing);
        let between = failing(slow, 4, 2).failed(&same, busy);
        assert_eq!(between, Failures { runs: 5, reason: slow, alike: 2 });
        let entry = failing(between.reason, between.runs, between.alike);
        assert_eq!(entry.failed(&same, slow), Failures { runs: 6, reason: slow, alike: 3 });
        assert_eq!(failing(slow, 4, 2).failed(&inputs(MapState::NotUsed), busy).alike, 1, "something changed");
    }

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
            let distrusted = ledger.run_begins("u", now).distrusted;
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
        assert!(!ledger.run_begins("u", now).distrusted, "nor after it has taken over");
        assert_eq!(ledger.status_changed("u", "18", &known(-1), now), Some(0));
    }

    #[test]
    fn statuses_of_others_are_counted_until_they_have_long_been_quiet() {
        let (ledger, now) = (leading(), Instant::now());
        let changed = |version: u64, at| ledger.status_changed("u", &version.to_string(), &known(-1), at);
        for answered in 0..5 {
            assert_eq!(changed(10 + u64::from(answered), now), Some(answered));
            ledger.run_begins("u", now);
        }
        assert_eq!((changed(20, now), changed(21, now)), (Some(5), Some(5)), "two at once are one");
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
        let entry = ledger.run_begins("u", now);
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
        assert!(!ledger.run_begins("u", now).writing);
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
    fn a_report_whose_lost_write_turns_out_to_have_been_carried_out_is_no_longer_in_backoff() {
        let mut entry = Entry { failures: 3, not_before: Some(Instant::now()), retrying: true, ..Entry::default() };
        entry.rest();
        assert_eq!((entry.failures, entry.not_before, entry.retrying), (0, None, false));
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
