//! How many fetches go on from one host at a time. Counting only; no I/O.
//!
//! The work queue begins no more runs for a host than that. Redirects, which it cannot foresee, wait here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places that there are.
pub(super) struct Places {
    per_host: usize,
    hosts: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

/// A place among the fetches from a host, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// The host.
    pub host: String,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub fn new(per_host: usize) -> Self {
        Self { per_host: per_host.max(1), hosts: Mutex::default() }
    }

    /// A place, when one is free. Nobody may wait for one while holding another: two that are redirected to each other's host would wait
    /// for ever.
    pub async fn take(&self, host: String) -> Place {
        // Never closed, so there is always a permit in the end.
        let permit = self.of(&host).acquire_owned().await.ok();
        Place { host, _permit: permit }
    }

    fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Hosts that nobody fetches from are forgotten, so that the map stays as small as what is in flight.
        hosts.retain(|_, places| Arc::strong_count(places) > 1);
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn take(places: &Places, host: &str) -> Option<Place> {
        places.take(host.to_owned()).now_or_never()
    }

    #[test]
    fn one_host_has_so_many_places_and_they_come_back() {
        let places = Places::new(2);
        let held: Vec<Place> = (0..2).map_while(|_| take(&places, "slow.example")).collect();
        assert_eq!(held.len(), 2);
        assert!(take(&places, "slow.example").is_none() && take(&places, "other.example").is_some());
        drop(held);
        assert!(take(&places, "slow.example").is_some());
        let _ = take(&places, "x.example");
        assert_eq!(places.hosts.lock().unwrap().len(), 1, "hosts without a fetch are forgotten");
    }
}
