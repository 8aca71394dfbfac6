//! What the status is made to say, and what it takes to write it.

use std::time::Instant;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use tracing::Instrument;
use tracing::field::Empty;

use crate::api::conditions::{READY, Verdict, conditions, find};
use crate::api::{ConferenceReport, ConferenceReportStatus};
use crate::controller::known::{Known, own};
use crate::controller::ledger::Written;
use crate::controller::outcome::Outcome;
use crate::controller::status;
use crate::controller::write::{self, Anew, WriteError};
use crate::runtime::traces::TARGET;

use super::Run;

/// The time in whole seconds, as Kubernetes keeps it.
fn now() -> Time {
    let now = Timestamp::now();
    Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
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

    /// The message where the text has not changed: what the status said while it was last Ready, unless `anew` says better.
    pub(super) async fn same_message(&self, anew: Option<String>) -> Result<String, WriteError> {
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
        // A condition that somebody else added is theirs: applying a status without it does not take it out.
        let known = self.known.conditions.iter().map(|condition| &condition.type_);
        let gone = known.filter(|type_| self.entry.distrusted && find(&made, type_).is_none());
        let gone: Vec<String> = gone.cloned().collect();
        let mut status = match analysis {
            Some(status) => status,
            None => self.whole_status().await?,
        };
        status.observed_generation = Some(observed);
        status.last_handled_reconcile_at = handled;
        status.conditions = made;
        self.apply(&status).await?;
        if !gone.is_empty() {
            self.remove(&gone).await?;
        }
        Ok(true)
    }

    async fn apply(&mut self, status: &ConferenceReportStatus) -> Result<(), WriteError> {
        let context = &self.scope.context;
        let (version, before) = (self.version.clone(), self.known.clone());
        // A status that somebody else has written meanwhile is not overwritten with what followed from the one before.
        let meanwhile = |live: &ConferenceReport| {
            if Known::of(live.status.as_ref()) == before { Anew::Same } else { Anew::Conflict }
        };
        let write = write::apply(&context.client, self.target, &version, status, context.api_timeout, meanwhile);
        self.put(Known::of(Some(status)), write).await
    }

    /// Takes out conditions that are still there although the status was applied without them.
    async fn remove(&mut self, types: &[String]) -> Result<(), WriteError> {
        let context = &self.scope.context;
        let (client, target, version, limit) =
            (&context.client, self.target, self.version.clone(), context.api_timeout);
        let Some(others) = write::conditions_without(client, target, &version, types, limit).await? else {
            return Ok(());
        };
        let write = write::leave_conditions(client, target, &version, &others, limit);
        self.put(self.known.clone(), write).await
    }

    /// Writes when it is the turn, and notes what came of it: the status says what is `known` then.
    async fn put(
        &mut self,
        known: Known,
        write: impl Future<Output = Result<Option<String>, WriteError>>,
    ) -> Result<(), WriteError> {
        let (context, ledger, uid) = (&self.scope.context, &self.scope.ledger, self.target.uid);
        let _place = context.precedence.enter(self.urgency, Instant::now()).await;
        let started = Instant::now();
        let span = tracing::info_span!(target: TARGET, "write", outcome = Empty);
        ledger.write_begins(uid);
        let written = write.instrument(span.clone()).await;
        let outcome = written.as_ref().map_or_else(WriteError::label, |_| "written");
        span.record("outcome", outcome);
        context.metrics.status_write(outcome);
        let version = written.as_ref().ok().cloned().flatten();
        let noted = version.clone().map(|resource_version| Written { resource_version, known: known.clone() });
        let now = Instant::now();
        if written.is_ok() && std::mem::take(&mut self.contested) {
            ledger.answered(uid, now);
        }
        self.overtaken = ledger.write_ended(uid, noted, now);
        written?;
        tracing::debug!(report = %self.id(), elapsed = ?started.elapsed(), "status written");
        self.known = known;
        if let Some(version) = version {
            self.version = version;
        }
        Ok(())
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
}
