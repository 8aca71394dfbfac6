//! An overloaded API server's wish, as an error that carries it. Pure data.

use std::time::Duration;

/// The API server asks for patience: 429, or 503 with a time. kube's own error has no place for the time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API server answered {status} and asks to wait {} s", .after.as_secs())]
pub struct Throttled {
    /// 429 or 503.
    pub status: u16,
    /// The time that it names.
    pub after: Duration,
}

impl Throttled {
    /// The one inside an error of kube, if that is what it is.
    pub fn of(error: &kube::Error) -> Option<&Self> {
        match error {
            kube::Error::Service(inner) => inner.downcast_ref(),
            _ => None,
        }
    }
}
