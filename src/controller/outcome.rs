//! What came of a run, and all that follows from it, in one place: conditions, next look, event, metric. Pure functions.

use std::time::Duration;

use crate::api::Reason;
use crate::api::conditions::Verdict;
use crate::source::{Disposition, FetchError};

use super::known::Known;
use super::schedule::{BACKOFF_LONGEST, backoff};

/// From this many failures in a row on, a failing Kubernetes API is said in the status: a hiccup of the API server is not the
/// report's failure, and writing to a server that just failed seldom helps.
const API_FAILURES_BEFORE_SAYING: u32 = 3;

/// From this many time-outs of an analysis in a row on, it is the text's fault and not that of a busy machine. Trying on would keep the
/// cores from other reports.
const TIMEOUTS_BEFORE_STALLING: u32 = 3;

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The status tells what the text says.
    Done {
        /// What was found, in a few words.
        message: String,
    },
    /// Something that the spec refers to is missing.
    Waiting {
        /// Why.
        reason: Reason,
        /// Why, for people.
        message: String,
    },
    /// It failed and may work later.
    Retry {
        /// Why.
        reason: Reason,
        /// Why, for people.
        message: String,
        /// The least time to wait, where the other side named one.
        after: Option<Duration>,
        /// Whether this may be a mere hiccup of the Kubernetes API.
        hiccup: bool,
    },
    /// Only a change by the user helps.
    Stalled {
        /// Why.
        reason: Reason,
        /// Why, for people.
        message: String,
    },
}

/// An event to be published on the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is a warning.
    pub warning: bool,
    /// Reason, the same word as in the condition.
    pub reason: Reason,
    /// What happened.
    pub note: String,
}

impl Outcome {
    /// What a failure comes to, at the given number of failures in a row for the same reason, this one included.
    pub fn of(error: &FetchError, failures: u32) -> Self {
        let (reason, message) = (error.reason(), error.to_string());
        match error.disposition() {
            Disposition::Retry { .. } if reason == Reason::AnalysisTimedOut && failures >= TIMEOUTS_BEFORE_STALLING => {
                Self::Stalled { reason, message }
            }
            Disposition::Stalled => Self::Stalled { reason, message },
            Disposition::Waiting => Self::Waiting { reason, message },
            Disposition::Retry { after } => {
                let hiccup = matches!(error, FetchError::Api { forbidden: false, .. });
                // The API server may ask for some patience, but not switch the operator off.
                let longest = if reason == Reason::ApiError { BACKOFF_LONGEST } else { Duration::MAX };
                Self::Retry { reason, message, after: after.map(|after| after.min(longest)), hiccup }
            }
        }
    }

