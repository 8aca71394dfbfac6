//! How many objects may be in hand at a time, and which share of these places is whose. Counting only.
//!
//! A quarter of each share is kept for changes: of all places, of those for URLs, and of those for a host. So whoever creates or edits a
//! report finds a place while ten thousand others have their periodic look, even at the same slow server.

use super::task::{Host, Lane, Task, Urgency};

/// Places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// For all objects.
    pub all: usize,
    /// For those on URLs; at most three quarters of all, so that slow servers leave room for the rest.
    pub urls: usize,
    /// For those on URLs of one host.
    pub per_host: usize,
}

impl Shares {
    /// Places for so many objects, none of which is on a URL.
    pub fn of(all: usize) -> Self {
        Self { all, urls: all, per_host: all }
    }

    /// The share of URLs among so many places.
    pub fn most_urls(all: usize) -> usize {
        three_quarters(all)
    }
}

/// What is in hand.
#[derive(Debug)]
pub(super) struct InHand {
    shares: Shares,
    tasks: Vec<Task>,
}

impl InHand {
    /// Nothing yet.
    pub(super) fn new(shares: Shares) -> Self {
        Self { shares, tasks: Vec::new() }
    }

    pub(super) fn add(&mut self, task: Task) {
        self.tasks.push(task);
    }

    pub(super) fn remove(&mut self, task: Task) {
        if let Some(at) = self.tasks.iter().position(|other| *other == task) {
            self.tasks.swap_remove(at);
        }
    }

    #[cfg(test)]
    pub(super) fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Whether there is a place for another object with this urgency, on a URL of some host or not.
    pub(super) fn has_place(&self, urgency: Urgency, url: bool) -> bool {
        let (all, urls) = (self.shares.all.max(1), self.shares.urls.min(Shares::most_urls(self.shares.all)).max(1));
        let on_url = |task: &Task| task.lane != Lane::Cluster;
        let looks = |task: &Task| on_url(task) && task.urgency == Urgency::Routine;
        self.has_free(all, urgency, &|_| true)
            && (!url || self.has_free(urls, urgency, &on_url))
            // Half of all places at most: the rest is for reports that wait for no server.
            && (!url || urgency != Urgency::Routine || self.count(&looks) < (all / 2).max(1))
    }

    /// Whether there is a place for another object on this host, with this urgency.
    pub(super) fn has_place_at(&self, urgency: Urgency, host: Host) -> bool {
        self.has_free(self.shares.per_host.max(1), urgency, &|task| task.lane == Lane::Url(host))
    }

    fn has_free(&self, share: usize, urgency: Urgency, counts: &dyn Fn(&Task) -> bool) -> bool {
        let others = |task: &Task| counts(task) && task.urgency != Urgency::Change;
        self.count(counts) < share && (urgency == Urgency::Change || self.count(&others) < three_quarters(share))
    }

    fn count(&self, counts: &dyn Fn(&Task) -> bool) -> usize {
        self.tasks.iter().filter(|task| counts(task)).count()
    }
}

fn three_quarters(places: usize) -> usize {
    (places * 3 / 4).max(1)
}
