//! Edit to new status: ConfigMaps are edited at a steady rate, whether or not earlier edits were answered yet, and the time counts from
//! before the edit is sent until the driver's watch shows the status of the new text.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::IgnoredAny;
use testbed::progress::Step;

use crate::lab::{Lab, Site};
use crate::objects::{Objects, Sources};
use crate::observer::{Observer, Sighting};
use crate::subject::{Running, Subject, Task};
use crate::throughput::{all_ready, settle};
use testbed::usage::Surroundings;

/// Pause between edits.
const PAUSE: Duration = Duration::from_millis(50);
/// How long an edit may stay unanswered after the last one was sent.
const PATIENCE: Duration = Duration::from_secs(60);

/// What else goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing.
    Idle,
    /// A catalog that all reports refer to changes, again and again: all of them are analysed anew.
    Wave,
}

/// Latencies of one phase.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// Who answers the edits.
    pub subject: Subject,
    /// What else goes on.
    pub phase: Phase,
    /// Number of reports.
    pub reports: usize,
    /// Edits that were answered.
    pub answered: usize,
    /// Edits that were not.
    pub unanswered: usize,
    /// Statuses that the waves changed meanwhile.
    pub refreshed: usize,
    /// Milliseconds that half of the edits took at most.
    pub p50: f64,
    /// The same for 95 of 100.
    pub p95: f64,
    /// The same for 99 of 100.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
    /// What went on around.
    pub surroundings: Surroundings,
}

/// Measures all sizes, adding to the results.
///
/// # Errors
/// When a subject fails.
pub async fn measure(lab: &Lab, results: &mut Vec<Latency>) -> Result<()> {
    for &reports in &lab.settings.latency {
        results.extend(one_size(&lab.site().await?, reports).await?);
    }
    Ok(())
}

async fn one_size(site: &Site<'_>, reports: usize) -> Result<Vec<Latency>> {
    let step = Step::start(format!("Edit to status, {reports} reports"));
    step.note("creating the reports and having them analysed");
    let objects = site.objects("latency")?;
    objects.create(reports, Sources::WithCatalog).await?;
    let task = Task::all(&objects.namespace, reports);
    let mut observer = Observer::start(&site.client, &objects.namespace).await?;
    let first = site.lab.programs.start(Subject::Operator, &site.cluster, task)?;
    all_ready(&mut observer, reports, first.started).await?;
    // Events of the cold start would still be published for minutes; the next process knows nothing of them.
    first.stop();
    let mut operator = site.lab.programs.start(Subject::Operator, &site.cluster, task)?;
    operator.until_settled(reports).await?;
    settle().await;

    let edits = site.lab.settings.edits.unwrap_or(300);
    let mut run = Run { site, objects: &objects, observer, reports, edits, sent: 0, waves: 0 };
    let mut results = Vec::new();
    for phase in [Phase::Idle, Phase::Wave] {
        step.note(if phase == Phase::Idle { "editing" } else { "editing during waves" });
        results.push(run.measure(&operator, phase).await?);
    }
    operator.stop();
    settle().await;
    step.note("the floor");
    let mut bare = site.lab.programs.start(Subject::BareWatch, &site.cluster, task)?;
    settle().await;
    bare.must_be_alive()?;
    results.push(run.measure(&bare, Phase::Idle).await?);
    bare.stop();
    let shown: Vec<String> = results.iter().map(|it| format!("{:.1}", it.p50)).collect();
    step.done(&format!("p50 idle, in waves, floor: {} ms", shown.join(", ")));
    Ok(results)
}

struct Run<'a> {
    site: &'a Site<'a>,
    objects: &'a Objects<'a>,
    observer: Observer,
    reports: usize,
    edits: usize,
    /// Edits of all phases so far; makes each text differ from all before.
    sent: usize,
    waves: usize,
}

/// What is known while a phase goes on.
#[derive(Default)]
struct State {
    /// Revision that is waited for, and when its edit was sent, by name of the report.
    pending: HashMap<String, (String, Instant)>,
    millis: Vec<f64>,
    /// Statuses that were seen and answered no edit.
    refreshed: usize,
    /// Catalogs of this phase, the newest last, each with the reports that were seen with it.
    catalogs: Vec<(String, HashSet<String>)>,
}

