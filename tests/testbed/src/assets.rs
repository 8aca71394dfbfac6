//! Where etcd, kube-apiserver and kubectl come from.
//!
//! In this order: the folder in `KUBEBUILDER_ASSETS`; what was built or fetched earlier, in the user's cache; `setup-envtest`,
//! where the network allows it; a build from the pinned modules in `tests/control-plane`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::progress::Step;

/// Version of Kubernetes that is built when nothing else is there.
pub const KUBERNETES_VERSION: &str = "1.36.3";
const ETCD_PACKAGE: &str = "go.etcd.io/etcd/server/v3";
const SETUP_ENVTEST: &str = "sigs.k8s.io/controller-runtime/tools/setup-envtest@v0.0.0-20260305142021-f9589b9f2b9d";
const PROGRAMS: [&str; 3] = ["etcd", "kube-apiserver", "kubectl"];

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
            let missing = missing(&folder);
            if !missing.is_empty() {
                bail!("KUBEBUILDER_ASSETS is {}, which lacks {}", folder.display(), missing.join(", "));
            }
            return Ok(Self { folder, origin: "KUBEBUILDER_ASSETS".to_owned() });
        }
        let folder = cache_folder()?;
        if missing(&folder).is_empty() {
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
        let folder = cache_folder()?;
        let staging = folder.with_extension(format!("{}.part", std::process::id()));
        fs::create_dir_all(&staging)?;
        let result = fetch(&staging).or_else(|reason| {
            eprintln!("    not from setup-envtest: {reason:#}");
            build(&staging)
        });
        let origin = match result {
            Ok(origin) => origin,
            Err(error) => {
                let _ = fs::remove_dir_all(&staging);
                return Err(error);
            }
        };
        fs::write(staging.join("origin"), &origin)?;
        // Another process may have been faster; then its result is as good.
        if fs::rename(&staging, &folder).is_err() {
            let _ = fs::remove_dir_all(&staging);
        }
        let missing = missing(&folder);
        if !missing.is_empty() {
            bail!("{} lacks {}; remove the folder and try again", folder.display(), missing.join(", "));
        }
        Ok(Self { folder, origin })
    }
}

fn missing(folder: &Path) -> Vec<&'static str> {
    PROGRAMS.into_iter().filter(|program| !folder.join(program).is_file()).collect()
}

/// A folder of its own for each set of pinned versions.
fn cache_folder() -> Result<PathBuf> {
    let mut digest = Sha256::new();
    for module in ["kubernetes", "etcd"] {
        let path = modules().join(module).join("go.mod");
        digest.update(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let digest: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(cache_root()?.join(format!("control-plane-{KUBERNETES_VERSION}-{digest}")))
}

/// The project's folder in the user's cache.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn cache_root() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(base.join("conference-report-operator"))
}

fn modules() -> PathBuf {
    crate::repository().join("tests/control-plane")
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
    for program in PROGRAMS {
        fs::copy(fetched.join(program), folder.join(program)).with_context(|| format!("no {program} was fetched"))?;
    }
    step.done("");
    Ok("setup-envtest".to_owned())
}

/// Builds the programs from the pinned modules: about five minutes the first time, on two cores.
fn build(folder: &Path) -> Result<String> {
    let step = Step::start(format!("Building Kubernetes {KUBERNETES_VERSION} from source (once, about five minutes)"));
    let version = "k8s.io/component-base/version";
    let (major, rest) = KUBERNETES_VERSION.split_once('.').unwrap_or((KUBERNETES_VERSION, "0"));
    let minor = rest.split('.').next().unwrap_or("0");
    let flags = format!(
        "-s -w -X {version}.gitVersion=v{KUBERNETES_VERSION} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
    );
    let targets = [
        ("etcd", "etcd", ETCD_PACKAGE),
        ("kubernetes", "kubectl", "k8s.io/kubernetes/cmd/kubectl"),
        ("kubernetes", "kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    ];
    for (module, program, package) in targets {
        step.note(program);
        let output = Command::new("go")
            .current_dir(modules().join(module))
            .env("CGO_ENABLED", "0")
            .args(["build", "-mod=readonly", "-trimpath", "-ldflags", &flags, "-o"])
            .arg(folder.join(program))
            .arg(package)
            .stdin(Stdio::null())
            .output()
            .context("cannot run go; install Go 1.26 or newer, or set KUBEBUILDER_ASSETS")?;
        if !output.status.success() {
            bail!("building {program} failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    step.done("");
    Ok(format!("built from source, Kubernetes {KUBERNETES_VERSION}"))
}
