//! Where the end-to-end run takes place: on a node of its own, or on the cluster of a kubeconfig. Hands out kubectl and Helm for it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::assets::Assets;
use crate::node::Node;
use crate::{output, programs};

/// The image with kubectl by which `helm test` waits.
pub const KUBECTL_IMAGE: &str = "localhost/kubectl:e2e";

/// A cluster to install on.
pub struct Stage {
    node: Option<Node>,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    helm: PathBuf,
    folder: PathBuf,
}

impl Stage {
    /// Starts a node in the sandbox that this program is in.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn own(folder: &Path) -> Result<Self> {
        let node = Node::start(folder)?;
        let kubeconfig = node.control_plane().kubeconfig();
        Self::new(Some(node), kubeconfig, folder)
    }

    /// Uses the cluster of a kubeconfig. The images must be there already.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub fn foreign(kubeconfig: &Path, folder: &Path) -> Result<Self> {
        let stage = Self::new(None, kubeconfig.to_owned(), folder)?;
        stage.kubectl(&["version"]).context("the cluster of KUBECONFIG does not answer")?;
        Ok(stage)
    }

    fn new(node: Option<Node>, kubeconfig: PathBuf, folder: &Path) -> Result<Self> {
        let kubectl = Assets::existing()?.kubectl();
        let helm = programs::HELM.existing()?.join("helm");
        Ok(Self { node, kubeconfig, kubectl, helm, folder: folder.to_owned() })
    }

    /// The node, where it is our own.
    pub fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The program kubectl.
    pub fn kubectl_program(&self) -> &Path {
        &self.kubectl
    }

    /// The program helm.
    pub fn helm_program(&self) -> &Path {
        &self.helm
    }

    /// A folder for files of this run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives the node the images of this run.
    ///
    /// # Errors
    /// When an image cannot be made or imported.
    pub fn load(&self, archive: &Path) -> Result<()> {
        if let Some(node) = &self.node {
            node.import(archive)?;
            node.load(&self.kubectl, KUBECTL_IMAGE)?;
        }
        Ok(())
    }

    /// Runs kubectl; what it printed.
    ///
    /// # Errors
    /// When it fails, with its words.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        output(Command::new(&self.kubectl).env("KUBECONFIG", &self.kubeconfig).args(arguments))
    }

    /// Runs kubectl and reads what it printed as JSON.
    ///
    /// # Errors
    /// When it fails or prints something else.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        Ok(serde_json::from_str(&self.kubectl(&[arguments, &["-o", "json"]].concat())?)?)
    }

    /// Applies manifests.
    ///
    /// # Errors
    /// When the API server refuses one, with its words.
    pub fn apply(&self, namespace: &str, manifests: &str) -> Result<()> {
        let mut child = Command::new(&self.kubectl)
            .env("KUBECONFIG", &self.kubeconfig)
            .args(["apply", "--server-side", "-n", namespace, "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        child.stdin.take().context("kubectl has no standard input")?.write_all(manifests.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("kubectl apply: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    /// Runs Helm; what it printed. Its own folders are those of this run.
    ///
    /// # Errors
    /// When it fails, with its words.
    pub fn helm(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.helm);
        for (variable, folder) in
            [("HELM_CACHE_HOME", "helm-cache"), ("HELM_CONFIG_HOME", "helm-config"), ("HELM_DATA_HOME", "helm-data")]
        {
            command.env(variable, self.folder.join(folder));
        }
        output(command.env("KUBECONFIG", &self.kubeconfig).args(arguments))
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// When it is not so in time, or asking fails at the end.
    pub fn until(&self, what: &str, within: Duration, mut reached: impl FnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let answer = reached();
            if matches!(answer, Ok(true)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                answer?;
                bail!("waited {} s in vain: {what}", within.as_secs());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}