impl Run<'_> {
    async fn measure(&mut self, running: &Running, phase: Phase) -> Result<Latency> {
        let meter = self.site.meter();
        let used = running.usage().cpu_seconds;
        let mut state = State::default();
        let mut ticks = tokio::time::interval(PAUSE);
        let begun = self.sent;
        if phase == Phase::Wave {
            self.next_wave().await?;
        }
        let mut patience = None;
        loop {
            let sending = self.sent - begun < self.edits;
            if !sending {
                let until = *patience.get_or_insert_with(|| tokio::time::Instant::now() + PATIENCE);
                if state.pending.is_empty() || tokio::time::Instant::now() >= until {
                    break;
                }
            }
            tokio::select! {
                sighting = self.observer.next() => {
                    state.take(sighting.context("the watch of the driver ended")?);
                    if sending && phase == Phase::Wave && state.wave_is_over(self.reports) {
                        self.next_wave().await?;
                    }
                }
                _ = ticks.tick() => if sending { self.edit(&mut state)? },
            }
        }
        if phase == Phase::Wave {
            self.calm(&mut state).await;
        }
        let surroundings = meter.stop_without(running.usage().cpu_seconds - used);
        Ok(state.latency(running.subject, phase, self.reports, surroundings))
    }

    /// Edits a report that waits for nothing. The order is that of a fixed stride through all.
    fn edit(&mut self, state: &mut State) -> Result<()> {
        let stride = 7919;
        let free = (0..self.reports)
            .map(|skipped| (self.sent.wrapping_mul(stride) + skipped) % self.reports)
            .find(|report| !state.pending.contains_key(&crate::workload::name(*report)));
        // All are waited for: the edit is left out, and those that are waited for tell.
        let Some(report) = free else {
            self.sent += 1;
            return Ok(());
        };
        self.sent += 1;
        let (revision, request) = self.objects.edit(report, self.sent)?;
        state.pending.insert(crate::workload::name(report), (revision, Instant::now()));
        let client = self.site.client.clone();
        tokio::spawn(async move {
            if let Err(error) = client.request::<IgnoredAny>(request).await {
                eprintln!("    an edit failed: {error}");
            }
        });
        Ok(())
    }

    async fn next_wave(&mut self) -> Result<()> {
        self.waves += 1;
        self.objects.refresh(self.waves).await
    }

    /// Lets the last wave come to its end.
    async fn calm(&mut self, state: &mut State) {
        while let Ok(Some(sighting)) = tokio::time::timeout(Duration::from_secs(3), self.observer.next()).await {
            state.take(sighting);
        }
    }
}

impl State {
    fn take(&mut self, sighting: Sighting) {
        let waited = self.pending.get(&sighting.name);
        let answered = waited.is_some_and(|(revision, _)| sighting.revision.as_ref() == Some(revision));
        if !answered {
            self.refreshed += 1;
        } else if let Some((_, sent)) = self.pending.remove(&sighting.name) {
            self.millis.push(sighting.at.duration_since(sent).as_secs_f64() * 1e3);
        }
        if let Some(catalog) = sighting.catalog {
            match self.catalogs.iter_mut().find(|(known, _)| *known == catalog) {
                Some((_, reports)) => drop(reports.insert(sighting.name)),
                None => self.catalogs.push((catalog, HashSet::from([sighting.name]))),
            }
        }
    }

    /// Whether every report was seen with the newest catalog. A catalog that only edits have shown is the one from before the wave.
    fn wave_is_over(&self, reports: usize) -> bool {
        self.catalogs.last().is_some_and(|(_, seen)| seen.len() >= reports)
    }

    fn latency(mut self, subject: Subject, phase: Phase, reports: usize, surroundings: Surroundings) -> Latency {
        self.millis.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * self.millis.len() as f64).ceil() as usize;
            self.millis.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
        };
        Latency {
            subject,
            phase,
            reports,
            answered: self.millis.len(),
            unanswered: self.pending.len(),
            refreshed: self.refreshed,
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
            surroundings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(name: &str, revision: &str, catalog: &str) -> Sighting {
        let own = |text: &str| Some(text.to_owned());
        Sighting {
            name: name.to_owned(),
            revision: own(revision),
            catalog: own(catalog),
            ready: true,
            at: Instant::now(),
        }
    }

    #[test]
    fn an_edit_is_answered_by_the_status_of_its_own_text_only() {
        let mut state = State::default();
        state.pending.insert("a".to_owned(), ("new".to_owned(), Instant::now()));
        state.take(sighting("a", "old", "c"));
        assert_eq!((state.millis.len(), state.refreshed), (0, 1), "a refresh of the old text is no answer");
        state.take(sighting("a", "new", "c"));
        assert_eq!((state.millis.len(), state.pending.len()), (1, 0));
    }

    #[test]
    fn a_wave_is_over_when_all_reports_were_seen_with_the_newest_catalog() {
        let mut state = State::default();
        for (name, catalog) in [("a", "1"), ("b", "1"), ("a", "2")] {
            state.take(sighting(name, "r", catalog));
        }
        assert!(!state.wave_is_over(2));
        state.take(sighting("b", "2", "2"));
        assert!(state.wave_is_over(2));
    }

    #[test]
    fn percentiles_are_figures_that_were_measured() {
        let state = State { millis: (1..=200).rev().map(f64::from).collect(), ..State::default() };
        let latency = state.latency(Subject::Operator, Phase::Idle, 10, Surroundings::default());
        assert_eq!((latency.p50, latency.p95, latency.p99, latency.max), (100.0, 190.0, 198.0, 200.0));
    }
}
