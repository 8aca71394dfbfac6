//! A node of one's own: containerd, kubelet, scheduler and controllers around a [`ControlPlane`], so that pods really run. Lives in a
//! [`crate::sandbox`], and needs Debian's packages containerd, runc and containernetworking-plugins (or the same programs from elsewhere).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::control_plane::{Audit, CONTROLLER_MANAGER, ControlPlane, KUBELET, Network, SCHEDULER};
use crate::programs;
use crate::sandbox;
use crate::supervise::Supervised;

/// How long the node may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// The image that holds the namespaces of a pod.
const PAUSE_IMAGE: &str = "localhost/pause:e2e";
/// Where the plugins of the container network may be: Debian, and the upstream archives.
const CNI_FOLDERS: [&str; 2] = ["/usr/lib/cni", "/opt/cni/bin"];

/// A cluster of one node. Dropping it stops it.
pub struct Node {
    // The order is the order of stopping.
    kubelet: Supervised,
    _scheduler: Supervised,
    _controllers: Supervised,
    containerd: Supervised,
    control_plane: ControlPlane,
    folder: PathBuf,
}

impl Node {
    /// Starts the control plane and the node, and waits until it is ready for pods.
    ///
    /// # Errors
    /// When a program is missing or does not become ready; the message holds the end of its log.
    pub fn start(folder: &Path) -> Result<Self> {
        let programs = programs::NODE.existing()?;
        let missing: Vec<&str> =
            ["containerd", "runc", "ctr"].into_iter().filter(|name| !crate::on_path(name)).collect();
        if !missing.is_empty() {
            bail!(
                "{} missing; on Debian: apt-get install containerd runc containernetworking-plugins",
                missing.join(", ")
            );
        }
        let network = Network { address: sandbox::API_SERVER.into(), port: Some(443), services: sandbox::SERVICES };
        let control_plane = ControlPlane::start_at(network, Audit::Requests)?;
        let files = Files { folder };
        let containerd = files.containerd()?;
        let controllers = files.component(
            &programs.join("kube-controller-manager"),
            &[
                format!("--kubeconfig={}", control_plane.component_kubeconfig(CONTROLLER_MANAGER).display()),
                "--use-service-account-credentials".to_owned(),
                "--leader-elect=false".to_owned(),
                format!("--bind-address={}", sandbox::NODE),
                format!(
                    "--service-account-private-key-file={}",
                    control_plane.folder().join("service-account.key").display()
                ),
                format!("--root-ca-file={}", control_plane.folder().join("certificates/apiserver.crt").display()),
            ],
        )?;
        let scheduler = files.component(
            &programs.join("kube-scheduler"),
            &[
                format!("--kubeconfig={}", control_plane.component_kubeconfig(SCHEDULER).display()),
                "--leader-elect=false".to_owned(),
                format!("--bind-address={}", sandbox::NODE),
            ],
        )?;
        let kubelet = files.kubelet(&programs, &control_plane)?;
        let mut node = Self {
            kubelet,
            _scheduler: scheduler,
            _controllers: controllers,
            containerd,
            control_plane,
            folder: folder.to_owned(),
        };
        node.wait_for("containerd to answer", |node| node.ctr(&["version"]).is_ok())?;
        node.load(&programs.join("pause"), PAUSE_IMAGE)?;
        node.wait_for("the node to be ready", |node| {
            let wait = ["wait", "--for=condition=Ready", "--timeout=1s", "node/node-1"];
            node.control_plane.run_kubectl(&wait).is_ok()
        })?;
        node.wait_for("the default service account", |node| {
            node.control_plane.run_kubectl(&["-n", "default", "get", "serviceaccount", "default"]).is_ok()
        })?;
        Ok(node)
    }

    /// The control plane.
    pub fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// Makes an image of one static program and gives it to the node.
    ///
    /// # Errors
    /// When it cannot be built or imported.
    pub fn load(&self, program: &Path, image: &str) -> Result<()> {
        let archive = self.folder.join("image.tar");
        crate::images::build(program, image, &archive)?;
        self.import(&archive)?;
        fs::remove_file(archive)?;
        Ok(())
    }

    /// Gives the images of an OCI archive to the node.
    ///
    /// # Errors
    /// With the words of containerd.
    pub fn import(&self, archive: &Path) -> Result<()> {
        self.ctr(&["image", "import", "--snapshotter=native", &archive.display().to_string()])?;
        Ok(())
    }

