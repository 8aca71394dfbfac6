//! What a run tells: the event, the word in the log, and through [`put`](super::put) the status; and what it remembers for the next one.

use std::time::{Duration, Instant};

use kube::Resource;
use tracing::Span;

use crate::api::Reason;
use crate::controller::inputs::{Inputs, MapState};
use crate::controller::ledger::Failures;
use crate::controller::outcome::{Notice, Outcome};
use crate::controller::plan::Subject;
use crate::controller::schedule::{after_foreign_write, backoff};
use crate::controller::status;
use crate::controller::write::WriteError;
use crate::source::FetchError;

use super::{End, Run, Step};

/// How a report stands after a run.
struct Standing {
    /// Whether its text could be had.
    ready: bool,
    /// Whether it is tried again because something failed.
    retrying: bool,
    /// What the status is to say, where the run failed.
    to_say: Option<Outcome>,
    /// How often in a row that could not be written.
    unsaid: u32,
}

impl Run<'_> {
    /// Writes what is to be written and remembers the run.
    pub(super) async fn settle(mut self, result: Result<Step, FetchError>, inputs: Inputs) -> End {
        let reason = result.as_ref().err().map(FetchError::reason);
        let failures = reason.map_or_else(Failures::default, |_| self.entry.failed(&inputs, reason));
        let before = self.known.clone();
        let (outcome, analysed, written) = match result {
            Err(error) => {
                let (generation, reason, runs) = (self.generation, error.reason(), failures.runs);
                tracing::info!(report = %self.id(), generation, %reason, %error, failures = runs, "report not analysed");
                let outcome = Outcome::of(&error, failures.alike);
                let said = outcome.is_worth_saying(failures.alike);
                let written = if said { self.say(&outcome, None).await } else { Ok(false) };
                (outcome, false, written)
            }
            Ok(Step::Analysed(status)) => {
                let outcome = Outcome::Done { message: status::message(&status) };
                let written = self.say(&outcome, Some(*status)).await;
                (outcome, true, written)
            }
            Ok(Step::Same(message)) => match self.same_message(message).await {
                Ok(message) => {
                    let outcome = Outcome::Done { message };
                    let written = self.say(&outcome, None).await;
                    (outcome, false, written)
                }
                Err(error) => return self.unwritten(&error, inputs, None),
            },
        };
        Span::current().record("reason", outcome.verdict().reason().as_str());
        match written {
            Err(error) => return self.unwritten(&error, inputs, Some(outcome).filter(Outcome::failed)),
            Ok(false) => self.scope.context.metrics.status_write("unchanged"),
            Ok(true) => {
                self.publish(outcome.notice(&before, analysed));
                if analysed {
                    let revision = self.known.source.as_ref().map(|source| source.revision.as_str());
                    let (generation, reason) = (self.generation, outcome.verdict().reason());
                    tracing::info!(report = %self.id(), generation, revision, %reason, "{}", outcome.message());
                }
            }
        }
        let next_try = outcome.next(self.target.uid, failures.runs, self.until_look());
        let end = End { label: outcome.label(), again: self.sooner_if_overtaken(next_try) };
        let (ready, retrying) = (!outcome.failed(), outcome.retries());
        let to_say = Some(outcome).filter(|outcome| outcome.failed() && outcome.is_worth_saying(failures.alike));
        self.remember(inputs, failures, next_try, Standing { ready, retrying, to_say, unsaid: 0 });
        end
    }

    /// When the report is handled again: as `again` says, or soon, if somebody else was seen to write its status while it was written.
    pub(super) fn sooner_if_overtaken(&self, again: Option<Duration>) -> Option<Duration> {
        let soon = self.overtaken.map(|answered| after_foreign_write(self.target.uid, answered));
        again.into_iter().chain(soon).min()
    }

    /// Nothing is to be tried now; but the status says what the last try failed with, whatever somebody else may have written there.
    pub(super) async fn wait(mut self, subject: &Subject, again: Option<Duration>) -> End {
        let Some(outcome) = self.entry.to_say.take() else {
            return self.leave(subject, again, |_| {});
        };
        let before = self.known.clone();
        match self.say(&outcome, None).await {
            Err(error) => self.unsaid(&error, again),
            Ok(written) => {
                self.publish(outcome.notice(&before, false).filter(|_| written));
                self.leave(subject, again, |entry| {
                    entry.retrying = outcome.retries();
                    entry.unsaid = 0;
                })
            }
        }
    }

    /// The status could not be written: nothing is lost, the run is repeated. Where there was no text either, `failed` says why: that is
    /// said later, without another try before its time.
    pub(super) fn unwritten(self, error: &WriteError, inputs: Inputs, failed: Option<Outcome>) -> End {
        if *error == WriteError::Gone {
            return self.gone();
        }
        let failures = self.entry.failed(&inputs, failed.as_ref().map(|outcome| outcome.verdict().reason()));
        let again = backoff(self.target.uid, failures.runs, error.after());
        let (generation, runs) = (self.generation, failures.runs);
        tracing::warn!(report = %self.id(), generation, %error, failures = runs, "status not written");
        let unsaid = failed.as_ref().map_or(0, |_| self.entry.unsaid.saturating_add(1));
        self.publish_refusal(error, if failed.is_some() { unsaid } else { runs });
        let next_try = match &failed {
            Some(outcome) => outcome.next(self.target.uid, runs, self.until_look()),
            None => Some(again),
        };
        let end = End { label: "error", again: self.sooner_if_overtaken(Some(again)) };
        let ready = self.known.is_ready();
        self.remember(inputs, failures, next_try, Standing { ready, retrying: true, to_say: failed, unsaid });
        end
    }

    /// What the last try failed with could not be said: that alone is repeated, and nothing is tried before its time.
    pub(super) fn unsaid(self, error: &WriteError, next_try: Option<Duration>) -> End {
        if *error == WriteError::Gone {
            return self.gone();
        }
        let failures = self.entry.unsaid.saturating_add(1);
        tracing::warn!(report = %self.id(), generation = self.generation, %error, failures, "status not written");
        self.publish_refusal(error, failures);
        self.scope.ledger.update(self.target.uid, |entry| entry.unsaid = failures);
        let again = backoff(self.target.uid, failures, error.after());
        End { label: "error", again: Some(next_try.map_or(again, |next_try| next_try.min(again))) }
    }

    /// The API server takes no status, for so many runs in a row: the first time, an event says so, since the status cannot.
    fn publish_refusal(&self, error: &WriteError, times: u32) {
        if error.is_final() && times == 1 {
            let note = format!("the status cannot be written: {error}");
            self.publish(Some(Notice { warning: true, reason: Reason::ApiError, note }));
        }
    }

    fn publish(&self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            self.scope.context.events.hand_in(self.report.object_ref(&()), notice);
        }
    }

    /// The report is no longer there.
    fn gone(self) -> End {
        self.scope.ledger.evict(self.target.uid);
        End { label: "success", again: None }
    }

    /// Remembers a run for the next one, which is to be tried after `next_try`.
    fn remember(self, inputs: Inputs, failures: Failures, next_try: Option<Duration>, standing: Standing) {
        let Failures { runs, reason, alike } = failures;
        let now = Instant::now();
        let next_look = self.until_look().map(|wait| now + wait);
        let analysed = if self.known.is_ready() { Some(self.known.observed_generation) } else { self.entry.analysed };
        self.scope.ledger.update(self.target.uid, |entry| {
            entry.watched = matches!(inputs.config_map, MapState::At(_));
            entry.not_before = next_try.filter(|_| runs > 0).map(|wait| now + wait);
            entry.inputs = Some(inputs);
            (entry.failures, entry.reason, entry.alike) = (runs, reason, alike);
            entry.next_look = next_look;
            entry.analysed = analysed;
            entry.ready = Some(standing.ready);
            entry.retrying = standing.retrying;
            entry.to_say = standing.to_say;
            entry.unsaid = standing.unsaid;
            // A version counts as checked only when its text is what the status tells about.
            if runs == 0 {
                entry.distrusted = false;
                entry.checked = self.entry.checked;
                entry.validators = self.entry.validators;
                entry.unchanged = self.entry.unchanged;
            }
        });
    }
}
