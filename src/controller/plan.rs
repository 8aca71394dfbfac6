//! What is to be done about a report, decided from what is known about it. Pure functions; the clock is handed in.
//!
//! This is where "nothing changed, nothing read, nothing written" is decided: a report whose inputs are those of its status is left
//! alone, whatever woke it.

use std::time::{Duration, Instant};

use crate::analysis::ANALYZER_VERSION;
use crate::api::conditions::{READY, find};
use crate::source::SourceKind;

use super::inputs::{Inputs, MapState, is_newer};
use super::known::Known;
use super::ledger::Entry;

/// A report as far as planning goes.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Whether it is being deleted.
    pub deleted: bool,
    /// Whether its author suspended it.
    pub suspended: bool,
    /// Kind of its source.
    pub kind: SourceKind,
    /// Whether the spec leaves open which key of the ConfigMap holds the text.
    pub open_key: bool,
    /// Its inputs.
    pub inputs: Inputs,
}

impl Subject {
    /// Whether its source is looked at once an interval, because nobody tells when it changes.
    pub fn is_polled(&self) -> bool {
        self.kind == SourceKind::Http || self.inputs.config_map == MapState::Unwatched
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: all is done, until something changes or the time given has passed.
    Leave(Option<Duration>),
    /// Nothing yet: the last run failed. It is repeated when the time given has passed; none where only a change helps.
    Wait(Option<Duration>),
    /// The text is to be had.
    Work(Work),
}

/// How the text is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Whether the analysis in the status holds for these inputs as long as the text is the same.
    pub analysis_stands: bool,
    /// Whether to say beforehand that a new generation is being worked on, because a slow fetch lies ahead.
    pub announce: bool,
}

/// Decides.
pub fn decide(subject: &Subject, known: &Known, entry: &Entry, now: Instant) -> Plan {
    if subject.deleted || subject.suspended {
        return Plan::Leave(None);
    }
    let inputs = &subject.inputs;
    let handled = inputs.requested_at.is_none() || inputs.requested_at == known.last_handled;
    let observed = known.observed_generation == inputs.generation;
    let stands = analysis_stands(subject, known, entry);
    let until = |moment: Option<Instant>| moment.map(|moment| moment.saturating_duration_since(now));
    let until_look = until(entry.next_look).filter(|_| subject.is_polled());

    if handled && observed && known.is_ready() && stands {
        match subject.kind {
            SourceKind::Inline => return Plan::Leave(None),
            SourceKind::ConfigMap if holds_the_text(inputs, known, entry) => return Plan::Leave(None),
            // The last look failed, or what it found could not be written: it is repeated before the next one is due.
            _ if entry.failures > 0 => {}
            // It was watched until now: the label is gone, or the ConfigMap is.
            SourceKind::ConfigMap if !subject.is_polled() || entry.watched => {}
            SourceKind::ConfigMap | SourceKind::Http => {
                if let Some(wait) = until_look.filter(|wait| !wait.is_zero()) {
                    return Plan::Leave(Some(wait));
                }
            }
        }
    } else if handled
        && observed
        && known.is_stalled()
        && subject.is_polled()
        && entry.inputs.is_none()
        && !entry.distrusted
    {
        // After a restart, a source that needs its author is not fetched at once but when it would have been anyway.
        if let Some(wait) = until_look.filter(|wait| !wait.is_zero()) {
            return Plan::Leave(Some(wait));
        }
    }
    if entry.inputs.as_ref() == Some(inputs) && entry.failures > 0 {
        match until(entry.not_before) {
            Some(wait) if wait.is_zero() => {}
            wait => return Plan::Wait(wait),
        }
    }
    let tried = find(&known.conditions, READY).and_then(|ready| ready.observed_generation) == Some(inputs.generation);
    Plan::Work(Work {
        analysis_stands: stands,
        announce: subject.kind == SourceKind::Http && !observed && !tried && !entry.distrusted,
    })
}

