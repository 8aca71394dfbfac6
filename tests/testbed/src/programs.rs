//! Programs that are built from the Go modules pinned under `tests/`, once, into the user's cache: the parts of a Kubernetes cluster, and
//! the tools that people would use on it. Runs `go`, writes into the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::progress::Step;

/// Version of Kubernetes that is built.
pub const KUBERNETES_VERSION: &str = "1.36.3";

/// Programs that belong together, with a folder of their own in the cache.
#[derive(Debug)]
pub struct Set {
    /// What people call it, and the start of the folder's name.
    pub name: &'static str,
    /// Version, for the folder's name.
    pub version: &'static str,
    /// The programs.
    pub programs: &'static [Program],
    /// How long building takes on two cores with nothing cached, for people.
    pub takes: &'static str,
    /// What else belongs into the folder, made with the programs.
    more: Option<fn(&Path) -> Result<()>>,
}

/// A program and where it is built from.
#[derive(Debug)]
pub struct Program {
    /// Name of the file.
    pub name: &'static str,
    /// Folder of the module that pins it, under `tests/`.
    pub module: &'static str,
    /// The package with its main function.
    pub package: &'static str,
}

/// etcd, kube-apiserver and kubectl.
pub const CONTROL_PLANE: Set = Set {
    name: "control-plane",
    version: KUBERNETES_VERSION,
    programs: &[
        Program { name: "etcd", module: "control-plane/etcd", package: "go.etcd.io/etcd/server/v3" },
        Program { name: "kubectl", module: "control-plane/kubernetes", package: "k8s.io/kubernetes/cmd/kubectl" },
        Program {
            name: "kube-apiserver",
            module: "control-plane/kubernetes",
            package: "k8s.io/kubernetes/cmd/kube-apiserver",
        },
    ],
    takes: "five minutes",
    more: None,
};

/// What makes pods run: kubelet, scheduler, controllers, and the process that holds a pod's namespaces.
pub const NODE: Set = Set {
    name: "node",
    version: KUBERNETES_VERSION,
    programs: &[
        Program { name: "kubelet", module: "control-plane/kubernetes", package: "k8s.io/kubernetes/cmd/kubelet" },
        Program {
            name: "kube-scheduler",
            module: "control-plane/kubernetes",
            package: "k8s.io/kubernetes/cmd/kube-scheduler",
        },
        Program {
            name: "kube-controller-manager",
            module: "control-plane/kubernetes",
            package: "k8s.io/kubernetes/cmd/kube-controller-manager",
        },
        Program { name: "pause", module: "tools/pause", package: "." },
    ],
    takes: "two minutes",
    more: None,
};

/// Helm.
pub const HELM: Set = Set {
    name: "helm",
    version: "4.3.1",
    programs: &[Program { name: "helm", module: "tools/helm", package: "helm.sh/helm/v4/cmd/helm" }],
    takes: "two minutes",
    more: None,
};

/// kubeconform checks manifests against schemas.
pub const KUBECONFORM: Set = Set {
    name: "kubeconform",
    version: "0.8.0",
    programs: &[Program {
        name: "kubeconform",
        module: "tools/kubeconform",
        package: "github.com/yannh/kubeconform/cmd/kubeconform",
    }],
    takes: "half a minute",
    more: None,
};

/// Flux's source-controller and kustomize-controller.
pub const FLUX: Set = Set {
    name: "flux",
    version: "1.9.6",
    programs: &[
        Program { name: "source-controller", module: "tools/flux", package: "github.com/fluxcd/source-controller" },
        Program {
            name: "kustomize-controller",
            module: "tools/flux",
            package: "github.com/fluxcd/kustomize-controller",
        },
    ],
    takes: "four minutes",
    more: None,
};

/// The CustomResourceDefinitions of the Prometheus operator, made from its Go types by controller-gen, in the folder `crds`.
pub const MONITORING: Set = Set {
    name: "monitoring",
    version: "0.95.1",
    programs: &[Program {
        name: "controller-gen",
        module: "tools/monitoring",
        package: "sigs.k8s.io/controller-tools/cmd/controller-gen",
    }],
    takes: "one minute",
    more: Some(monitoring_crds),
};

