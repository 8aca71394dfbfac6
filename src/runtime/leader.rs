//! Leader election: keeps a Lease by the rules of [`super::lease`], says who leads, and refuses writes to whoever does not. Reads and
//! writes the one Lease, nothing else.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use tokio_util::sync::CancellationToken;

use crate::api::FIELD_MANAGER;

use super::health::Health;
use super::lease::{Election, Observed, Step};
use super::metrics::Metrics;

/// The longest time for giving the lease back.
const RELEASE_WITHIN: Duration = Duration::from_secs(5);

/// Whether this process leads.
#[derive(Debug)]
enum State {
    /// There is no election: it does.
    Alone,
    /// Another does, or nobody.
    Standby,
    /// It does, up to a moment that each renewal moves on.
    Leading(Instant),
}

/// Whether this process may write. Shared by the candidate, which knows, and the client, which asks before each write.
#[derive(Debug)]
pub struct Leadership {
    state: Mutex<State>,
    elected: CancellationToken,
}

impl Leadership {
    /// Without an election, the process may write from the start.
    pub fn new(election: bool) -> Self {
        let elected = CancellationToken::new();
        if !election {
            elected.cancel();
        }
        Self { state: Mutex::new(if election { State::Standby } else { State::Alone }), elected }
    }

    /// Waits until this process leads.
    pub async fn elected(&self) {
        self.elected.cancelled().await;
    }

    /// Whether a write that begins now is this process's to make. A process that was held up for longer than its lease finds out here,
    /// even before its timers do.
    pub fn may_write(&self, now: Instant) -> bool {
        match *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Alone => true,
            State::Standby => false,
            State::Leading(until) => now < until,
        }
    }

    fn set(&self, state: State) {
        let leads = matches!(state, State::Leading(_));
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        if leads {
            self.elected.cancel();
        }
    }
}

/// Why a leader is none any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseLost {
    /// Another holds the lease.
    #[error("the lease {lease:?} was taken by {holder:?}; this process ends so that there are never two at work")]
    Taken {
        /// Name of the Lease.
        lease: String,
        /// Its holder.
        holder: String,
    },
    /// It was not renewed in time.
    #[error(
        "the lease {lease:?} could not be renewed within {within:?}; this process ends so that there are never two at work"
    )]
    NotRenewed {
        /// Name of the Lease.
        lease: String,
        /// The time there was.
        within: Duration,
    },
}

/// Takes part in the election until the lease is lost, or until `release` is cancelled; the lease is then given back.
///
/// # Errors
/// When the lease is lost. Whoever calls this must end the process then.
pub async fn run(
    client: &Client,
    election: Election,
    leadership: &Leadership,
    (metrics, health): (&Metrics, &Health),
    release: &CancellationToken,
) -> Result<(), LeaseLost> {
    let namespace = election.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
    let mut candidate = Candidate {
        api: Api::namespaced(client.clone(), &namespace),
        observed: Observed::nothing(Instant::now()),
        held_until: None,
        election,
    };
    metrics.set_leading(&candidate.election.name, false);
    loop {
        let before = candidate.held_until.is_some();
        match candidate.attempt().await {
            Ok(standing) => {
                match standing {
                    Standing::Leader(until) => {
                        leadership.set(State::Leading(until));
                        health.leads(None);
                        if !before {
                            metrics.set_leading(&candidate.election.name, true);
                            tracing::info!(
                                lease = candidate.election.name,
                                identity = candidate.election.identity,
                                "leading"
                            );
                        }
                    }
                    Standing::Standby(holder) => {
                        if health.leads(Some(&holder)) {
                            tracing::info!(lease = candidate.election.name, holder, "standing by");
                        }
                    }
                }
                // Who asks from now on is told who leads.
                health.reached(LEASE_READ);
            }
            Err(Failure::Lost(lost)) => {
                leadership.set(State::Standby);
                metrics.set_leading(&candidate.election.name, false);
                return Err(lost);
            }
            Err(Failure::Passing(error)) => {
                tracing::warn!(
                    lease = candidate.election.name,
                    error,
                    leading = before,
                    "lease not read or renewed; it is tried again"
                );
            }
        }
        tokio::select! {
            () = release.cancelled() => break,
            () = tokio::time::sleep(candidate.pause(Instant::now())) => {}
        }
    }
    leadership.set(State::Standby);
    metrics.set_leading(&candidate.election.name, false);
    candidate.release().await;
    Ok(())
}

/// What readiness waits for: a replica that cannot see the lease is no replacement.
pub const LEASE_READ: &str = "lease for leader election";

enum Standing {
    Leader(Instant),
    Standby(String),
}

enum Failure {
    Lost(LeaseLost),
    Passing(String),
}

struct Candidate {
    api: Api<Lease>,
    election: Election,
    observed: Observed,
    /// Up to when the lease that this process holds counts as its own.
    held_until: Option<Instant>,
}

