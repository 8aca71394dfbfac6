//! What is remembered about one report, and how failures in a row are counted. Pure data.

use std::time::{Duration, Instant};

use crate::api::{ConfigMapVersion, Reason};
use crate::controller::inputs::{Inputs, is_newer};
use crate::controller::known::Known;
use crate::controller::outcome::Outcome;

/// Statuses of others that lie so far back have nothing to do with one of now.
pub(super) const DISPUTE_OVER: Duration = Duration::from_secs(3600);

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
    /// How often in a row a status of somebody else was answered by another one, and when last.
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
    /// How often in a row [`Self::to_say`] could not be written.
    pub unsaid: u32,
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
        self.unsaid = 0;
        self.retrying = false;
    }

    /// Somebody else has written the status: what was remembered of the one before is gone with it. What stands in the way of a text, and
    /// how long not to try again, does not depend on any status.
    pub(super) fn distrust(&mut self) {
        *self = Self {
            distrusted: true,
            disputes: self.disputes,
            inputs: self.inputs.take(),
            failures: self.failures,
            reason: self.reason,
            alike: self.alike,
            not_before: self.not_before,
            to_say: self.to_say.take(),
            unsaid: self.unsaid,
            retrying: self.retrying,
            ready: self.ready,
            ..Self::default()
        };
    }

    /// How often a status of somebody else was answered lately.
    pub(super) fn disputes_until(&self, now: Instant) -> u32 {
        let lately = |last: &Instant| now.saturating_duration_since(*last) < DISPUTE_OVER;
        self.disputes.filter(|(_, last)| lately(last)).map_or(0, |(disputes, _)| disputes)
    }

    /// The report is suspended, or being deleted: nobody waits for it, and nothing is tried.
    pub fn set_aside(&mut self) {
        self.ready = None;
        self.retrying = false;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::controller::inputs::MapState;

    pub fn inputs(config_map: MapState) -> Inputs {
        Inputs { generation: 1, requested_at: None, config_map, catalog_revision: None, catalog_fault: None }
    }

    pub fn failing(reason: Option<Reason>, failures: u32, alike: u32) -> Entry {
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

    #[test]
    fn a_report_whose_lost_write_turns_out_to_have_been_carried_out_is_no_longer_in_backoff() {
        let mut entry = Entry { failures: 3, not_before: Some(Instant::now()), retrying: true, ..Entry::default() };
        entry.rest();
        assert_eq!((entry.failures, entry.not_before, entry.retrying), (0, None, false));
    }
}