fn monitoring_crds(folder: &Path) -> Result<()> {
    let types = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1";
    let mut generator = Command::new(folder.join("controller-gen"));
    generator.current_dir(tests().join("tools/monitoring")).arg("crd:maxDescLen=0").arg(format!("paths={types}"));
    crate::output(generator.arg(format!("output:crd:dir={}", folder.join("crds").display())))?;
    Ok(())
}

/// All sets, for those who name one on the command line.
pub const SETS: [&Set; 6] = [&CONTROL_PLANE, &NODE, &HELM, &KUBECONFORM, &FLUX, &MONITORING];

impl Set {
    /// The folder with the programs, when they have been built already.
    ///
    /// # Errors
    /// When one is missing; the message says how to get it.
    pub fn existing(&self) -> Result<PathBuf> {
        let folder = self.cache_folder()?;
        if self.missing(&folder).is_empty() {
            return Ok(folder);
        }
        bail!("there is no {} yet: run `make programs`", self.name)
    }

    /// The folder with the programs, built if need be; says on standard error what it does.
    ///
    /// # Errors
    /// When the build fails: the message holds what `go` printed.
    pub fn provide(&self) -> Result<PathBuf> {
        if let Ok(folder) = self.existing() {
            return Ok(folder);
        }
        self.install(|staging| self.build(staging)).map(|(folder, _)| folder)
    }

    /// Fills the folder in the cache in one go, so that nobody ever sees half of it; the folder, and where its programs come from.
    pub(crate) fn install(&self, fill: impl FnOnce(&Path) -> Result<String>) -> Result<(PathBuf, String)> {
        let folder = self.cache_folder()?;
        let staging = folder.with_extension(format!("{}.part", std::process::id()));
        fs::create_dir_all(&staging)?;
        let origin = match fill(&staging) {
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
        let missing = self.missing(&folder);
        if !missing.is_empty() {
            bail!("{} lacks {}; remove the folder and try again", folder.display(), missing.join(", "));
        }
        Ok((folder, origin))
    }

    /// The programs that a folder lacks.
    pub(crate) fn missing(&self, folder: &Path) -> Vec<&'static str> {
        self.programs.iter().map(|program| program.name).filter(|name| !folder.join(name).is_file()).collect()
    }

    /// A folder of its own for each set of pinned versions.
    pub(crate) fn cache_folder(&self) -> Result<PathBuf> {
        let mut digest = Sha256::new();
        let mut modules: Vec<&str> = self.programs.iter().map(|program| program.module).collect();
        modules.dedup();
        for module in modules {
            let path = tests().join(module).join("go.mod");
            digest.update(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        }
        let digest: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Ok(cache_root()?.join(format!("{}-{}-{digest}", self.name, self.version)))
    }

    /// Builds all programs into a folder; says where they come from.
    pub(crate) fn build(&self, folder: &Path) -> Result<String> {
        let step =
            Step::start(format!("Building {} {} from source (once, about {})", self.name, self.version, self.takes));
        let version = "k8s.io/component-base/version";
        let mut parts = KUBERNETES_VERSION.split('.');
        let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let flags = format!(
            "-s -w -X {version}.gitVersion=v{KUBERNETES_VERSION} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
        );
        for program in self.programs {
            step.note(program.name);
            let output = Command::new("go")
                .current_dir(tests().join(program.module))
                .env("CGO_ENABLED", "0")
                .args(["build", "-mod=readonly", "-trimpath", "-ldflags", &flags, "-o"])
                .arg(folder.join(program.name))
                .arg(program.package)
                .stdin(Stdio::null())
                .output()
                .context("cannot run go; install Go 1.26 or newer")?;
            if !output.status.success() {
                bail!("building {} failed:\n{}", program.name, String::from_utf8_lossy(&output.stderr));
            }
        }
        if let Some(more) = self.more {
            more(folder)?;
        }
        step.done("");
        Ok(format!("built from source, {} {}", self.name, self.version))
    }
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

fn tests() -> PathBuf {
    crate::repository().join("tests")
}