impl Candidate {
    /// One try: look unless the last look is known to be good, and take or renew what may be taken or renewed.
    async fn attempt(&mut self) -> Result<Standing, Failure> {
        let started = Instant::now();
        // Two tries fit before the leader has to give up.
        let limit = self.election.renew_deadline / 2;
        let limit = self.held_until.map_or(limit, |until| limit.min(until.saturating_duration_since(started)));
        let result = tokio::time::timeout(limit, self.look_and_write()).await;
        match result {
            Ok(Ok(standing)) => Ok(standing),
            Ok(Err(failure @ Failure::Lost(_))) => Err(failure),
            Ok(Err(Failure::Passing(error))) => self.failed(error),
            Err(_) => self.failed(format!("no answer within {limit:?}")),
        }
    }

    fn failed(&self, error: String) -> Result<Standing, Failure> {
        if self.held_until.is_some_and(|until| Instant::now() >= until) {
            let (lease, within) = (self.election.name.clone(), self.election.renew_deadline);
            tracing::warn!(lease, error, "lease not renewed");
            return Err(Failure::Lost(LeaseLost::NotRenewed { lease, within }));
        }
        Err(Failure::Passing(error))
    }

    async fn look_and_write(&mut self) -> Result<Standing, Failure> {
        // The leader knows the lease from its own last write and need not look, unless that turns out to be wrong.
        let mut look = self.held_until.is_none();
        loop {
            if look {
                let lease = self.api.get_opt(&self.election.name).await.map_err(passing)?;
                self.observed.see(lease.as_ref(), Instant::now());
            }
            let asked = Instant::now();
            let step = self.observed.step(&self.election, asked);
            let write = self.observed.write(&step, &self.election, Timestamp::now());
            let written = match (&step, write) {
                (Step::Wait { holder }, _) => return self.wait_for(holder.clone()),
                (_, None) => return Err(Failure::Passing("nothing to write".to_owned())),
                (Step::Create, Some(lease)) => match serde_json::from_value::<Lease>(lease) {
                    Ok(lease) => self.api.create(&post(), &lease).await,
                    Err(error) => return Err(Failure::Passing(error.to_string())),
                },
                (Step::Take | Step::Renew, Some(patch)) => {
                    self.api.patch(&self.election.name, &patch_params(), &Patch::Merge(patch)).await
                }
            };
            match written {
                Ok(lease) => {
                    self.observed.see(Some(&lease), Instant::now());
                    let until = asked + self.election.renew_deadline;
                    self.held_until = Some(until);
                    return Ok(Standing::Leader(until));
                }
                // Somebody was faster, or the lease was deleted or touched: look, and judge anew.
                Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) && !look => look = true,
                Err(error) => return Err(passing(error)),
            }
        }
    }

    fn wait_for(&self, holder: String) -> Result<Standing, Failure> {
        if self.held_until.is_some() {
            return Err(Failure::Lost(LeaseLost::Taken { lease: self.election.name.clone(), holder }));
        }
        Ok(Standing::Standby(holder))
    }

    /// Pause before the next try; a leader that fails to renew tries once more right before it has to give up.
    fn pause(&self, now: Instant) -> Duration {
        let pause = self.election.retry_period;
        self.held_until.map_or(pause, |until| pause.min(until.saturating_duration_since(now)))
    }

    /// Gives the lease back. Where that fails it runs out by itself.
    async fn release(&self) {
        if self.held_until.is_none() {
            return;
        }
        let patch = Patch::Merge(self.observed.release(&self.election, Timestamp::now()));
        let limit = RELEASE_WITHIN.min(self.election.renew_deadline);
        match tokio::time::timeout(limit, self.api.patch(&self.election.name, &patch_params(), &patch)).await {
            Ok(Ok(_)) => tracing::info!(lease = self.election.name, "lease given back"),
            Ok(Err(error)) => {
                tracing::warn!(lease = self.election.name, %error, "lease not given back; it runs out by itself")
            }
            Err(_) => tracing::warn!(lease = self.election.name, "lease not given back in time; it runs out by itself"),
        }
    }
}

fn passing(error: kube::Error) -> Failure {
    Failure::Passing(error.to_string())
}

fn post() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

fn patch_params() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

/// A name that no other candidate has: that of the pod or host, for people, and a number that differs in each process.
pub fn identity(pod: Option<&str>) -> String {
    use std::hash::{BuildHasher, Hasher};
    // The standard library seeds it from the operating system's randomness.
    let random = std::hash::RandomState::new().build_hasher().finish();
    format!("{}_{}-{random:016x}", pod.filter(|pod| !pod.is_empty()).unwrap_or("local"), std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_leader_whose_lease_has_not_run_out_may_write() {
        let now = Instant::now();
        assert!(Leadership::new(false).may_write(now));
        let leadership = Leadership::new(true);
        assert!(!leadership.may_write(now));
        leadership.set(State::Leading(now + Duration::from_secs(1)));
        assert!(leadership.may_write(now));
        assert!(!leadership.may_write(now + Duration::from_secs(1)), "held up for longer than the lease");
        leadership.set(State::Standby);
        assert!(!leadership.may_write(now));
    }

    #[test]
    fn no_two_processes_have_the_same_name() {
        assert_ne!(identity(Some("pod")), identity(Some("pod")));
        assert!(identity(Some("pod")).starts_with("pod_"));
    }
}
