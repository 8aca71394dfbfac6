//! One run for one report: plan, fetch, analyse, write, remember. Each step is a module of its own; this one only strings them together.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::{Api, Resource};
use tokio_util::sync::CancellationToken;

use crate::analysis::Analyzer;
use crate::api::conditions::{READY, Verdict, conditions, find};
use crate::api::{ConferenceReport, ConferenceReportStatus, ConfigMapVersion, REQUESTED_AT_ANNOTATION, Reason};
use crate::runtime::queue::Urgency;
use crate::source::http::Validators;
use crate::source::{Fetch, FetchError, Fetched, SourceKind};

use super::context::Scope;
use super::fetch::{self, Fetcher};
use super::inputs::{Inputs, MapState};
use super::known::{Known, own};
use super::ledger::{Entry, Written};
use super::outcome::{Notice, Outcome};
use super::plan::{Plan, Subject, Work, decide};
use super::schedule::{backoff, parse_duration, until_next_look};
use super::status;
use super::write::{self, Target, WriteError};

/// Name of the controller in metrics.
pub const CONTROLLER: &str = "conferencereport";
/// Interval where the spec's cannot be read, which its schema does not allow.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);
/// After this many answers in a row that nothing has changed, a URL is asked for its text anyway: a server that is wrong about its
/// ETag or Last-Modified would otherwise hide a change for good. The digest then tells.
const TRUST: u32 = 24;

/// Handles a report and says after which time it is to be handled again by itself. Never fails: what goes wrong becomes a condition, a
/// wait, or a word in the log. Once `stop` is cancelled, looking and analysing are given up; what is being written is written.
pub async fn reconcile(
    report: &ConferenceReport,
    scope: &Scope,
    urgency: Urgency,
    stop: &CancellationToken,
) -> Option<Duration> {
    let run = Run::new(report, scope, urgency)?;
    let measured = scope.context.metrics.reconcile_started(CONTROLLER);
    let end = run.go(stop).await;
    measured.finish(end.label);
    end.again
}

/// How a run ended: the result for the metric, and when the report is handled again by itself.
struct End {
    label: &'static str,
    again: Option<Duration>,
}

/// What became of the text.
enum Step {
    /// It is the one that the status tells about.
    Same,
    /// It was analysed.
    Analysed(Box<ConferenceReportStatus>),
}

struct Run<'a> {
    report: &'a ConferenceReport,
    scope: &'a Scope,
    urgency: Urgency,
    target: Target<'a>,
    generation: i64,
    requested_at: Option<String>,
    kind: Result<SourceKind, FetchError>,
    entry: Entry,
    known: Known,
    /// The newest resource version that is known.
    version: String,
}

impl<'a> Run<'a> {
    fn new(report: &'a ConferenceReport, scope: &'a Scope, urgency: Urgency) -> Option<Self> {
        let metadata = &report.metadata;
        let uid = metadata.uid.as_deref()?;
        let entry = scope.ledger.get(uid);
        let version = metadata.resource_version.as_deref()?;
        let (version, known) = entry.newest(version, Known::of(report.status.as_ref()));
        Some(Self {
            report,
            scope,
            urgency,
            target: Target { namespace: metadata.namespace.as_deref()?, name: metadata.name.as_deref()?, uid },
            generation: metadata.generation.unwrap_or_default(),
            requested_at: metadata.annotations.as_ref().and_then(|all| all.get(REQUESTED_AT_ANNOTATION)).cloned(),
            kind: fetch::kind(&report.spec),
            entry,
            known,
            version,
        })
    }

