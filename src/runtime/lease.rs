//! The rules by which replicas agree on a leader through a Lease. Pure: the clock is handed in, and nothing is read or written here.
//!
//! The times in a Lease are another machine's and are never compared with the clock of this one. A candidate measures on its own
//! monotonic clock for how long a lease has *looked the same*; the leader counts from before it asked for the renewal. So a clock that
//! is wrong or is set while the operator runs changes nothing. The method is that of Kubernetes' own components (client-go's
//! `leaderelection`).

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::core::Selector;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How the leader is elected.
#[derive(Clone, Debug)]
pub struct Election {
    /// Name of the Lease.
    pub name: String,
    /// Namespace of the Lease; the client's own where there is none.
    pub namespace: Option<String>,
    /// Name of this candidate; no two may have the same.
    pub identity: String,
    /// How long others leave a lease alone that is not renewed. Whole seconds.
    pub lease_duration: Duration,
    /// How long the leader tries to renew before it gives up. Shorter than [`Self::lease_duration`].
    pub renew_deadline: Duration,
    /// Pause between tries. Shorter than [`Self::renew_deadline`].
    pub retry_period: Duration,
}

impl Election {
    /// Checks that a leader gives up before others take over, and can try more than once before.
    ///
    /// # Errors
    /// Which flags do not fit together.
    pub fn check(&self) -> Result<(), String> {
        if self.lease_duration < Duration::from_secs(1) || self.lease_duration.subsec_nanos() != 0 {
            return Err("--leader-election-lease-duration must be a whole number of seconds, at least 1s".to_owned());
        }
        if self.lease_duration <= self.renew_deadline {
            return Err("--leader-election-renew-deadline must be shorter than --leader-election-lease-duration, or two replicas could \
                        work at the same time"
                .to_owned());
        }
        if self.renew_deadline <= self.retry_period {
            return Err("--leader-election-retry-period must be shorter than --leader-election-renew-deadline, or the lease could \
                        never be renewed in time"
                .to_owned());
        }
        Ok(())
    }
}

/// The name of the Lease of all instances that watch the same: `base`, and a short hash of what is watched unless that is everything.
pub fn name(base: &str, namespaces: &[String], selector: &Selector) -> String {
    if namespaces.is_empty() && selector.selects_all() {
        return base.to_owned();
    }
    let mut namespaces = namespaces.to_vec();
    namespaces.sort_unstable();
    namespaces.dedup();
    let digest = Sha256::digest(format!("{}\n{selector}", namespaces.join(",")).as_bytes());
    let hash: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("{base}-{hash}")
}

/// What a candidate last saw of the lease.
#[derive(Clone, Debug)]
pub struct Observed {
    lease: Option<(LeaseSpec, String)>,
    since: Instant,
}

/// What a candidate may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is no lease: make it.
    Create,
    /// Nobody holds the lease, or its holder has gone: take it.
    Take,
    /// The lease is this candidate's: renew it.
    Renew,
    /// It is another's.
    Wait {
        /// Its holder.
        holder: String,
    },
}

impl Observed {
    /// Nothing was seen yet.
    pub fn nothing(now: Instant) -> Self {
        Self { lease: None, since: now }
    }

    /// Notes what was seen. What looks as before is as old as before.
    pub fn see(&mut self, lease: Option<&Lease>, now: Instant) {
        let seen = lease.map(|lease| {
            let version = lease.metadata.resource_version.clone().unwrap_or_default();
            (lease.spec.clone().unwrap_or_default(), version)
        });
        if self.lease.as_ref().map(|(spec, _)| spec) != seen.as_ref().map(|(spec, _)| spec) {
            self.since = now;
        }
        self.lease = seen;
    }

    /// Who holds the lease.
    pub fn holder(&self) -> Option<&str> {
        self.lease.as_ref()?.0.holder_identity.as_deref().filter(|holder| !holder.is_empty())
    }

