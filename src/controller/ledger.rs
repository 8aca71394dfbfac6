//! What the operator remembers about each report beside its status: tries, waits, and its own last write. Memory only; everything in
//! it may be lost at any time, at the cost of a read that would not have been needed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::api::{ConfigMapVersion, Reason};

use super::inputs::{Inputs, is_newer};
use super::known::Known;

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
    /// Version in which the watch has shown a status that was not known to be an own one; see [`Ledger::status_changed`].
    pub foreign: Option<String>,
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
        self.retrying = false;
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
pub struct Ledger(Mutex<HashMap<String, Entry>>);

impl Ledger {
    /// What is remembered about a report. Nothing is, from now on, if somebody else has written its status: all that was remembered went
    /// with the status of before.
    pub fn get(&self, uid: &str) -> Entry {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = entries.get_mut(uid) else {
            return Entry::default();
        };
        if entry.foreign.is_some() {
            *entry = Entry::default();
        }
        entry.clone()
    }

    /// Changes what is remembered about a report, if the watch shows it: a run that ends after its report was deleted leaves nothing
    /// behind.
    pub fn update(&self, uid: &str, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get_mut(uid).map(change);
    }

    /// The watch shows another status of the report than before, in this version. Gives whether it is not known to be an own one.
    ///
    /// An own write may be seen before it is noted; it is known as such from then on, see [`Self::wrote`].
    pub fn status_changed(&self, uid: &str, resource_version: &str, status: &Known) -> bool {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(uid.to_owned()).or_default();
        let own = entry
            .written
            .as_ref()
            .is_some_and(|written| !is_newer(resource_version, &written.resource_version) || written.known == *status);
        if !own {
            entry.foreign = Some(resource_version.to_owned());
        }
        !own
    }

    /// A status was written. What the watch has shown meanwhile was either just that, or what it was written over.
    pub fn wrote(&self, uid: &str, written: Written) {
        self.update(uid, |entry| {
            let shown = entry.foreign.take_if(|shown| !is_newer(shown, &written.resource_version));
            entry.written = (shown.as_ref() != Some(&written.resource_version)).then_some(written);
        });
    }

    /// The watch shows a version of the report: from now on something may be remembered about it, and an own write that is not newer
    /// need not be kept any longer.
    pub fn seen(&self, uid: &str, resource_version: &str) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(uid.to_owned()).or_default();
        if entry.written.as_ref().is_some_and(|written| !is_newer(&written.resource_version, resource_version)) {
            entry.written = None;
        }
    }

    /// Forgets a report.
    pub fn evict(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// How many reports stand how.
    pub fn counts(&self) -> Counts {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
        Inputs { generation: 1, requested_at: None, config_map, catalog_revision: None }
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

    #[test]
    fn a_status_is_foreign_unless_it_is_the_own_last_write_whichever_is_heard_of_first() {
        let ledger = Ledger::default();
        let written =
            |version: &str, generation| Written { resource_version: version.into(), known: known(generation) };
        let remembers = || ledger.get("u").inputs.is_some();
        let remember = || ledger.update("u", |entry| entry.inputs = Some(inputs(MapState::NotUsed)));
        ledger.seen("u", "1");
        remember();

        ledger.wrote("u", written("10", 2));
        assert!(!ledger.status_changed("u", "9", &known(1)), "an earlier one, still on its way");
        assert!(!ledger.status_changed("u", "10", &known(2)), "the write itself");
        assert!(!ledger.status_changed("u", "12", &known(2)), "the write, with something else that came after it");
        ledger.seen("u", "12");
        assert!(remembers());

        assert!(ledger.status_changed("u", "14", &known(3)), "the watch was faster than the answer");
        ledger.wrote("u", written("14", 3));
        assert!(remembers() && ledger.get("u").written.is_none(), "the watch has shown it already");

        assert!(ledger.status_changed("u", "16", &known(-1)), "somebody emptied it");
        assert!(!remembers(), "what was remembered went with the status of before");
        remember();
        assert!(remembers(), "once");

        assert!(ledger.status_changed("u", "19", &known(-1)), "somebody emptied it right after a write");
        ledger.wrote("u", written("18", 4));
        assert!(!remembers());
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
