//! Faults between the operator and the API server: a proxy on loopback that hands requests on and, where a rule says so, delays,
//! refuses, loses or garbles them.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! # let cluster = testbed::cluster::Cluster::start()?;
//! use testbed::faults::{Fault, FaultProxy, On};
//!
//! let proxy = FaultProxy::start(&cluster)?;
//! let refused = proxy.inject(On::patch("conferencereports").named("paris").first(3), Fault::refuse(503));
//! // ... an operator with `proxy.kubeconfig()` at work ...
//! assert_eq!(refused.hits(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! Everything that passes is recorded, so that a test can count what was written ([`FaultProxy::calls`]).

mod call;
mod forward;
mod proxy;
mod rule;
mod watch;
mod wire;

pub use call::{Call, Verb};
pub use proxy::{FaultProxy, Injected};
pub use rule::{Fault, On};
pub use watch::WatchFault;