    /// The row of the truth table.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Done { .. } => Verdict::Succeeded,
            Self::Waiting { reason, .. } => Verdict::Waiting(*reason),
            Self::Retry { reason, .. } => Verdict::Retrying(*reason),
            Self::Stalled { reason, .. } => Verdict::Stalled(*reason),
        }
    }

    /// The message of the conditions.
    pub fn message(&self) -> &str {
        match self {
            Self::Done { message }
            | Self::Waiting { message, .. }
            | Self::Retry { message, .. }
            | Self::Stalled { message, .. } => message,
        }
    }

    /// Whether the run failed.
    pub const fn failed(&self) -> bool {
        !matches!(self, Self::Done { .. })
    }

    /// Whether the status is to say it, at the given number of failures in a row for the same reason, this one included.
    pub const fn is_worth_saying(&self, failures: u32) -> bool {
        !matches!(self, Self::Retry { hiccup: true, .. } if failures < API_FAILURES_BEFORE_SAYING)
    }

    /// Time until the next try by itself; none where only a change leads to one. `until_look` is the time until the next periodic
    /// look, for a URL.
    pub fn next(&self, uid: &str, failures: u32, until_look: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Done { .. } | Self::Stalled { .. } => until_look,
            Self::Waiting { .. } => Some(backoff(uid, failures, None)),
            Self::Retry { after, .. } => Some(backoff(uid, failures, *after)),
        }
    }

    /// The event, on change and recovery only. `known` is what the status said before; `changed` whether a new analysis was written.
    pub fn notice(&self, known: &Known, changed: bool) -> Option<Notice> {
        let reason = self.verdict().reason();
        let news = changed || known.reason() != Some(reason.as_str());
        news.then(|| Notice { warning: self.failed(), reason, note: self.message().to_owned() })
    }

    /// Whether the report is tried again by itself because it failed.
    pub const fn retries(&self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Retry { .. })
    }

    /// The `result` label of the reconcile metric.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Done { .. } => "success",
            Self::Waiting { .. } => "requeue_after",
            Self::Retry { .. } | Self::Stalled { .. } => "error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::conditions;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    const HOUR: Duration = Duration::from_secs(3600);

    fn known(outcome: &Outcome) -> Known {
        let epoch = Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH);
        Known { conditions: conditions(&[], &outcome.verdict(), outcome.message(), 1, &epoch), ..Known::default() }
    }

    fn limited(seconds: u64) -> Outcome {
        let after = Some(Duration::from_secs(seconds));
        Outcome::of(&FetchError::RateLimited { host: "example.org".into(), after }, 1)
    }

    #[test]
    fn each_failure_leads_to_its_row_its_wait_and_its_metric() {
        let done = Outcome::Done { message: "3 projects".into() };
        let waiting = Outcome::of(&FetchError::ConfigMapNotFound { name: "x".into() }, 1);
        let stalled = Outcome::of(&FetchError::TooLarge { limit: 9 }, 1);
        assert_eq!((done.verdict(), done.next("u", 0, None), done.label()), (Verdict::Succeeded, None, "success"));
        assert_eq!(done.next("u", 0, Some(HOUR)), Some(HOUR));
        assert_eq!(waiting.verdict(), Verdict::Waiting(Reason::ConfigMapNotFound));
        assert!(waiting.next("u", 1, None).is_some(), "a watch that cannot be had must not leave it asleep for good");
        assert_eq!(waiting.label(), "requeue_after");
        assert_eq!((stalled.verdict(), stalled.label()), (Verdict::Stalled(Reason::TooLarge), "error"));
        assert_eq!((stalled.next("u", 1, None), stalled.next("u", 1, Some(HOUR))), (None, Some(HOUR)));
        assert_eq!(limited(50).next("u", 1, Some(HOUR)), Some(Duration::from_secs(50)));
    }

    #[test]
    fn a_time_out_is_tried_again_before_it_is_taken_for_the_texts_fault() {
        let slow = FetchError::AnalysisTimedOut { what: "the analysis".into(), limit: HOUR };
        let rows: Vec<bool> = (1..=4).map(|failures| Outcome::of(&slow, failures).retries()).collect();
        assert_eq!(rows, [true, true, false, false]);
        assert_eq!(Outcome::of(&slow, 3).verdict(), Verdict::Stalled(Reason::AnalysisTimedOut));
    }

    #[test]
    fn a_stalled_url_that_has_an_interval_is_not_in_backoff() {
        assert!(limited(5).retries());
        let stalled = Outcome::of(&FetchError::UrlInvalid { problem: "no host".into() }, 1);
        assert!(!stalled.retries() && stalled.next("u", 1, Some(HOUR)) == Some(HOUR));
    }

    #[test]
    fn events_tell_changes_and_recoveries_and_nothing_twice() {
        let done = Outcome::Done { message: "3 projects".into() };
        assert!(done.notice(&Known::default(), true).is_some_and(|notice| !notice.warning));
        assert_eq!(done.notice(&known(&done), false), None);
        assert!(done.notice(&known(&done), true).is_some(), "another text");
        let failed = limited(5);
        assert!(failed.notice(&known(&done), false).is_some_and(|notice| notice.warning));
        assert_eq!(limited(6).notice(&known(&failed), false), None, "still the same failure");
        assert!(done.notice(&known(&failed), false).is_some(), "recovered");
    }

    #[test]
    fn a_server_of_texts_may_ask_for_hours_and_the_api_server_for_a_quarter_of_one() {
        let after = Some(2 * HOUR);
        let api = FetchError::Api { action: "read".into(), problem: "busy".into(), forbidden: false, after };
        assert_eq!(Outcome::of(&api, 1).next("u", 1, None), Some(BACKOFF_LONGEST));
        assert_eq!(limited(7200).next("u", 1, None), Some(2 * HOUR));
    }

    #[test]
    fn a_hiccup_of_the_api_is_said_only_when_it_persists_but_a_lack_of_permission_at_once() {
        let api = |forbidden| FetchError::Api { action: "read".into(), problem: "boom".into(), forbidden, after: None };
        let hiccup = Outcome::of(&api(false), 1);
        assert_eq!([1, 2, 3].map(|failures| hiccup.is_worth_saying(failures)), [false, false, true]);
        assert!(Outcome::of(&api(true), 1).is_worth_saying(1));
    }
}