/// Whether the analysis in the status was made from this spec, with this catalog and these rules.
///
/// `observedGeneration` alone does not tell: a stalled report has observed a spec whose text it never got.
fn analysis_stands(subject: &Subject, known: &Known, entry: &Entry) -> bool {
    let analysed = if known.is_ready() { Some(known.observed_generation) } else { entry.analysed };
    !entry.distrusted
        && analysed == Some(subject.inputs.generation)
        && known.source.as_ref().is_some_and(|source| source.kind == subject.kind.as_str())
        && known.analyzer_version.as_deref() == Some(ANALYZER_VERSION)
        && known.catalog_revision.is_some()
        && known.catalog_revision == subject.inputs.catalog_revision
}

/// Whether the ConfigMap is known to hold the text that was analysed.
fn holds_the_text(inputs: &Inputs, known: &Known, entry: &Entry) -> bool {
    let MapState::At(current) = &inputs.config_map else {
        return false;
    };
    let recorded = known.source.as_ref().and_then(|source| source.config_map.as_ref());
    [recorded, entry.checked.as_ref()]
        .into_iter()
        .flatten()
        .any(|version| version.uid == current.uid && !is_newer(&current.resource_version, &version.resource_version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::{Verdict, conditions};
    use crate::api::{ConfigMapVersion, Reason, SourceStatus};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    fn version(resource_version: &str) -> ConfigMapVersion {
        ConfigMapVersion { uid: "m".into(), resource_version: resource_version.into() }
    }

    fn subject(kind: SourceKind) -> Subject {
        Subject {
            deleted: false,
            suspended: false,
            kind,
            open_key: false,
            inputs: Inputs {
                generation: 2,
                requested_at: None,
                config_map: if kind == SourceKind::ConfigMap { MapState::At(version("7")) } else { MapState::NotUsed },
                catalog_revision: Some("sha256:c".into()),
                catalog_fault: None,
            },
        }
    }

    fn known(kind: SourceKind, verdict: &Verdict) -> Known {
        Known {
            observed_generation: if verdict.observes() { 2 } else { 1 },
            conditions: conditions(&[], verdict, "", 2, &Time(k8s_openapi::jiff::Timestamp::UNIX_EPOCH)),
            source: Some(SourceStatus {
                kind: kind.as_str().into(),
                config_map: Some(version("7")),
                ..SourceStatus::default()
            }),
            analyzer_version: Some(ANALYZER_VERSION.into()),
            catalog_revision: Some("sha256:c".into()),
            last_handled: None,
        }
    }

    const KINDS: [SourceKind; 3] = [SourceKind::ConfigMap, SourceKind::Http, SourceKind::Inline];
    const MINUTE: Duration = Duration::from_secs(60);

    fn looking_in_a_minute(now: Instant) -> Entry {
        Entry { next_look: Some(now + MINUTE), ..Entry::default() }
    }

    #[test]
    fn a_finished_report_is_left_alone_after_a_restart() {
        let now = Instant::now();
        for kind in KINDS {
            let plan = decide(&subject(kind), &known(kind, &Verdict::Succeeded), &looking_in_a_minute(now), now);
            let wait = (kind == SourceKind::Http).then_some(MINUTE);
            assert_eq!(plan, Plan::Leave(wait), "{kind:?}");
        }
    }

    #[test]
    fn suspended_and_deleted_reports_are_not_touched() {
        let now = Instant::now();
        for kind in KINDS {
            let never_seen = Known { observed_generation: -1, ..Known::default() };
            let suspended = Subject { suspended: true, ..subject(kind) };
            let deleted = Subject { deleted: true, ..subject(kind) };
            assert_eq!(decide(&suspended, &never_seen, &Entry::default(), now), Plan::Leave(None));
            assert_eq!(decide(&deleted, &never_seen, &Entry::default(), now), Plan::Leave(None));
        }
    }

    #[test]
    fn every_kind_of_change_leads_to_work() {
        let now = Instant::now();
        let entry = looking_in_a_minute(now);
        let ready = known(SourceKind::ConfigMap, &Verdict::Succeeded);
        let base = subject(SourceKind::ConfigMap);
        let changed = |change: fn(&mut Inputs)| {
            let mut subject = base.clone();
            change(&mut subject.inputs);
            decide(&subject, &ready, &entry, now)
        };
        let work = |analysis_stands| Plan::Work(Work { analysis_stands, announce: false });
        assert_eq!(changed(|inputs| inputs.generation = 3), work(false));
        assert_eq!(changed(|inputs| inputs.catalog_revision = Some("other".into())), work(false));
        assert_eq!(changed(|inputs| inputs.catalog_revision = None), work(false));
        assert_eq!(changed(|inputs| inputs.requested_at = Some("now".into())), work(true));
        assert_eq!(changed(|inputs| inputs.config_map = MapState::Missing), work(true));
        assert_eq!(changed(|inputs| inputs.config_map = MapState::Unknown), work(true));
        assert_eq!(changed(|inputs| inputs.config_map = MapState::At(version("8"))), work(true));
        let older_rules = Known { analyzer_version: Some("0.0.0".into()), ..ready.clone() };
        assert_eq!(decide(&base, &older_rules, &entry, now), work(false));
    }

    #[test]
    fn a_config_map_version_that_was_checked_or_is_stale_is_not_read_again() {
        let now = Instant::now();
        let ready = known(SourceKind::ConfigMap, &Verdict::Succeeded);
        let mut touched = subject(SourceKind::ConfigMap);
        touched.inputs.config_map = MapState::At(version("9"));
        let checked = Entry { checked: Some(version("9")), ..Entry::default() };
        assert_eq!(decide(&touched, &ready, &checked, now), Plan::Leave(None));
        touched.inputs.config_map = MapState::At(version("6"));
        assert_eq!(
            decide(&touched, &ready, &Entry::default(), now),
            Plan::Leave(None),
            "the watch lags behind the GET"
        );
        let recreated = ConfigMapVersion { uid: "other".into(), ..version("6") };
        touched.inputs.config_map = MapState::At(recreated);
        assert!(matches!(decide(&touched, &ready, &checked, now), Plan::Work(_)));
    }

    #[test]
    fn a_url_is_looked_at_when_its_time_has_come_and_announced_only_for_a_new_generation() {
        let now = Instant::now();
        let due = Entry { next_look: Some(now), ..Entry::default() };
        let ready = known(SourceKind::Http, &Verdict::Succeeded);
        let periodic = Plan::Work(Work { analysis_stands: true, announce: false });
        assert_eq!(decide(&subject(SourceKind::Http), &ready, &due, now), periodic);

        let mut edited = subject(SourceKind::Http);
        edited.inputs.generation = 3;
        let announced = Plan::Work(Work { analysis_stands: false, announce: true });
        assert_eq!(decide(&edited, &ready, &looking_in_a_minute(now), now), announced);
        let failing = known(SourceKind::Http, &Verdict::Retrying(Reason::TimedOut));
        let again = Plan::Work(Work { analysis_stands: false, announce: false });
        assert_eq!(decide(&subject(SourceKind::Http), &failing, &due, now), again, "a retry is no news");
    }

    #[test]
    fn a_config_map_that_is_not_watched_is_read_once_an_interval_and_when_it_leaves_the_watch() {
        let now = Instant::now();
        let ready = known(SourceKind::ConfigMap, &Verdict::Succeeded);
        let mut unwatched = subject(SourceKind::ConfigMap);
        unwatched.inputs.config_map = MapState::Unwatched;
        let later = looking_in_a_minute(now);
        let look = Plan::Work(Work { analysis_stands: true, announce: false });
        assert_eq!(decide(&unwatched, &ready, &later, now), Plan::Leave(Some(MINUTE)));
        assert_eq!(decide(&unwatched, &ready, &later, now + MINUTE), look);
        let was_watched = Entry { watched: true, ..later.clone() };
        assert_eq!(decide(&unwatched, &ready, &was_watched, now), look, "label or ConfigMap are gone");
        let stalled = known(SourceKind::ConfigMap, &Verdict::Stalled(Reason::KeyAmbiguous));
        assert_eq!(decide(&unwatched, &stalled, &later, now), Plan::Leave(Some(MINUTE)), "a restart changes nothing");
    }

    #[test]
    fn a_failing_report_waits_out_its_backoff_unless_something_changed() {
        let now = Instant::now();
        let failing = known(SourceKind::ConfigMap, &Verdict::Waiting(Reason::ConfigMapNotFound));
        let base = subject(SourceKind::ConfigMap);
        let tried = Entry {
            inputs: Some(base.inputs.clone()),
            failures: 3,
            not_before: Some(now + MINUTE),
            ..Entry::default()
        };
        assert_eq!(decide(&base, &failing, &tried, now), Plan::Wait(Some(MINUTE)));
        assert!(matches!(decide(&base, &failing, &tried, now + MINUTE), Plan::Work(_)));
        let mut appeared = base.clone();
        appeared.inputs.config_map = MapState::At(version("12"));
        assert!(matches!(decide(&appeared, &failing, &tried, now), Plan::Work(_)));
        let stalled = Entry { not_before: None, ..tried };
        assert_eq!(decide(&base, &failing, &stalled, now), Plan::Wait(None), "only a change helps");
    }

    #[test]
    fn a_periodic_look_that_failed_or_was_not_written_is_repeated_before_the_next_interval() {
        let now = Instant::now();
        let mut unwatched = subject(SourceKind::ConfigMap);
        unwatched.inputs.config_map = MapState::Unwatched;
        let look = Plan::Work(Work { analysis_stands: true, announce: false });
        for polled in [subject(SourceKind::Http), unwatched] {
            let ready = known(polled.kind, &Verdict::Succeeded);
            let failed = Entry {
                inputs: Some(polled.inputs.clone()),
                failures: 1,
                not_before: Some(now + Duration::from_secs(1)),
                ..looking_in_a_minute(now)
            };
            let wait = Plan::Wait(Some(Duration::from_secs(1)));
            assert_eq!(decide(&polled, &ready, &failed, now), wait, "{polled:?}");
            assert_eq!(decide(&polled, &ready, &failed, now + Duration::from_secs(1)), look, "{polled:?}");
            let before_a_change = Entry { inputs: None, ..failed };
            assert_eq!(decide(&polled, &ready, &before_a_change, now), look, "something changed: {polled:?}");
        }
    }

    #[test]
    fn a_status_that_somebody_else_has_written_is_made_anew_from_the_text() {
        let now = Instant::now();
        for kind in KINDS {
            let distrusted = Entry { distrusted: true, ..looking_in_a_minute(now) };
            let plan = decide(&subject(kind), &known(kind, &Verdict::Succeeded), &distrusted, now);
            let anew = Plan::Work(Work { analysis_stands: false, announce: false });
            assert_eq!(plan, anew, "{kind:?}");
            let claimed = known(kind, &Verdict::Stalled(Reason::UrlInvalid));
            assert_eq!(decide(&subject(kind), &claimed, &distrusted, now), anew, "who says that it stalled? {kind:?}");
            let emptied = Known { observed_generation: -1, ..Known::default() };
            assert_eq!(decide(&subject(kind), &emptied, &distrusted, now), anew, "no new spec is announced: {kind:?}");
        }
    }

    #[test]
    fn a_catalog_with_another_fault_is_a_change() {
        let now = Instant::now();
        let of = |fault: &str| Inputs {
            catalog_revision: None,
            catalog_fault: Some(fault.to_owned()),
            ..subject(SourceKind::Inline).inputs
        };
        let stalled = known(SourceKind::Inline, &Verdict::Stalled(Reason::CatalogInvalid));
        let tried = Entry { inputs: Some(of("too many spellings")), failures: 1, ..Entry::default() };
        let decided = |inputs| decide(&Subject { inputs, ..subject(SourceKind::Inline) }, &stalled, &tried, now);
        assert_eq!(decided(of("too many spellings")), Plan::Wait(None));
        assert!(matches!(decided(of("there is none")), Plan::Work(_)), "the status has to say so");
    }

    #[test]
    fn after_a_stall_the_old_validators_do_not_speak_for_the_new_spec() {
        let now = Instant::now();
        let stalled = known(SourceKind::Http, &Verdict::Stalled(Reason::UrlInvalid));
        let due = Entry { next_look: Some(now), ..Entry::default() };
        let plan = decide(&subject(SourceKind::Http), &stalled, &due, now);
        assert_eq!(plan, Plan::Work(Work { analysis_stands: false, announce: false }));
        let later = decide(&subject(SourceKind::Http), &stalled, &looking_in_a_minute(now), now);
        assert_eq!(later, Plan::Leave(Some(MINUTE)), "a restart does not bring the look forward");
    }
}