    /// What `election`'s candidate may do now.
    pub fn step(&self, election: &Election, now: Instant) -> Step {
        let Some((spec, _)) = &self.lease else {
            return Step::Create;
        };
        let Some(holder) = self.holder() else {
            return Step::Take;
        };
        if holder == election.identity {
            return Step::Renew;
        }
        // The holder says how long it may go without renewing; nonsense counts as our own setting.
        let granted = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok()).filter(|s| *s > 0);
        let granted = granted.map_or(election.lease_duration, Duration::from_secs);
        if now.saturating_duration_since(self.since) > granted {
            Step::Take
        } else {
            Step::Wait { holder: holder.to_owned() }
        }
    }

    /// The Lease as a merge patch (or, for [`Step::Create`], as a whole) that makes `step`; none for waiting. It carries the resource
    /// version that was seen, so that of two candidates who do the same only one succeeds.
    pub fn write(&self, step: &Step, election: &Election, now: Timestamp) -> Option<Value> {
        let seen = self.lease.as_ref();
        let transitions = seen.and_then(|(spec, _)| spec.lease_transitions).unwrap_or(0);
        let time = MicroTime(now);
        let mut spec = json!({
            "holderIdentity": election.identity,
            "leaseDurationSeconds": election.lease_duration.as_secs(),
            "renewTime": time,
        });
        match step {
            Step::Wait { .. } => return None,
            Step::Renew => {}
            Step::Create => spec = merge(spec, json!({"acquireTime": time, "leaseTransitions": 0})),
            Step::Take => {
                spec = merge(spec, json!({"acquireTime": time, "leaseTransitions": transitions.saturating_add(1)}));
            }
        }
        Some(self.lease_with(spec, election))
    }

    /// The patch that gives the lease back, so that nobody has to wait until it runs out.
    pub fn release(&self, election: &Election, now: Timestamp) -> Value {
        let spec = json!({"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": MicroTime(now)});
        self.lease_with(spec, election)
    }

    fn lease_with(&self, spec: Value, election: &Election) -> Value {
        let metadata = match &self.lease {
            Some((_, version)) => json!({"name": election.name, "resourceVersion": version}),
            None => json!({"name": election.name}),
        };
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec})
    }
}

