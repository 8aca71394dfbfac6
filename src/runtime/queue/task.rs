//! What is asked for: why an object is to be handled, and what that may have to wait for. Pure data.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Why an object is to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Somebody changed something and waits for it.
    Change,
    /// Somebody changed something before this process could see it. There may be thousands.
    Backlog,
    /// A periodic look, a retry, a start.
    Routine,
}

impl Urgency {
    /// All, the most urgent first.
    pub(super) const ALL: [Self; 3] = [Self::Change, Self::Backlog, Self::Routine];
}

/// A server somewhere. Two of the same host are equal; should two hosts ever be, they share their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(u64);

impl Host {
    /// That of a name.
    pub fn of(name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What handling an object may have to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// The Kubernetes API.
    Cluster,
    /// A server.
    Url(Host),
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Task {
    /// Why.
    pub urgency: Urgency,
    /// What it may wait for.
    pub lane: Lane,
}

impl Task {
    /// How urgent it is, and whether it is on a URL.
    pub(super) fn kind(self) -> (Urgency, bool) {
        (self.urgency, self.lane != Lane::Cluster)
    }
}