    async fn go(mut self, stop: &CancellationToken) -> End {
        if self.report.metadata.deletion_timestamp.is_some() || self.report.spec.suspend {
            return End { label: "success", again: None };
        }
        let analyzer = self.analyzer().await;
        let subject = self.subject(analyzer.as_ref().ok());
        if self.entry.next_look.is_none() {
            self.entry.next_look = self.until_look().map(|wait| Instant::now() + wait);
        }
        let work = match decide(&subject, &self.known, &self.entry, Instant::now()) {
            Plan::Work(work) => work,
            Plan::Leave(again) => {
                let (ready, next_look) = (self.known.is_ready(), self.entry.next_look);
                self.scope.ledger.update(self.target.uid, |entry| {
                    entry.ready = Some(ready);
                    entry.next_look = next_look;
                    entry.watched = matches!(subject.inputs.config_map, MapState::At(_));
                });
                return End { label: if again.is_some() { "requeue_after" } else { "success" }, again };
            }
        };
        if work.announce
            && let Err(error) = self.announce().await
        {
            return self.unwritten(&error, subject.inputs);
        }
        let result = tokio::select! {
            result = self.work(analyzer, work, &subject) => result,
            () = stop.cancelled() => return End { label: "requeue_after", again: None },
        };
        self.settle(result, subject.inputs).await
    }

    async fn analyzer(&self) -> Result<Analyzer, FetchError> {
        let mut overlays = Vec::with_capacity(self.report.spec.catalog_refs.len());
        for reference in &self.report.spec.catalog_refs {
            overlays.push(self.scope.catalog(self.target.namespace, &reference.name).await?);
        }
        self.scope.context.analyzers.with(&overlays).await
    }

    fn subject(&self, analyzer: Option<&Analyzer>) -> Subject {
        let map = self.report.spec.source.config_map_ref.as_ref();
        Subject {
            deleted: false,
            suspended: false,
            // An impossible spec has no source to speak of; it stalls when the text is to be had.
            kind: self.kind.clone().unwrap_or(SourceKind::Inline),
            open_key: map.is_some_and(|map| map.key.is_none()),
            inputs: Inputs {
                generation: self.generation,
                requested_at: self.requested_at.clone(),
                config_map: self.map_state(),
                catalog_revision: analyzer.map(|analyzer| analyzer.catalog().revision.clone()),
            },
        }
    }

    /// What the watch knows about the ConfigMap.
    fn map_state(&self) -> MapState {
        let map = self.report.spec.source.config_map_ref.as_ref();
        map.map_or(MapState::NotUsed, |map| self.scope.map_state(self.target.namespace, &map.name))
    }

    /// Time until the next periodic look at a URL, or at a ConfigMap that is not watched.
    fn until_look(&self) -> Option<Duration> {
        let polled = matches!(self.kind, Ok(SourceKind::Http)) || self.map_state() == MapState::Unwatched;
        polled.then(|| {
            let interval = parse_duration(&self.report.spec.interval).unwrap_or(DEFAULT_INTERVAL);
            until_next_look(self.target.uid, interval, SystemTime::now())
        })
    }

    /// Says that a new generation is being worked on.
    async fn announce(&mut self) -> Result<(), WriteError> {
        let mut status = self.whole_status().await?;
        status.conditions = conditions(
            &self.known.conditions,
            &Verdict::Progressing,
            "the text of the new spec is being fetched",
            self.generation,
            &Time(Timestamp::now()),
        );
        self.apply(&status).await
    }

    /// Gets the text and, if it is another one, analyses it.
    async fn work(
        &mut self,
        analyzer: Result<Analyzer, FetchError>,
        work: Work,
        subject: &Subject,
    ) -> Result<Step, FetchError> {
        let kind = self.kind.clone()?;
        let analyzer = analyzer?;
        let context = &self.scope.context;
        let asked = self.requested_at.is_some() && self.requested_at != self.known.last_handled;
        let fetcher = Fetcher {
            client: &context.client,
            http: &context.http,
            metrics: &context.metrics,
            config_map: match &subject.inputs.config_map {
                // Whoever asks for a run may have edited the ConfigMap a moment before, and expects that edit to be looked at.
                MapState::At(version) if !asked => Some(&version.resource_version),
                _ => None,
            },
            max_bytes: context.max_bytes,
            api_timeout: context.api_timeout,
        };
        let validators = if work.analysis_stands { self.validators() } else { None };
        let fetched = match fetcher.fetch(self.target.namespace, &self.report.spec, validators).await? {
            Fetch::Unchanged => {
                self.entry.unchanged = self.entry.unchanged.saturating_add(1);
                return Ok(Step::Same);
            }
            Fetch::Text(fetched) => Arc::new(*fetched),
        };
        self.note(&fetched);
        let same_text = self.known.source.as_ref().is_some_and(|source| source.revision == fetched.revision);
        // Another key with the same text may have another file name extension, and so another format.
        if work.analysis_stands && same_text && !subject.open_key {
            return Ok(Step::Same);
        }
        let started = Instant::now();
        let revision = analyzer.catalog().revision.clone();
        let (workers, spec) = (context.analyzers.workers(), self.report.spec.clone());
        let analysis = workers.analyse(self.urgency, Arc::clone(&fetched), spec, analyzer).await;
        context.metrics.analysed(started.elapsed(), fetched.bytes.len());
        let status = status::build(&analysis?, &fetched, kind, &revision);
        if work.analysis_stands && same_text && self.known.is_ready() && self.whole_is_same(&status).await {
            return Ok(Step::Same);
        }
        Ok(Step::Analysed(Box::new(status)))
    }

