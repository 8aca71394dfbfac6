//! Where etcd, kube-apiserver and kubectl come from.
//!
//! In this order: the folder in `KUBEBUILDER_ASSETS`; what was built or fetched earlier, in the user's cache; `setup-envtest`,
//! where the network allows it; a build from the pinned modules in `tests/control-plane`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::programs::CONTROL_PLANE;
use crate::progress::Step;

const SETUP_ENVTEST: &str = "sigs.k8s.io/controller-runtime/tools/setup-envtest@v0.0.0-20260305142021-f9589b9f2b9d";

/// The programs of a control plane.
#[derive(Clone, Debug)]
pub struct Assets {
    /// Folder that holds them.
    pub folder: PathBuf,
    /// Where they come from, for people.
    pub origin: String,
}

impl Assets {
    /// Path of etcd.
    pub fn etcd(&self) -> PathBuf {
        self.folder.join("etcd")
    }

    /// Path of kube-apiserver.
    pub fn api_server(&self) -> PathBuf {
        self.folder.join("kube-apiserver")
    }

    /// Path of kubectl.
    pub fn kubectl(&self) -> PathBuf {
        self.folder.join("kubectl")
    }

    /// What is there without fetching or building anything.
    ///
    /// # Errors
    /// When `KUBEBUILDER_ASSETS` is set but incomplete, or when nothing is there yet.
    pub fn existing() -> Result<Self> {
        if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty()) {
            let folder = PathBuf::from(folder);
            let missing = CONTROL_PLANE.missing(&folder);
            if !missing.is_empty() {
                bail!("KUBEBUILDER_ASSETS is {}, which lacks {}", folder.display(), missing.join(", "));
            }
            return Ok(Self { folder, origin: "KUBEBUILDER_ASSETS".to_owned() });
        }
        let folder = CONTROL_PLANE.cache_folder()?;
        if CONTROL_PLANE.missing(&folder).is_empty() {
            let origin = fs::read_to_string(folder.join("origin")).unwrap_or_default();
            return Ok(Self { folder, origin: format!("the cache ({})", origin.trim()) });
        }
        bail!("there is no control plane yet: run `make control-plane`")
    }

    /// What is there, or else fetched or built; says on standard error what it does.
    ///
    /// # Errors
    /// When neither works: the message holds what the last command printed.
    pub fn provide() -> Result<Self> {
        if std::env::var_os("KUBEBUILDER_ASSETS").is_some_and(|folder| !folder.is_empty()) {
            return Self::existing();
        }
        if let Ok(assets) = Self::existing() {
            return Ok(assets);
        }
        let (folder, origin) = CONTROL_PLANE.install(|staging| {
            fetch(staging).or_else(|reason| {
                eprintln!("    not from setup-envtest: {reason:#}");
                CONTROL_PLANE.build(staging)
            })
        })?;
        Ok(Self { folder, origin })
    }
}

/// Fetches the programs with `setup-envtest`, in seconds; `SETUP_ENVTEST=never` leaves it out.
fn fetch(folder: &Path) -> Result<String> {
    if std::env::var("SETUP_ENVTEST").is_ok_and(|value| value == "never") {
        bail!("SETUP_ENVTEST=never");
    }
    let step = Step::start("Fetching the control plane with setup-envtest");
    let mut child = Command::new("go")
        .args(["run", SETUP_ENVTEST, "use", "1.36.x", "--print", "path", "--bin-dir"])
        .arg(folder.join("envtest"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run go")?;
    let deadline = std::time::Instant::now() + Duration::from_secs(180);
    while child.try_wait()?.is_none() {
        if std::time::Instant::now() > deadline {
            child.kill()?;
            bail!("no answer within three minutes");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("{}", message.lines().last().unwrap_or("it failed without a message"));
    }
    let fetched = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    for program in CONTROL_PLANE.programs {
        fs::copy(fetched.join(program.name), folder.join(program.name))
            .with_context(|| format!("no {} was fetched", program.name))?;
    }
    step.done("");
    Ok("setup-envtest".to_owned())
}