    fn ctr(&self, arguments: &[&str]) -> Result<String> {
        let socket = self.folder.join("containerd.sock");
        crate::output(Command::new("ctr").arg("--address").arg(socket).args(["--namespace", "k8s.io"]).args(arguments))
    }

    fn wait_for(&mut self, what: &str, mut reached: impl FnMut(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while !reached(self) {
            let ended = self.kubelet.has_ended() || self.containerd.has_ended();
            if ended || Instant::now() > deadline {
                let log = |name: &str| crate::tail(&self.folder.join(name), 12);
                bail!(
                    "waited in vain for {what}\n--- kubelet\n{}\n--- containerd\n{}",
                    log("kubelet.log"),
                    log("containerd.log")
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

/// Configuration files and logs of the parts of a node.
struct Files<'a> {
    folder: &'a Path,
}

impl Files<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn component(&self, program: &Path, arguments: &[String]) -> Result<Supervised> {
        let name = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Supervised::start(program, arguments, &[], &self.path(&format!("{name}.log")))
    }

    fn containerd(&self) -> Result<Supervised> {
        let plugins = CNI_FOLDERS
            .into_iter()
            .find(|folder| Path::new(folder).join("ptp").is_file())
            .context("no network plugins; on Debian: apt-get install containernetworking-plugins")?;
        let network = self.path("cni");
        fs::create_dir_all(&network)?;
        let addresses = self.path("cni-addresses");
        fs::write(
            network.join("10-pods.conflist"),
            serde_json::json!({"cniVersion": "0.4.0", "name": "pods", "plugins": [{
                "type": "ptp",
                "ipam": {"type": "host-local", "ranges": [[{"subnet": sandbox::PODS}]],
                         "routes": [{"dst": "0.0.0.0/0"}], "dataDir": addresses},
            }]})
            .to_string(),
        )?;
        let root = self.path("containerd");
        let config = format!(
            r#"version = 2
root = "{root}/root"
state = "{root}/state"
[grpc]
  address = "{socket}"
[ttrpc]
  address = "{socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  disable_apparmor = true
  # Without it, runc fails where the host may not lower the score.
  restrict_oom_score_adj = true
  sandbox_image = "{PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{network}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    # Works on every file system.
    snapshotter = "native"
"#,
            root = root.display(),
            socket = self.path("containerd.sock").display(),
            network = network.display(),
        );
        let path = self.path("containerd.toml");
        fs::write(&path, config)?;
        Supervised::start(
            Path::new("containerd"),
            &[format!("--config={}", path.display())],
            &[],
            &self.path("containerd.log"),
        )
    }

    fn kubelet(&self, programs: &Path, control_plane: &ControlPlane) -> Result<Supervised> {
        let socket = format!("unix://{}", self.path("containerd.sock").display());
        let names = self.path("resolv.conf");
        // Nobody answers there: pods know names from /etc/hosts only.
        fs::write(&names, "options timeout:1 attempts:1\n")?;
        let config = serde_json::json!({
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            // The API server asks for logs; nobody else can get here.
            "authentication": {"anonymous": {"enabled": true}, "webhook": {"enabled": false}},
            "authorization": {"mode": "AlwaysAllow"},
            "address": sandbox::NODE,
            "healthzBindAddress": sandbox::NODE,
            "failCgroupV1": false,
            "failSwapOn": false,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": format!("/{}", sandbox::CGROUP),
            "cgroupsPerQOS": false,
            "enforceNodeAllocatable": [],
            "localStorageCapacityIsolation": false,
            "containerRuntimeEndpoint": socket,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "1Mi"},
            "resolvConf": names,
            "staticPodPath": "",
            "podLogsDir": "/var/log/pods",
        });
        let path = self.path("kubelet.yaml");
        fs::write(&path, config.to_string())?;
        Supervised::start(
            &programs.join("kubelet"),
            &[
                format!("--config={}", path.display()),
                format!("--kubeconfig={}", control_plane.component_kubeconfig(KUBELET).display()),
                "--hostname-override=node-1".to_owned(),
                format!("--node-ip={}", sandbox::NODE),
                format!("--root-dir={}", self.path("kubelet").display()),
                format!("--cert-dir={}", self.path("kubelet-certificates").display()),
            ],
            &[],
            &self.path("kubelet.log"),
        )
    }
}