    /// Whether an analysis that was made anew says what the status says already.
    async fn whole_is_same(&self, status: &ConferenceReportStatus) -> bool {
        let Ok(live) = self.whole_status().await else {
            return false;
        };
        let comparable = |status: &ConferenceReportStatus| ConferenceReportStatus {
            observed_generation: None,
            last_handled_reconcile_at: None,
            conditions: Vec::new(),
            source: None,
            ..status.clone()
        };
        comparable(&live) == comparable(status)
    }

    /// Remembers what a look found, so that the next one can be spared or made cheaper even if nothing is written.
    fn note(&mut self, fetched: &Fetched) {
        self.entry.checked =
            fetched.config_map.clone().map(|(uid, resource_version)| ConfigMapVersion { uid, resource_version });
        self.entry.validators = Some((fetched.etag.clone(), fetched.last_modified.clone()));
        self.entry.unchanged = 0;
    }

    fn validators(&self) -> Option<Validators> {
        if self.entry.unchanged >= TRUST {
            return None;
        }
        let (etag, last_modified) = match &self.entry.validators {
            Some(remembered) => remembered.clone(),
            None => self.known.source.as_ref().map(|source| (source.etag.clone(), source.last_modified.clone()))?,
        };
        (etag.is_some() || last_modified.is_some()).then_some(Validators { etag, last_modified })
    }

