//! The real thing for integration tests, demo and benchmarks: a private Kubernetes control plane on loopback, a server that
//! serves reports over HTTPS with its own certificate authority, and the operator as a process of its own with the rights it
//! has in production.
//!
//! Nothing here leaves a process behind: each child is tied to a pipe that closes when its owner ends, however it ends.

pub mod assets;
pub mod cluster;
pub mod control_plane;
pub mod keys;
pub mod operator;
pub mod progress;
pub mod report_server;
pub mod scoring;
mod supervise;

/// The root of the repository.
pub fn repository() -> &'static std::path::Path {
    // tests/testbed is two levels below the root; the path is fixed at build time.
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
