//! The real thing for integration tests, demo and benchmarks: a private Kubernetes control plane on loopback, a server that
//! serves reports over HTTPS with its own certificate authority, and the operator as a process of its own with the rights it
//! has in production.
//!
//! Nothing here leaves a process behind: each child is tied to a pipe that closes when its owner ends, however it ends.

pub mod assets;
#[cfg(feature = "cluster")]
pub mod cluster;
#[cfg(feature = "cluster")]
pub mod control_plane;
#[cfg(feature = "cluster")]
pub mod faults;
#[cfg(feature = "cluster")]
pub mod fleet;
#[cfg(feature = "cluster")]
pub mod keys;
#[cfg(feature = "cluster")]
pub mod objects;
#[cfg(feature = "cluster")]
pub mod operator;
pub mod progress;
#[cfg(feature = "cluster")]
pub mod report_server;
#[cfg(feature = "cluster")]
pub mod scoring;
#[cfg(feature = "cluster")]
pub mod soak;
#[cfg(feature = "cluster")]
mod supervise;

/// The root of the repository.
pub fn repository() -> &'static std::path::Path {
    // tests/testbed is two levels below the root; the path is fixed at build time.
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