    /// Writes what is to be written and remembers the run.
    async fn settle(mut self, result: Result<Step, FetchError>, inputs: Inputs) -> End {
        let failed = result.is_err();
        let failures = match (failed, self.entry.inputs.as_ref() == Some(&inputs)) {
            (false, _) => 0,
            (true, true) => self.entry.failures.saturating_add(1),
            (true, false) => 1,
        };
        let before = self.known.clone();
        let (outcome, analysed, written) = match result {
            Err(error) => {
                let (generation, reason) = (self.generation, error.reason());
                tracing::info!(report = %self.id(), generation, %reason, %error, failures, "report not analysed");
                let outcome = Outcome::of(&error, failures);
                let written =
                    if outcome.is_worth_saying(failures) { self.say(&outcome, None).await } else { Ok(false) };
                (outcome, false, written)
            }
            Ok(Step::Analysed(status)) => {
                let outcome = Outcome::Done { message: status::message(&status) };
                let written = self.say(&outcome, Some(*status)).await;
                (outcome, true, written)
            }
            Ok(Step::Same) => match self.same_outcome().await {
                Ok(outcome) => {
                    let written = self.say(&outcome, None).await;
                    (outcome, false, written)
                }
                Err(error) => return self.unwritten(&error, inputs),
            },
        };
        match written {
            Err(error) => return self.unwritten(&error, inputs),
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
        let again = outcome.next(self.target.uid, failures, self.until_look());
        self.remember(inputs, failures, again, (!failed, outcome.retries()));
        End { label: outcome.label(), again }
    }

    /// The outcome where the text has not changed: what the status said while it was last Ready.
    async fn same_outcome(&self) -> Result<Outcome, WriteError> {
        let message = match find(&self.known.conditions, READY).filter(|ready| ready.status == "True") {
            Some(ready) => ready.message.clone(),
            None => status::message(&self.whole_status().await?),
        };
        Ok(Outcome::Done { message })
    }

    /// Brings the status to what the outcome says, on top of `analysis` or else of the last good one. Whether anything was written.
    async fn say(&mut self, outcome: &Outcome, analysis: Option<ConferenceReportStatus>) -> Result<bool, WriteError> {
        let verdict = outcome.verdict();
        let now = Time(Timestamp::now());
        let made = conditions(&self.known.conditions, &verdict, outcome.message(), self.generation, &now);
        let observed = if verdict.observes() { self.generation } else { self.known.observed_generation };
        let handled = self.requested_at.clone().or_else(|| self.known.last_handled.clone());
        let unchanged = analysis.is_none()
            && made == self.known.conditions
            && observed == self.known.observed_generation
            && handled == self.known.last_handled;
        if unchanged {
            return Ok(false);
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

    /// The status as it stands, with all that memory leaves out. Nothing is read for a report that was never analysed.
    async fn whole_status(&self) -> Result<ConferenceReportStatus, WriteError> {
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
        let started = Instant::now();
        let written =
            write::apply::<ConferenceReport>(&context.client, self.target, &self.version, status, context.api_timeout)
                .await;
        context.metrics.status_write(written.as_ref().map_or_else(WriteError::label, |_| "written"));
        let resource_version = written?;
        tracing::debug!(report = %self.id(), elapsed = ?started.elapsed(), "status written");
        self.known = Known::of(Some(status));
        if let Some(version) = &resource_version {
            self.version.clone_from(version);
        }
        let written = resource_version.map(|resource_version| Written { resource_version, known: self.known.clone() });
        self.scope.ledger.update(self.target.uid, |entry| entry.written = written);
        // Should the watch have shown the write before it is noted here, the note stays until the next change of the report: a
        // little memory, no harm, since what the watch shows counts as soon as it is as new.
        Ok(())
    }

    /// The status could not be written: nothing is lost, the run is repeated.
    fn unwritten(self, error: &WriteError, inputs: Inputs) -> End {
        if *error == WriteError::Gone {
            self.scope.ledger.evict(self.target.uid);
            return End { label: "success", again: None };
        }
        let failures = self.entry.failures.saturating_add(1);
        let again = backoff(self.target.uid, failures, error.after());
        tracing::warn!(report = %self.id(), generation = self.generation, %error, failures, "status not written");
        if error.is_final() && failures == 1 {
            // The status itself cannot say it.
            let notice = Notice {
                warning: true,
                reason: Reason::ApiError,
                note: format!("the status cannot be written: {error}"),
            };
            self.scope.context.events.hand_in(self.report.object_ref(&()), notice);
        }
        let ready = self.known.is_ready();
        self.remember(inputs, failures, Some(again), (ready, true));
        End { label: "error", again: Some(again) }
    }

    fn remember(self, inputs: Inputs, failures: u32, again: Option<Duration>, (ready, retrying): (bool, bool)) {
        let now = Instant::now();
        let next_look = self.until_look().map(|wait| now + wait);
        let analysed = if self.known.is_ready() { Some(self.known.observed_generation) } else { self.entry.analysed };
        self.scope.ledger.update(self.target.uid, |entry| {
            entry.watched = matches!(inputs.config_map, MapState::At(_));
            entry.not_before = again.filter(|_| failures > 0).map(|wait| now + wait);
            entry.inputs = Some(inputs);
            entry.failures = failures;
            entry.next_look = next_look;
            entry.analysed = analysed;
            entry.ready = Some(ready);
            entry.retrying = retrying;
            // A version counts as checked only when its text is what the status tells about.
            if failures == 0 {
                entry.checked = self.entry.checked;
                entry.validators = self.entry.validators;
                entry.unchanged = self.entry.unchanged;
            }
        });
    }

    fn id(&self) -> String {
        format!("{}/{}", self.target.namespace, self.target.name)
    }
}
