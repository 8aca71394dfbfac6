//! Rules: which requests a fault befalls, and what it does to them. Pure data.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::call::{Call, Verb};
use super::watch::WatchFault;

/// Which requests; all where nothing narrows it.
#[derive(Clone, Debug, Default)]
pub struct On {
    verbs: Vec<Verb>,
    resource: Option<String>,
    name: Option<String>,
    skip: usize,
    take: Option<usize>,
}

impl On {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// What a reconciler asks for: everything but lists, watches and discovery.
    pub fn reconcilers() -> Self {
        Self { verbs: vec![Verb::Get, Verb::Create, Verb::Patch, Verb::Update, Verb::Delete], ..Self::default() }
    }

    /// Requests of one kind.
    pub fn verb(verb: Verb, resource: &str) -> Self {
        Self { verbs: vec![verb], resource: Some(resource.to_owned()), ..Self::default() }
    }

    /// Reading one object by name.
    pub fn get(resource: &str) -> Self {
        Self::verb(Verb::Get, resource)
    }

    /// Listing.
    pub fn list(resource: &str) -> Self {
        Self::verb(Verb::List, resource)
    }

    /// Watching.
    pub fn watch(resource: &str) -> Self {
        Self::verb(Verb::Watch, resource)
    }

    /// Listing and watching.
    pub fn list_and_watch(resource: &str) -> Self {
        Self { verbs: vec![Verb::List, Verb::Watch], ..Self::list(resource) }
    }

    /// Patching; of reports and catalogs that is writing their status, the only thing the operator writes.
    pub fn patch(resource: &str) -> Self {
        Self::verb(Verb::Patch, resource)
    }

    /// Only those of the object of this name.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only the n-th of them, counted from 1.
    pub fn nth(mut self, n: usize) -> Self {
        (self.skip, self.take) = (n.saturating_sub(1), Some(1));
        self
    }

    /// Only the first n of them.
    pub fn first(mut self, n: usize) -> Self {
        (self.skip, self.take) = (0, Some(n));
        self
    }

    /// Whether a request is of this kind, wherever it stands in the row.
    pub fn matches(&self, call: &Call) -> bool {
        (self.verbs.is_empty() || self.verbs.contains(&call.verb))
            && self.resource.as_ref().is_none_or(|resource| *resource == call.resource)
            && self.name.as_ref().is_none_or(|name| *name == call.name)
    }

    /// Whether the request that is `n` requests of this kind after the first is meant.
    pub(super) fn takes(&self, n: usize) -> bool {
        n >= self.skip && self.take.is_none_or(|take| n - self.skip < take)
    }
}

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    /// It is handed on after a while.
    Delay(Duration),
    /// It is taken and never handed on; the connection stays open.
    Hang,
    /// It is carried out, but the answer never comes; the connection stays open.
    HangAnswer,
    /// It is carried out, and the answer comes after a while.
    DelayAnswer(Duration),
    /// The connection is closed instead of handing it on.
    Drop,
    /// It is carried out, but the connection is closed instead of answering.
    DropAnswer,
    /// The connection is reset (TCP RST) instead of handing it on.
    Reset,
    /// It is carried out, but the answer ends in the middle with a reset connection.
    CutAnswer,
    /// It is not handed on but answered with an error.
    Refuse {
        /// Status code.
        code: u16,
        /// What the API server would ask to wait, in seconds: in the header and in the Status.
        retry_after: Option<u32>,
    },
    /// It is carried out, and each object in the answer is changed: the object of a `get`, the items of a list, the events of a
    /// watch.
    Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>),
    /// A watch goes wrong in a way of its own.
    Watch(WatchFault),
}

impl Fault {
    /// An error answer without advice on when to come back.
    pub const fn refuse(code: u16) -> Self {
        Self::Refuse { code, retry_after: None }
    }

    /// Changes each object in the answer.
    pub fn rewrite(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Arc::new(change))
    }
}

impl From<WatchFault> for Fault {
    fn from(fault: WatchFault) -> Self {
        Self::Watch(fault)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(time) => write!(f, "Delay({time:?})"),
            Self::Hang => f.write_str("Hang"),
            Self::HangAnswer => f.write_str("HangAnswer"),
            Self::DelayAnswer(time) => write!(f, "DelayAnswer({time:?})"),
            Self::Drop => f.write_str("Drop"),
            Self::DropAnswer => f.write_str("DropAnswer"),
            Self::Reset => f.write_str("Reset"),
            Self::CutAnswer => f.write_str("CutAnswer"),
            Self::Refuse { code, retry_after: None } => write!(f, "Refuse({code})"),
            Self::Refuse { code, retry_after: Some(seconds) } => write!(f, "Refuse({code}, after {seconds} s)"),
            Self::Rewrite(_) => f.write_str("Rewrite"),
            Self::Watch(fault) => write!(f, "{fault:?}"),
        }
    }
}
