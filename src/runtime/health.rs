//! Whether the operator is alive and ready. Memory only; the answers are served by [`super::server`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::config::WATCH_TIMEOUT;

/// A watch moves at least once in [`WATCH_TIMEOUT`] and a little more, even where nothing changes and even where every try fails. One
/// that has not moved for twice as long never will, and only a restart helps. An API server that does not answer is no reason:
/// the watch goes on trying, and a restart would not mend it.
const SILENCE: Duration = Duration::from_secs(2 * WATCH_TIMEOUT.as_secs());

/// Readiness waits for this from the beginning: what was named first may be there before the rest is named.
const STARTED: &str = "start of all parts";

/// The sign of life of a part that must keep moving.
#[derive(Debug)]
pub struct Pulse {
    start: Instant,
    /// Milliseconds since `start`.
    last: AtomicU64,
}

impl Pulse {
    fn new(now: Instant) -> Self {
        Self { start: now, last: AtomicU64::new(0) }
    }

    /// The part moves.
    pub fn beat(&self) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
    }

    fn silent_for(&self, now: Instant) -> Duration {
        let last = self.start + Duration::from_millis(self.last.load(Ordering::Relaxed));
        now.saturating_duration_since(last)
    }
}

#[derive(Debug)]
struct State {
    /// What the operator waits for before it is ready.
    gates: BTreeMap<String, bool>,
    /// What has to keep moving.
    pulses: BTreeMap<String, Arc<Pulse>>,
    /// Who leads, where that is another.
    leader: Option<String>,
    stopping: bool,
}

/// Liveness and readiness.
#[derive(Debug)]
pub struct Health(Mutex<State>);

impl Default for Health {
    fn default() -> Self {
        let gates = BTreeMap::from([(STARTED.to_owned(), false)]);
        Self(Mutex::new(State { gates, pulses: BTreeMap::new(), leader: None, stopping: false }))
    }
}

impl Health {
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Names something that readiness waits for.
    pub fn expect(&self, gate: &str) {
        self.with(|state| {
            state.gates.entry(gate.to_owned()).or_insert(false);
        });
    }

    /// Everything that readiness waits for is named. Nobody is told that it is ready before.
    pub fn started(&self) {
        self.reached(STARTED);
    }

    /// It is there.
    pub fn reached(&self, gate: &str) {
        self.with(|state| {
            state.gates.insert(gate.to_owned(), true);
        });
    }

    /// Names something that must keep moving from now on for the process to be alive.
    pub fn pulse(&self, part: &str) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::new(Instant::now()));
        self.with(|state| state.pulses.insert(part.to_owned(), Arc::clone(&pulse)));
        pulse
    }

    /// Who leads: another, or (none) this process. Gives whether that is news.
    pub fn leads(&self, other: Option<&str>) -> bool {
        self.with(|state| {
            let news = state.leader.as_deref() != other;
            state.leader = other.map(str::to_owned);
            news
        })
    }

    /// The process is about to stop: no longer ready, still alive.
    pub fn stopping(&self) {
        self.with(|state| state.stopping = true);
    }

    /// Whether it is ready, and whether to work or to stand by. A replica that stands by is ready as soon as it could take over.
    ///
    /// # Errors
    /// What is missing, for people.
    pub fn ready(&self) -> Result<String, String> {
        self.with(|state| {
            if state.stopping {
                return Err("stopping".to_owned());
            }
            let missing: Vec<&str> =
                state.gates.iter().filter(|(_, reached)| !**reached).map(|(gate, _)| gate.as_str()).collect();
            if !missing.is_empty() {
                return Err(format!("waiting for: {}", missing.join(", ")));
            }
            Ok(match &state.leader {
                Some(leader) => format!("ok, standing by; the leader is {leader}"),
                None => "ok".to_owned(),
            })
        })
    }

    /// Whether it is alive.
    ///
    /// # Errors
    /// What has stopped moving, for people.
    pub fn live(&self, now: Instant) -> Result<String, String> {
        self.with(|state| {
            let dead: Vec<String> = state
                .pulses
                .iter()
                .map(|(part, pulse)| (part, pulse.silent_for(now)))
                .filter(|(_, silent)| *silent > SILENCE)
                .map(|(part, silent)| format!("{part} for {} s", silent.as_secs()))
                .collect();
            if dead.is_empty() {
                Ok("ok".to_owned())
            } else {
                Err(format!("no sign of life from: {}", dead.join(", ")))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_says_what_is_missing() {
        let health = Health::default();
        health.expect("ConfigMaps listed");
        health.reached("ConfigMaps listed");
        assert_eq!(health.ready(), Err(format!("waiting for: {STARTED}")), "there may be more to wait for");
        health.expect("ConferenceReports listed");
        assert_eq!(health.ready(), Err(format!("waiting for: ConferenceReports listed, {STARTED}")));
        health.started();
        assert_eq!(health.ready(), Err("waiting for: ConferenceReports listed".into()));
        health.reached("ConferenceReports listed");
        health.expect("ConfigMaps listed");
        assert_eq!(health.ready(), Ok("ok".into()));
        health.stopping();
        assert!(health.ready().is_err());
    }

    #[test]
    fn a_replica_that_stands_by_is_ready_and_says_who_leads() {
        let health = Health::default();
        health.expect("lease");
        health.started();
        assert!(health.leads(Some("a")) && !health.leads(Some("a")));
        assert!(health.ready().is_err(), "it has not seen the lease");
        health.reached("lease");
        assert_eq!(health.ready(), Ok("ok, standing by; the leader is a".into()));
        assert!(health.leads(None));
        assert_eq!(health.ready(), Ok("ok".into()));
    }

    #[test]
    fn one_watch_that_no_longer_moves_is_noticed_among_others_that_do() {
        let health = Health::default();
        assert_eq!(health.live(Instant::now()), Ok("ok".into()));
        let start = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let pulse = |part: &str| {
            let pulse = Arc::new(Pulse::new(start));
            health.with(|state| state.pulses.insert(part.to_owned(), Arc::clone(&pulse)));
            pulse
        };
        let (_stuck, moving) = (pulse("watch of ConfigMaps"), pulse("watch of ReportCatalogs"));
        moving.beat();
        assert_eq!(health.live(start + SILENCE), Ok("ok".into()));
        let why = health.live(start + SILENCE + Duration::from_secs(5)).unwrap_err();
        assert!(why.contains("ConfigMaps") && !why.contains("ReportCatalogs"), "{why}");
    }
}
