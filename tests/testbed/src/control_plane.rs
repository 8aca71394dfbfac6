//! etcd and kube-apiserver of one's own, ready in seconds: on free loopback ports, or where a node expects them.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::assets::Assets;
use crate::keys;
use crate::ports;
use crate::supervise::Supervised;

/// How long the API server may take until it is ready; three seconds are usual.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// Where the API server listens.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// Address.
    pub address: IpAddr,
    /// Port; a free one where there is none.
    pub port: Option<u16>,
    /// Addresses of Services. The first of them is the API server's own, under which pods look for it.
    pub services: &'static str,
}

impl Default for Network {
    /// Loopback, for processes on this machine.
    fn default() -> Self {
        Self { address: Ipv4Addr::LOCALHOST.into(), port: None, services: "127.96.0.0/16" }
    }
}

/// The node's user.
pub const KUBELET: &str = "system:node:node-1";
/// The scheduler's user.
pub const SCHEDULER: &str = "system:kube-scheduler";
/// The controllers' user.
pub const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";
/// Parts of Kubernetes with their groups: the rights come with Kubernetes.
const COMPONENTS: [(&str, &str); 3] =
    [(KUBELET, "system:nodes"), (SCHEDULER, "system:authenticated"), (CONTROLLER_MANAGER, "system:authenticated")];

/// A private control plane. Dropping it stops it and removes its files.
pub struct ControlPlane {
    // The order is the order of stopping.
    api_server: Supervised,
    etcd: Supervised,
    assets: Assets,
    folder: tempfile::TempDir,
    url: String,
}

impl ControlPlane {
    /// Starts a control plane on loopback and waits until it is ready.
    ///
    /// # Errors
    /// When a program is missing, or when it does not become ready in time; the message holds the end of its log.
    pub fn start(audit: Audit) -> Result<Self> {
        Self::start_at(Network::default(), audit)
    }

