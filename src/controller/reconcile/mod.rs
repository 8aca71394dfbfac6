//! One run for one report: plan, fetch, analyse, write, remember. Each step is a module of its own; this one only strings them together,
//! up to what became of the text, and [`tell`] does from there on, with what [`put`] writes.

mod put;
mod tell;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;

use crate::api::{ConferenceReport, ConferenceReportStatus, ConfigMapVersion, REQUESTED_AT_ANNOTATION, ReportCatalog};
use crate::runtime::queue::Urgency;
use crate::runtime::traces::TARGET;
use crate::source::http::Validators;
use crate::source::{Fetch, FetchError, Fetched, SourceKind};

use super::context::Scope;
use super::fetch::{self, Fetcher};
use super::inputs::{Inputs, MapState};
use super::known::Known;
use super::ledger::Entry;
use super::plan::{Plan, Subject, Work, decide};
use super::schedule::{parse_duration, until_next_look};
use super::status;
use super::write::Target;

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
    let span = tracing::info_span!(
        target: TARGET,
        "reconcile",
        report = %run.id(),
        generation = run.generation,
        ?urgency,
        outcome = Empty,
        reason = Empty,
        otel.status_code = Empty,
    );
    let end = run.go(stop).instrument(span.clone()).await;
    span.record("outcome", end.label);
    if end.label == "error" {
        span.record("otel.status_code", "ERROR");
    }
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
    /// It is the one that the status tells about. With the message that belongs to it, where the analysis was made anew.
    Same(Option<String>),
    /// It was analysed.
    Analysed(Box<ConferenceReportStatus>),
}

/// The catalogs that a report refers to, and the revision of the built-in one with them. They are compiled only when there is something to be
/// analysed.
struct Catalogs {
    overlays: Vec<Arc<ReportCatalog>>,
    revision: String,
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
    /// How often writes of others were answered lately, if somebody else was seen to write the status while this run did.
    overtaken: Option<u32>,
    /// Whether somebody else has written the status since the last run.
    contested: bool,
}

