//! Namespaces of our own for a whole Kubernetes node: network, mounts, processes and host name. What happens in there cannot reach the
//! network, and it ends, mounts and stray processes included, with the program that lives there. Needs root on Linux.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

/// Says to the program that it is inside, and which folder is its own.
const INSIDE: &str = "CONFERENCE_REPORT_SANDBOX";
/// Where the API server is, for pods too: the first address of the Services.
pub const API_SERVER: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);
/// Addresses of Services.
pub const SERVICES: &str = "10.96.0.0/16";
/// The node's address; also that of servers which pods are to reach.
pub const NODE: Ipv4Addr = Ipv4Addr::new(10, 97, 0, 1);
/// Addresses of pods.
pub const PODS: &str = "10.98.0.0/24";
/// Parent of all cgroups of pods.
pub const CGROUP: &str = "conference-report-e2e";

/// What an outer program needs.
const NEEDED: [&str; 4] = ["unshare", "ip", "mount", "sh"];

/// The sandbox that this program runs in, if it does.
pub fn inside() -> Option<PathBuf> {
    std::env::var_os(INSIDE).map(PathBuf::from)
}

/// Runs this very program once more, with the same arguments, inside a sandbox; how it ended. Everything of the sandbox is gone then.
///
/// # Errors
/// When this is not root on Linux, or a program is missing.
pub async fn run() -> Result<ExitStatus> {
    let missing: Vec<&str> = NEEDED.into_iter().filter(|program| !crate::on_path(program)).collect();
    if !missing.is_empty() {
        bail!("a node of one's own needs root on Linux, and these programs: {}", missing.join(", "));
    }
    // Short, because paths of sockets must be.
    let folder = tempfile::Builder::new().prefix("cro-e2e-").tempdir()?;
    let mut child = tokio::process::Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "--"])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, folder.path())
        .env("TMPDIR", folder.path())
        .spawn()
        .context("cannot run unshare")?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            // The program inside is told too; this one stays to tidy up.
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    remove_cgroups();
    folder.close().context("something is left of the sandbox")?;
    Ok(status)
}

/// Makes the inside ready: addresses, and folders that are our own where programs insist on a path.
///
/// # Errors
/// When the sandbox is not allowed to.
pub fn furnish(folder: &Path) -> Result<()> {
    let logs = folder.join("log");
    fs::create_dir_all(&logs)?;
    // What is mounted here is seen here only. Networks of pods are mounted below /run.
    let script = format!(
        "set -e
         mount --make-rprivate /
         mount -t tmpfs tmpfs /run
         mount --bind {logs} /var/log
         hostname node-1
         ip link set lo up
         ip address add {API_SERVER}/32 dev lo
         ip address add {NODE}/32 dev lo
         echo 1 > /proc/sys/net/ipv4/ip_forward",
        logs = logs.display()
    );
    let output = Command::new("sh").args(["-c", &script]).output()?;
    if !output.status.success() {
        bail!("the sandbox cannot be furnished: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Cgroups are the one thing that does not end with the namespaces: empty ones stay until they are removed, the inner before the outer.
fn remove_cgroups() {
    let roots = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    for root in roots.chain([PathBuf::from("/sys/fs/cgroup")]) {
        remove_folders(&root.join(CGROUP));
    }
}

fn remove_folders(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_folders(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}
