//! How many fetches go on at a time: in all, and from one host. Counting only; no I/O.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places that there are.
pub(super) struct Places {
    all: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

/// A place among all fetches and one among those from a host; both are given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    _of_all: OwnedSemaphorePermit,
    host: String,
    of_host: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub fn new(all: usize, per_host: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), per_host, hosts: Mutex::default() }
    }

    /// A place, if one is free. Nobody waits for one: a report that waits for a slow host would hold a place that others need.
    pub fn take(&self, host: &str) -> Option<Place> {
        let of_host = self.of(host).try_acquire_owned().ok()?;
        let of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Place { _of_all: of_all, host: host.to_owned(), of_host: Some(of_host) })
    }

    /// Exchanges the place of the host for one of another host, waiting for it: for redirects.
    pub async fn follow(&self, place: &mut Place, host: &str) {
        if place.host != host {
            // Given back first: two that are redirected to each other's host must not wait for each other.
            place.of_host = None;
            host.clone_into(&mut place.host);
            // Never closed, so there is always a permit in the end.
            place.of_host = self.of(host).acquire_owned().await.ok();
        }
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

    #[test]
    fn one_host_cannot_take_all_places_and_places_come_back() {
        let places = Places::new(3, 2);
        let held: Vec<Place> = (0..2).map_while(|_| places.take("slow.example")).collect();
        assert_eq!(held.len(), 2);
        assert!(places.take("slow.example").is_none(), "the host's share is taken");
        let third = places.take("other.example");
        assert!(third.is_some() && places.take("third.example").is_none(), "all are taken");
        drop(held);
        assert!(places.take("slow.example").is_some());
        drop(third);
        let _ = places.take("x.example");
        assert_eq!(places.hosts.lock().unwrap().len(), 1, "hosts without a fetch are forgotten");
    }

    #[tokio::test]
    async fn a_redirect_takes_a_place_of_the_other_host_and_gives_back_the_first() {
        let places = Places::new(5, 1);
        let mut place = places.take("a.example").unwrap();
        places.follow(&mut place, "b.example").await;
        assert!(places.take("a.example").is_some() && places.take("b.example").is_none());
    }
}