impl<'a> Run<'a> {
    fn new(report: &'a ConferenceReport, scope: &'a Scope, urgency: Urgency) -> Option<Self> {
        let metadata = &report.metadata;
        let uid = metadata.uid.as_deref()?;
        let (entry, contested) = scope.ledger.run_begins(uid);
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
            overtaken: None,
            contested,
        })
    }

    async fn go(mut self, stop: &CancellationToken) -> End {
        if self.report.metadata.deletion_timestamp.is_some() || self.report.spec.suspend {
            self.scope.ledger.update(self.target.uid, Entry::set_aside);
            return End { label: "success", again: None };
        }
        let catalogs = tokio::select! {
            catalogs = self.catalogs() => catalogs,
            () = stop.cancelled() => return End { label: "requeue_after", again: None },
        };
        let subject = self.subject(&catalogs);
        if self.entry.next_look.is_none() {
            self.entry.next_look = self.until_look().map(|wait| Instant::now() + wait);
        }
        let work = match decide(&subject, &self.known, &self.entry, Instant::now()) {
            Plan::Work(work) => {
                self.scope.context.precedence.begins(self.urgency, Instant::now());
                work
            }
            Plan::Leave(again) => return self.leave(&subject, again, Entry::rest),
            Plan::Wait(again) => return self.wait(&subject, again).await,
        };
        if work.announce
            && let Err(error) = self.announce().await
        {
            return self.unwritten(&error, subject.inputs, None);
        }
        let result = tokio::select! {
            result = self.work(catalogs, work, &subject) => result,
            () = stop.cancelled() => return End { label: "requeue_after", again: None },
        };
        self.settle(result, subject.inputs).await
    }

    /// Nothing is to be done now.
    fn leave(self, subject: &Subject, again: Option<Duration>, change: impl FnOnce(&mut Entry)) -> End {
        let (ready, next_look) = (self.known.is_ready(), self.entry.next_look);
        let again = self.sooner_if_overtaken(again);
        self.scope.ledger.update(self.target.uid, |entry| {
            change(entry);
            entry.ready = Some(ready);
            entry.next_look = next_look;
            entry.watched = matches!(subject.inputs.config_map, MapState::At(_));
        });
        End { label: if again.is_some() { "requeue_after" } else { "success" }, again }
    }

    async fn catalogs(&self) -> Result<Catalogs, FetchError> {
        let mut overlays = Vec::with_capacity(self.report.spec.catalog_refs.len());
        for reference in &self.report.spec.catalog_refs {
            overlays.push(self.scope.catalog(self.target.namespace, &reference.name).await?);
        }
        let revision = self.scope.context.analyzers.revision(&overlays)?;
        Ok(Catalogs { overlays, revision })
    }

    fn subject(&self, catalogs: &Result<Catalogs, FetchError>) -> Subject {
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
                catalog_revision: catalogs.as_ref().ok().map(|catalogs| catalogs.revision.clone()),
                catalog_fault: self.catalog_fault(catalogs.as_ref().err()),
            },
        }
    }

    /// What is wrong with the catalogs. While the API server cannot be asked, what it said last is taken to be true.
    fn catalog_fault(&self, error: Option<&FetchError>) -> Option<String> {
        match error? {
            fault if fault.is_of_catalog() => Some(fault.to_string()),
            _ => self.entry.inputs.as_ref().and_then(|inputs| inputs.catalog_fault.clone()),
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

    /// Gets the text and, if it is another one, analyses it.
    async fn work(
        &mut self,
        catalogs: Result<Catalogs, FetchError>,
        work: Work,
        subject: &Subject,
    ) -> Result<Step, FetchError> {
        let kind = self.kind.clone()?;
        let catalogs = catalogs?;
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
                return Ok(Step::Same(None));
            }
            Fetch::Text(fetched) => Arc::new(*fetched),
        };
        self.note(&fetched);
        let same_text = self.known.source.as_ref().is_some_and(|source| status::is_of(source, &fetched));
        // Another key with the same text may have another file name extension, and so another format.
        if work.analysis_stands && same_text && !subject.open_key {
            return Ok(Step::Same(None));
        }
        let analyzer = context.analyzers.with(&catalogs.overlays).await?;
        let started = Instant::now();
        let (workers, spec) = (context.analyzers.workers(), self.report.spec.clone());
        let span = tracing::info_span!(target: TARGET, "analyse", bytes = fetched.bytes.len(), outcome = Empty);
        let analysis =
            workers.analyse(self.urgency, Arc::clone(&fetched), spec, analyzer).instrument(span.clone()).await;
        span.record("outcome", analysis.as_ref().map_or_else(|error| error.reason().as_str(), |_| "success"));
        context.metrics.analysed(started.elapsed(), fetched.bytes.len());
        let status = status::build(&analysis?, &fetched, kind, &catalogs.revision);
        let may_be_same = work.analysis_stands || self.entry.distrusted;
        if may_be_same && same_text && self.known.is_ready() && self.whole_is_same(&status).await {
            return Ok(Step::Same(Some(status::message(&status))));
        }
        Ok(Step::Analysed(Box::new(status)))
    }

    /// Whether an analysis that was made anew says what the status says already.
    async fn whole_is_same(&self, status: &ConferenceReportStatus) -> bool {
        let Ok(live) = self.whole_status().await else {
            return false;
        };
        // The source tells where the same text was found at the time. Somebody else may have put anything there.
        let distrusted = self.entry.distrusted;
        let comparable = |status: &ConferenceReportStatus| ConferenceReportStatus {
            observed_generation: None,
            last_handled_reconcile_at: None,
            conditions: Vec::new(),
            source: status.source.clone().filter(|_| distrusted),
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

    fn id(&self) -> String {
        format!("{}/{}", self.target.namespace, self.target.name)
    }
}