    /// Starts a control plane at a given place and waits until it is ready.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub fn start_at(network: Network, audit: Audit) -> Result<Self> {
        let assets = Assets::existing()?;
        let mut last = None;
        // A free port may be taken by somebody else before the server listens there.
        for _ in 0..3 {
            match Self::try_start(&assets, network, audit) {
                Ok(control_plane) => return Ok(control_plane),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("the control plane did not start")))
    }

    fn try_start(assets: &Assets, network: Network, audit: Audit) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("conference-report-control-plane-").tempdir()?;
        let path = |name: &str| folder.path().join(name);
        let port = || ports::free().map(|address| address.port());
        let (client_port, peer_port) = (port()?, port()?);
        let (address, secure_port) = (network.address, network.port.map_or_else(port, Ok)?);

        let etcd_url = format!("http://127.0.0.1:{client_port}");
        let peer_url = format!("http://127.0.0.1:{peer_port}");
        let etcd = Supervised::start(
            &assets.etcd(),
            &[
                format!("--data-dir={}", path("etcd").display()),
                format!("--listen-client-urls={etcd_url}"),
                format!("--advertise-client-urls={etcd_url}"),
                format!("--listen-peer-urls={peer_url}"),
                format!("--initial-advertise-peer-urls={peer_url}"),
                format!("--initial-cluster=default={peer_url}"),
                "--unsafe-no-fsync".to_owned(),
                // Room for a gigabyte of ConfigMaps and their changes.
                "--quota-backend-bytes=6442450944".to_owned(),
                "--log-level=warn".to_owned(),
            ],
            &[],
            &path("etcd.log"),
        )?;

        let (private_key, public_key) = keys::signing_keys()?;
        fs::write(path("service-account.key"), private_key)?;
        fs::write(path("service-account.pub"), public_key)?;
        let token = keys::random_token()?;
        let mut tokens = format!("{token},admin,admin,\"system:masters\"\n");
        let mut component_tokens = Vec::new();
        for (user, groups) in COMPONENTS {
            let token = keys::random_token()?;
            let _ = writeln!(tokens, "{token},{user},{user},\"{groups}\"");
            component_tokens.push((user, token));
        }
        fs::write(path("tokens.csv"), tokens)?;
        fs::write(path("audit-policy.yaml"), audit.policy())?;
        let api_server = Supervised::start(
            &assets.api_server(),
            &[
                format!("--etcd-servers={etcd_url}"),
                format!("--cert-dir={}", path("certificates").display()),
                format!("--secure-port={secure_port}"),
                format!("--bind-address={address}"),
                format!("--advertise-address={address}"),
                "--endpoint-reconciler-type=none".to_owned(),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!("--service-account-key-file={}", path("service-account.pub").display()),
                format!("--service-account-signing-key-file={}", path("service-account.key").display()),
                format!("--token-auth-file={}", path("tokens.csv").display()),
                "--authorization-mode=Node,RBAC".to_owned(),
                format!("--service-cluster-ip-range={}", network.services),
                "--kubelet-preferred-address-types=InternalIP".to_owned(),
                "--allow-privileged=true".to_owned(),
                format!("--audit-policy-file={}", path("audit-policy.yaml").display()),
                format!("--audit-log-path={}", path("audit.log").display()),
                "--audit-log-mode=batch".to_owned(),
                // Megabytes after which another file would be begun.
                "--audit-log-maxsize=4096".to_owned(),
                "--audit-log-batch-max-wait=200ms".to_owned(),
            ],
            // The owner may be killed before it can tidy up; the last of its children does it then.
            &[("SUPERVISE_REMOVE".to_owned(), folder.path().display().to_string())],
            &path("api-server.log"),
        )?;

        let url = format!("https://{}", std::net::SocketAddr::new(address, secure_port));
        let mut control_plane = Self { api_server, etcd, assets: assets.clone(), folder, url };
        control_plane.wait_for_certificate()?;
        for (user, token) in component_tokens {
            fs::write(control_plane.component_kubeconfig(user), control_plane.kubeconfig_for(user, &token)?)?;
        }
        let kubeconfig = control_plane.kubeconfig_for("admin", &token)?;
        fs::write(control_plane.kubeconfig(), kubeconfig)?;
        control_plane.wait_until_ready()?;
        Ok(control_plane)
    }

    /// Address of the API server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Process ids of the API server and of etcd, to look at what they use.
    pub fn pids(&self) -> [Option<u32>; 2] {
        [self.api_server.pid(), self.etcd.pid()]
    }

    /// The programs it runs.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("admin.kubeconfig")
    }

    /// The kubeconfig of a part of Kubernetes: one of [`KUBELET`], [`SCHEDULER`] and [`CONTROLLER_MANAGER`].
    pub fn component_kubeconfig(&self, user: &str) -> PathBuf {
        self.folder.path().join(format!("{}.kubeconfig", user.replace(':', "-")))
    }

    /// A folder for files of this run, removed with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// One JSON object a line for each request that wrote something, or that the operator made.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.path().join("audit.log")
    }

    /// The certificate of the API server.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificates/apiserver.crt")
    }

    /// A kubeconfig with a bearer token.
    pub fn kubeconfig_for(&self, user: &str, token: &str) -> Result<String> {
        self.kubeconfig_at(&self.url, user, token)
    }

    /// A kubeconfig with a bearer token that leads to another address, on which a proxy listens.
    pub fn kubeconfig_at(&self, server: &str, user: &str, token: &str) -> Result<String> {
        let value = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "testbed", "cluster": {"server": server, "certificate-authority": self.certificate()}}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
            "current-context": "testbed",
        });
        Ok(serde_saphyr::to_string(&value)?)
    }

    /// kubectl as the administrator, ready for arguments.
    pub fn kubectl(&self) -> Command {
        let mut command = Command::new(self.assets.kubectl());
        command.env("KUBECONFIG", self.kubeconfig());
        command
    }

    /// Runs kubectl as the administrator; what it printed on standard output.
    ///
    /// # Errors
    /// When it fails; the message holds what it printed on standard error.
    pub fn run_kubectl(&self, arguments: &[&str]) -> Result<String> {
        let output = self.kubectl().args(arguments).output()?;
        if !output.status.success() {
            bail!("kubectl {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn wait_for_certificate(&mut self) -> Result<()> {
        let certificate = self.certificate();
        self.wait_for("writing its certificate", move |_| certificate.is_file())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        self.wait_for("becoming ready", |control_plane| {
            control_plane
                .kubectl()
                .args(["--request-timeout=2s", "get", "--raw", "/readyz"])
                .output()
                .is_ok_and(|output| output.status.success())
        })?;
        // The default namespace's service account and the RBAC bootstrap roles are there once this answers.
        self.wait_for("creating its bootstrap roles", |control_plane| {
            control_plane.run_kubectl(&["get", "clusterrole", "view", "-o", "name"]).is_ok()
        })
    }

    fn wait_for(&mut self, what: &str, mut reached: impl FnMut(&mut Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while !reached(self) {
            let ended = self.etcd.has_ended() || self.api_server.has_ended();
            if ended || Instant::now() > deadline {
                let log = |name: &str| {
                    let text = fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                    let lines: Vec<&str> = text.lines().collect();
                    lines.get(lines.len().saturating_sub(8)..).unwrap_or_default().join("\n")
                };
                bail!(
                    "the control plane failed at {what}\n--- kube-apiserver\n{}\n--- etcd\n{}",
                    log("api-server.log"),
                    log("etcd.log")
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

/// What the API server's audit log tells of the operator's requests and of everybody's writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audit {
    /// That there was one: as much as clusters usually have it tell.
    Requests,
    /// Of each status that is written also all it says: enough to prove, but more work for the API server with each write.
    Statuses,
}

impl Audit {
    fn policy(self) -> String {
        let statuses = match self {
            Self::Requests => "",
            Self::Statuses => AUDIT_STATUSES,
        };
        format!("{AUDIT_BEGIN}{statuses}{AUDIT_REQUESTS}")
    }
}

const AUDIT_BEGIN: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
";

const AUDIT_STATUSES: &str = "\
- level: RequestResponse
  verbs: [create, update, patch]
  resources: [{group: confreports.dev, resources: [conferencereports/status, reportcatalogs/status]}]
  omitManagedFields: true
";

const AUDIT_REQUESTS: &str = "\
- level: Metadata
  userGroups: [\"system:serviceaccounts\"]
- level: Metadata
  verbs: [create, update, patch, delete]
  resources: [{group: confreports.dev}]
- level: None
";
