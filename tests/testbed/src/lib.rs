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
pub mod deliverables;
#[cfg(feature = "cluster")]
pub mod documents;
#[cfg(feature = "cluster")]
pub mod e2e;
#[cfg(feature = "cluster")]
pub mod faults;
#[cfg(feature = "cluster")]
pub mod fleet;
#[cfg(feature = "cluster")]
pub mod flux;
#[cfg(feature = "cluster")]
pub mod git_server;
#[cfg(feature = "cluster")]
pub mod images;
#[cfg(feature = "cluster")]
pub mod keys;
#[cfg(feature = "cluster")]
pub mod node;
#[cfg(feature = "cluster")]
pub mod objects;
#[cfg(feature = "cluster")]
pub mod operator;
#[cfg(feature = "cluster")]
pub mod ports;
pub mod programs;
pub mod progress;
#[cfg(feature = "cluster")]
pub mod reference;
#[cfg(feature = "cluster")]
pub mod report_server;
#[cfg(feature = "cluster")]
pub mod sandbox;
#[cfg(feature = "cluster")]
pub mod scoring;
#[cfg(feature = "cluster")]
pub mod soak;
#[cfg(feature = "cluster")]
pub mod supervise;
#[cfg(feature = "cluster")]
pub mod usage;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The root of the repository.
pub fn repository() -> &'static Path {
    // tests/testbed is two levels below the root; the path is fixed at build time.
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Whether a program can be called by its name.
pub fn on_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// Runs a command; what it printed on standard output.
///
/// # Errors
/// When it cannot be run or fails; the message holds the command and what it printed on standard error.
pub fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let name = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        let (errors, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        bail!("{name} {}: {} {}", arguments.join(" "), errors.trim(), printed.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last lines of a file.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}
