//! What a run tells: the status, the event, the word in the log; and what it remembers for the next one.

use std::time::{Duration, Instant};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use kube::{Api, Resource};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::api::conditions::{READY, Verdict, conditions, find};
use crate::api::{ConferenceReport, ConferenceReportStatus, Reason};
use crate::controller::inputs::{Inputs, MapState};
use crate::controller::known::{Known, own};
use crate::controller::ledger::{Failures, Written};
use crate::controller::outcome::{Notice, Outcome};
use crate::controller::schedule::{after_foreign_write, backoff};
use crate::controller::status;
use crate::controller::write::{self, WriteError};
use crate::runtime::traces::TARGET;
use crate::source::FetchError;

use super::{End, Run, Step};

/// The time in whole seconds, as Kubernetes keeps it.
fn now() -> Time {
    let now = Timestamp::now();
    Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
}

/// How a report stands after a run.
struct Standing {
    /// Whether its text could be had.
    ready: bool,
    /// Whether it is tried again because something failed.
    retrying: bool,
    /// What the status is to say, where the run failed.
    to_say: Option<Outcome>,
}

impl Run<'_> {
    /// Says that a new generation is being worked on.
    pub(super) async fn announce(&mut self) -> Result<(), WriteError> {
        let mut status = self.whole_status().await?;
        status.conditions = conditions(
            &self.known.conditions,
            &Verdict::Progressing,
            "the text of the new spec is being fetched",
            self.generation,
            &now(),
        );
        self.apply(&status).await
    }

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
                if let Some(notice) = outcome.notice(&before, analysed) {
                    self.scope.context.events.hand_in(self.report.object_ref(&()), notice);
                }
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
        self.remember(inputs, failures, next_try, Standing { ready, retrying, to_say });
        end
    }

    /// The message where the text has not changed: what the status said while it was last Ready, unless `anew` says better.
    async fn same_message(&self, anew: Option<String>) -> Result<String, WriteError> {
        let said = find(&self.known.conditions, READY).filter(|ready| ready.status == "True");
        match anew.or_else(|| said.map(|ready| ready.message.clone())) {
            Some(message) => Ok(message),
            None => Ok(status::message(&self.whole_status().await?)),
        }
    }

    /// Brings the status to what the outcome says, on top of `analysis` or else of the last good one. Whether anything was written.
    pub(super) async fn say(
        &mut self,
        outcome: &Outcome,
        analysis: Option<ConferenceReportStatus>,
    ) -> Result<bool, WriteError> {
        let verdict = outcome.verdict();
        let made = conditions(&self.known.conditions, &verdict, outcome.message(), self.generation, &now());
        let observed = if verdict.observes() { self.generation } else { self.known.observed_generation };
        let handled = self.requested_at.clone().or_else(|| self.known.last_handled.clone());
        let unchanged = analysis.is_none()
            && made == self.known.conditions
            && observed == self.known.observed_generation
            && handled == self.known.last_handled;
        if unchanged {
            return Ok(false);
        }
        if self.entry.distrusted {
            self.remove_what_others_added(&made).await?;
        }
        let mut status = match analysis {
            Some(status) => status,
            None => self.whole_status().await?,
        };
        status.observed_generation = Some(observed);
        status.last_handled_reconcile_at = handled;
        status.conditions = made;
        self.apply(&status).await.map(|()| true)
    }

    /// Takes out the conditions of the operator's types that `made` has not: somebody else may have put them there.
    async fn remove_what_others_added(&mut self, made: &[Condition]) -> Result<(), WriteError> {
        let known = self.known.conditions.iter().map(|condition| &condition.type_);
        let added: Vec<String> = known.filter(|type_| find(made, type_).is_none()).cloned().collect();
        if added.is_empty() {
            return Ok(());
        }
        let context = &self.scope.context;
        let limit = context.api_timeout;
        self.scope.ledger.write_begins(self.target.uid);
        let removed = write::remove_conditions(&context.client, self.target, &added, limit).await;
        context.metrics.status_write(removed.as_ref().map_or_else(WriteError::label, |_| "written"));
        let mut known = self.known.clone();
        known.conditions.retain(|condition| !added.contains(&condition.type_));
        let version = removed.as_ref().ok().and_then(Clone::clone);
        self.note_write(version, known, removed.is_ok());
        removed.map(drop)
    }

    /// The status as it stands, with all that memory leaves out. Nothing is read for a report that was never analysed.
    pub(super) async fn whole_status(&self) -> Result<ConferenceReportStatus, WriteError> {
        let bare = || ConferenceReportStatus {
            observed_generation: Some(self.known.observed_generation),
            last_handled_reconcile_at: self.known.last_handled.clone(),
            conditions: self.known.conditions.clone(),
            ..ConferenceReportStatus::default()
        };
        if self.known.source.is_none() {
            return Ok(bare());
        }
        let limit = self.scope.context.api_timeout;
        let api: Api<ConferenceReport> = Api::namespaced(self.scope.context.client.clone(), self.target.namespace);
        let report = match tokio::time::timeout(limit, api.get_opt(self.target.name)).await {
            Ok(Ok(Some(report))) if report.metadata.uid.as_deref() == Some(self.target.uid) => report,
            Ok(Ok(_)) => return Err(WriteError::Gone),
            Ok(Err(error)) => return Err(WriteError::Failed(error.to_string())),
            Err(_) => return Err(WriteError::TimedOut(limit)),
        };
        let mut status = report.status.unwrap_or_else(bare);
        status.conditions = own(&status.conditions);
        Ok(status)
    }

    async fn apply(&mut self, status: &ConferenceReportStatus) -> Result<(), WriteError> {
        let context = &self.scope.context;
        let _place = context.precedence.enter(self.urgency, Instant::now()).await;
        let started = Instant::now();
        let span = tracing::info_span!(target: TARGET, "write", outcome = Empty);
        let (client, version, limit) = (&context.client, self.version.as_str(), context.api_timeout);
        let as_known = |live: &ConferenceReport| Known::of(live.status.as_ref()) == self.known;
        self.scope.ledger.write_begins(self.target.uid);
        let written =
            write::apply_to(client, self.target, version, status, limit, as_known).instrument(span.clone()).await;
        let outcome = written.as_ref().map_or_else(WriteError::label, |_| "written");
        span.record("outcome", outcome);
        context.metrics.status_write(outcome);
        let known = Known::of(Some(status));
        let version = written.as_ref().ok().and_then(Clone::clone);
        self.note_write(version, known, written.is_ok());
        written?;
        tracing::debug!(report = %self.id(), elapsed = ?started.elapsed(), "status written");
        Ok(())
    }

    /// A write has ended: what the status says now if it was `done`, and in which version, where that is known.
    fn note_write(&mut self, version: Option<String>, known: Known, done: bool) {
        let written = version.clone().map(|resource_version| Written { resource_version, known: known.clone() });
        self.overtaken = self.scope.ledger.write_ended(self.target.uid, written, Instant::now());
        if done {
            self.known = known;
        }
        if let Some(version) = version {
            self.version = version;
        }
    }

    /// When the report is handled again: as `again` says, or soon, if somebody else was seen to write its status while it was written.
    pub(super) fn sooner_if_overtaken(&self, again: Option<Duration>) -> Option<Duration> {
        let soon = self.overtaken.map(|answered| after_foreign_write(self.target.uid, answered));
        again.into_iter().chain(soon).min()
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
        if error.is_final() && runs == 1 {
            // The status itself cannot say it.
            let notice = Notice {
                warning: true,
                reason: Reason::ApiError,
                note: format!("the status cannot be written: {error}"),
            };
            self.scope.context.events.hand_in(self.report.object_ref(&()), notice);
        }
        let next_try = match &failed {
            Some(outcome) => outcome.next(self.target.uid, runs, self.until_look()),
            None => Some(again),
        };
        let end = End { label: "error", again: self.sooner_if_overtaken(Some(again)) };
        let ready = self.known.is_ready();
        self.remember(inputs, failures, next_try, Standing { ready, retrying: true, to_say: failed });
        end
    }

    /// What the last try failed with could not be said: that alone is repeated, and nothing is tried before its time.
    pub(super) fn unsaid(self, error: &WriteError, next_try: Option<Duration>) -> End {
        if *error == WriteError::Gone {
            return self.gone();
        }
        let failures = self.entry.failures.saturating_add(1);
        tracing::warn!(report = %self.id(), generation = self.generation, %error, failures, "status not written");
        self.scope.ledger.update(self.target.uid, |entry| entry.failures = failures);
        let again = backoff(self.target.uid, failures, error.after());
        End { label: "error", again: Some(next_try.map_or(again, |next_try| next_try.min(again))) }
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