fn merge(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn election(identity: &str) -> Election {
        Election {
            name: "l".into(),
            namespace: None,
            identity: identity.into(),
            lease_duration: 15 * SECOND,
            renew_deadline: 10 * SECOND,
            retry_period: 2 * SECOND,
        }
    }

    fn lease(holder: &str, renewed: i64, version: &str) -> Lease {
        let mut lease = Lease::default();
        lease.metadata.resource_version = Some(version.into());
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(holder.into()),
            lease_duration_seconds: Some(15),
            renew_time: Some(MicroTime(Timestamp::from_second(renewed).unwrap())),
            lease_transitions: Some(3),
            ..LeaseSpec::default()
        });
        lease
    }

    #[test]
    fn a_lease_is_taken_only_after_it_has_looked_the_same_for_its_whole_duration() {
        let start = Instant::now();
        let mut observed = Observed::nothing(start);
        assert_eq!(observed.step(&election("b"), start), Step::Create);
        observed.see(Some(&lease("a", 1, "7")), start);
        let waiting = Step::Wait { holder: "a".into() };
        assert_eq!(observed.step(&election("b"), start + 15 * SECOND), waiting);
        observed.see(Some(&lease("a", 1, "7")), start + 14 * SECOND);
        assert_eq!(observed.step(&election("b"), start + 16 * SECOND), Step::Take, "seeing it again is no renewal");
        observed.see(Some(&lease("a", 2, "8")), start + 17 * SECOND);
        assert_eq!(observed.step(&election("b"), start + 31 * SECOND), waiting, "it was renewed");
    }

    #[test]
    fn clocks_that_disagree_by_years_change_nothing() {
        let start = Instant::now();
        for renewed in [0, 1, 4_000_000_000] {
            let mut observed = Observed::nothing(start);
            observed.see(Some(&lease("a", renewed, "7")), start);
            assert!(matches!(observed.step(&election("b"), start + SECOND), Step::Wait { .. }), "{renewed}");
            assert_eq!(observed.step(&election("b"), start + 16 * SECOND), Step::Take, "{renewed}");
        }
    }

    #[test]
    fn a_lease_that_was_given_back_is_free_at_once_and_an_own_one_is_renewed() {
        let now = Instant::now();
        let mut observed = Observed::nothing(now);
        observed.see(Some(&lease("", 1, "7")), now);
        assert_eq!(observed.step(&election("b"), now), Step::Take);
        observed.see(Some(&lease("b", 1, "8")), now);
        assert_eq!(observed.step(&election("b"), now + 100 * SECOND), Step::Renew);
        observed.see(None, now);
        assert_eq!(observed.step(&election("b"), now), Step::Create, "somebody deleted it");
    }

    #[test]
    fn every_change_of_an_existing_lease_names_the_version_it_is_based_on() {
        let now = Instant::now();
        let mut observed = Observed::nothing(now);
        observed.see(Some(&lease("a", 1, "7")), now);
        let (election, time) = (election("b"), Timestamp::UNIX_EPOCH);
        let taken = observed.write(&Step::Take, &election, time).unwrap();
        assert_eq!(taken["metadata"]["resourceVersion"], "7");
        assert_eq!((&taken["spec"]["leaseTransitions"], &taken["spec"]["holderIdentity"]), (&json!(4), &json!("b")));
        assert!(taken["spec"]["acquireTime"].is_string());
        let renewed = observed.write(&Step::Renew, &election, time).unwrap();
        assert!(renewed["spec"].get("acquireTime").is_none() && renewed["spec"].get("leaseTransitions").is_none());
        assert_eq!(renewed["metadata"]["resourceVersion"], "7");
        let released = observed.release(&election, time);
        assert_eq!(
            (&released["metadata"]["resourceVersion"], &released["spec"]["holderIdentity"]),
            (&json!("7"), &json!(""))
        );
        assert_eq!(observed.write(&Step::Wait { holder: "a".into() }, &election, time), None);
    }

    #[test]
    fn nonsense_in_the_lease_is_survived() {
        let now = Instant::now();
        let mut odd = lease("a", 1, "7");
        for seconds in [Some(-1), Some(0), None] {
            odd.spec.as_mut().unwrap().lease_duration_seconds = seconds;
            let mut observed = Observed::nothing(now);
            observed.see(Some(&odd), now);
            assert!(matches!(observed.step(&election("b"), now + SECOND), Step::Wait { .. }));
            assert_eq!(observed.step(&election("b"), now + 16 * SECOND), Step::Take);
        }
        odd.spec.as_mut().unwrap().lease_transitions = Some(i32::MAX);
        let mut observed = Observed::nothing(now);
        observed.see(Some(&odd), now);
        assert!(observed.write(&Step::Take, &election("b"), Timestamp::UNIX_EPOCH).is_some());
        let mut empty = Observed::nothing(now);
        empty.see(Some(&Lease::default()), now);
        assert_eq!(empty.step(&election("b"), now), Step::Take);
    }

    #[test]
    fn each_share_of_a_fleet_has_a_lease_of_its_own() {
        let all = Selector::default();
        let shard = crate::runtime::selector::parse("sharding.fluxcd.io/key=shard1").unwrap();
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(name("op", &[], &all), "op");
        let sharded = name("op", &[], &shard);
        assert!(sharded.starts_with("op-") && sharded.len() == 13, "{sharded}");
        assert_ne!(name("op", &names(&["a"]), &shard), sharded);
        assert_ne!(name("op", &names(&["a"]), &all), name("op", &names(&["b"]), &all));
        assert_eq!(name("op", &names(&["b", "a"]), &all), name("op", &names(&["a", "b", "a"]), &all));
    }

    #[test]
    fn times_that_would_allow_two_leaders_are_refused() {
        let good = election("a");
        assert_eq!(good.check(), Ok(()));
        let bad = [
            Election { renew_deadline: good.lease_duration, ..good.clone() },
            Election { retry_period: good.renew_deadline, ..good.clone() },
            Election { lease_duration: Duration::from_millis(10_500), ..good.clone() },
        ];
        for election in bad {
            assert!(election.check().is_err_and(|error| error.contains("--leader-election-")), "{election:?}");
        }
    }
}
