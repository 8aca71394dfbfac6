//! A control plane with the operator's resources and rights installed, as an administrator would install them.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use crate::control_plane::{Audit, ControlPlane};

/// Namespace of the operator.
pub const OPERATOR_NAMESPACE: &str = "conference-report-system";
const OPERATOR_ACCOUNT: &str = "conference-report-operator";

/// A control plane with the resources installed.
pub struct Cluster {
    control_plane: ControlPlane,
    namespaces: AtomicU32,
    token: Mutex<Option<String>>,
}

impl Cluster {
    /// Starts a control plane and installs the CRDs, the operator's service account and its rights.
    ///
    /// # Errors
    /// When the control plane does not start, or does not accept what is installed.
    pub fn start() -> Result<Self> {
        Self::start_with(Audit::Statuses)
    }

    /// The same with another audit log.
    ///
    /// # Errors
    /// When the control plane does not start, or does not accept what is installed.
    pub fn start_with(audit: Audit) -> Result<Self> {
        let cluster =
            Self { control_plane: ControlPlane::start(audit)?, namespaces: AtomicU32::new(0), token: Mutex::default() };
        cluster.install()?;
        Ok(cluster)
    }

    fn install(&self) -> Result<()> {
        let root = crate::repository();
        let crds = root.join("crds").display().to_string();
        self.control_plane.run_kubectl(&["apply", "--server-side", "-k", &crds])?;
        for file in ["namespace", "serviceaccount", "rbac", "rbac-leader-election", "rbac-people"] {
            let path = root.join(format!("deploy/base/{file}.yaml")).display().to_string();
            self.control_plane.run_kubectl(&["apply", "-f", &path])?;
        }
        // The role of the base is for the Lease of an operator that watches everything; here several run at a time, each with its own.
        let kubectl = |arguments: &[&str]| self.control_plane.run_kubectl(arguments);
        let (verbs, leases) = ("--verb=get,patch", "--resource=leases.coordination.k8s.io");
        kubectl(&["-n", OPERATOR_NAMESPACE, "create", "role", "any-lease", verbs, leases])?;
        let account = format!("--serviceaccount={OPERATOR_NAMESPACE}:{OPERATOR_ACCOUNT}");
        kubectl(&["-n", OPERATOR_NAMESPACE, "create", "rolebinding", "any-lease", "--role=any-lease", &account])?;
        kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"])?;
        // While the server still fills its cache of a new resource it refuses watches with 429, which an operator rightly counts as an
        // error. kubectl asks again as it is told to; no test begins before.
        for resource in ["conferencereports", "reportcatalogs"] {
            let watch = format!("/apis/confreports.dev/v1alpha1/{resource}?watch=1&resourceVersion=0&timeoutSeconds=1");
            kubectl(&["get", "--raw", &watch])?;
        }
        Ok(())
    }

    /// The control plane.
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// A client with the administrator's rights. Each test makes its own: a client belongs to one async runtime.
    pub async fn client(&self) -> Result<Client> {
        let kubeconfig = Kubeconfig::read_from(self.control_plane.kubeconfig())?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        Ok(Client::try_from(config)?)
    }

    /// Creates a namespace that nobody else uses.
    pub fn namespace(&self, purpose: &str) -> Result<String> {
        let name = format!("{purpose}-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        self.control_plane.run_kubectl(&["create", "namespace", &name])?;
        Ok(name)
    }

    /// Applies manifests given as JSON or YAML.
    ///
    /// # Errors
    /// With the API server's words, when it refuses one.
    pub fn apply(&self, namespace: &str, manifests: &str) -> Result<String> {
        let mut child = self
            .control_plane
            .kubectl()
            .args(["apply", "-n", namespace, "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        std::io::Write::write_all(
            &mut child.stdin.take().context("kubectl has no standard input")?,
            manifests.as_bytes(),
        )?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A kubeconfig with the rights that the operator has in production, for whichever Lease, and no more.
    pub fn operator_kubeconfig(&self) -> Result<PathBuf> {
        self.operator_kubeconfig_at(self.control_plane.url())
    }

    /// The same, but leading to another address, on which a proxy listens.
    pub fn operator_kubeconfig_at(&self, server: &str) -> Result<PathBuf> {
        let name: String = server.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let path = self.control_plane.folder().join(format!("operator-{name}.kubeconfig"));
        let kubeconfig = self.control_plane.kubeconfig_at(server, OPERATOR_ACCOUNT, &self.operator_token()?)?;
        // In one go: an operator that starts at the same time may be reading it.
        let file = tempfile::NamedTempFile::new_in(self.control_plane.folder())?;
        fs::write(file.path(), kubeconfig)?;
        file.persist(&path)?;
        Ok(path)
    }

    /// A token of the operator's service account, made when it is first asked for.
    fn operator_token(&self) -> Result<String> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = token.as_ref() {
            return Ok(token.clone());
        }
        Ok(token.insert(self.account_token(OPERATOR_NAMESPACE, OPERATOR_ACCOUNT)?).clone())
    }

    /// A kubeconfig with the rights of a service account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn account_kubeconfig(&self, namespace: &str, account: &str) -> Result<PathBuf> {
        let token = self.account_token(namespace, account)?;
        let path = self.control_plane.folder().join(format!("{namespace}-{account}.kubeconfig"));
        fs::write(&path, self.control_plane.kubeconfig_for(account, &token)?)?;
        Ok(path)
    }

    fn account_token(&self, namespace: &str, account: &str) -> Result<String> {
        let made = self.control_plane.run_kubectl(&["create", "token", account, "-n", namespace, "--duration=24h"])?;
        Ok(made.trim().to_owned())
    }
}
