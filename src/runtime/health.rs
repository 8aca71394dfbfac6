//! Whether the operator is alive and ready. Memory only; the answers are served by [`super::server`].

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::config::WATCH_TIMEOUT;

/// Watches end every [`WATCH_TIMEOUT`] and are opened anew, and a failing one is tried again at least every 30 s. When nothing
/// has been asked of the API server for several times as long, nothing in the process moves any more, and only a restart helps.
/// An API server that does not answer is no reason: asking goes on, and a restart would not mend it.
const SILENCE: Duration = Duration::from_secs(4 * WATCH_TIMEOUT.as_secs());

#[derive(Debug)]
struct State {
    /// What the operator waits for before it is ready.
    gates: BTreeMap<String, bool>,
    last_attempt: Instant,
    stopping: bool,
}

/// Liveness and readiness.
#[derive(Debug)]
pub struct Health(Mutex<State>);

impl Default for Health {
    fn default() -> Self {
        Self(Mutex::new(State { gates: BTreeMap::new(), last_attempt: Instant::now(), stopping: false }))
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

    /// It is there.
    pub fn reached(&self, gate: &str) {
        self.with(|state| {
            state.gates.insert(gate.to_owned(), true);
        });
    }

    /// The process is about to stop: no longer ready, still alive.
    pub fn stopping(&self) {
        self.with(|state| state.stopping = true);
    }

    /// The API server was asked for something.
    pub fn api_attempt(&self) {
        self.with(|state| state.last_attempt = Instant::now());
    }

    /// Whether it is ready.
    ///
    /// # Errors
    /// What is missing, for people.
    pub fn ready(&self) -> Result<(), String> {
        self.with(|state| {
            if state.stopping {
                return Err("stopping".to_owned());
            }
            let missing: Vec<&str> =
                state.gates.iter().filter(|(_, reached)| !**reached).map(|(gate, _)| gate.as_str()).collect();
            match (state.gates.is_empty(), missing.is_empty()) {
                (true, _) => Err("starting".to_owned()),
                (false, true) => Ok(()),
                (false, false) => Err(format!("waiting for: {}", missing.join(", "))),
            }
        })
    }

    /// Whether it is alive.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn live(&self, now: Instant) -> Result<(), String> {
        let silent = now.saturating_duration_since(self.with(|state| state.last_attempt));
        if silent <= SILENCE {
            return Ok(());
        }
        Err(format!("nothing was asked of the API server for {} s", silent.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_says_what_is_missing() {
        let health = Health::default();
        assert_eq!(health.ready(), Err("starting".into()));
        health.expect("ConfigMaps listed");
        health.expect("ConferenceReports listed");
        health.reached("ConfigMaps listed");
        assert_eq!(health.ready(), Err("waiting for: ConferenceReports listed".into()));
        health.reached("ConferenceReports listed");
        health.expect("ConfigMaps listed");
        assert_eq!(health.ready(), Ok(()));
        health.stopping();
        assert!(health.ready().is_err());
    }

    #[test]
    fn silence_towards_the_api_server_is_noticed() {
        let health = Health::default();
        assert_eq!(health.live(Instant::now()), Ok(()));
        assert!(health.live(Instant::now() + SILENCE + Duration::from_secs(1)).is_err());
    }
}
