//! Flux's source-controller and kustomize-controller as processes beside a cluster.

use std::fs;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use crate::e2e::stage::Stage;
use crate::ports;
use crate::programs;
use crate::supervise::Supervised;

/// Namespace of Flux.
pub const NAMESPACE: &str = "flux-system";

/// The running controllers. Dropping this stops them.
pub struct Flux {
    _source: Supervised,
    _kustomize: Supervised,
}

impl Flux {
    /// Installs the CustomResourceDefinitions and starts the controllers, as the administrator.
    ///
    /// # Errors
    /// When a program is missing, or the definitions are not taken.
    pub fn start(stage: &Stage) -> Result<Self> {
        let folder = programs::FLUX.existing()?;
        stage.kubectl(&["create", "namespace", NAMESPACE])?;
        for module in ["source-controller", "kustomize-controller"] {
            // The definitions are part of each module.
            let mut go = Command::new("go");
            go.current_dir(crate::repository().join("tests/tools/flux"));
            let module =
                crate::output(go.args(["list", "-m", "-f", "{{.Dir}}", &format!("github.com/fluxcd/{module}")]))?;
            let definitions = format!("{}/config/crd/bases", module.trim());
            stage.kubectl(&["apply", "--server-side", "-f", &definitions])?;
        }
        stage.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"])?;
        let storage = stage.folder().join("flux-storage");
        fs::create_dir_all(&storage)?;
        let served = ports::free()?;
        let own = [
            format!("--storage-path={}", storage.display()),
            format!("--storage-addr={served}"),
            format!("--storage-adv-addr={served}"),
        ];
        Ok(Self {
            _source: controller(stage, &folder.join("source-controller"), &own)?,
            _kustomize: controller(
                stage,
                &folder.join("kustomize-controller"),
                &["--requeue-dependency=2s".to_owned()],
            )?,
        })
    }
}

fn controller(stage: &Stage, program: &std::path::Path, own: &[String]) -> Result<Supervised> {
    let mut arguments = vec![
        format!("--metrics-addr={}", ports::free()?),
        format!("--health-addr={}", ports::free()?),
        "--enable-leader-election=false".to_owned(),
        "--events-addr=".to_owned(),
        "--log-level=info".to_owned(),
    ];
    arguments.extend_from_slice(own);
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let environment = [
        ("KUBECONFIG".to_owned(), stage.kubeconfig().display().to_string()),
        ("RUNTIME_NAMESPACE".to_owned(), NAMESPACE.to_owned()),
    ];
    Supervised::start(program, &arguments, &environment, &stage.folder().join(format!("{name}.log")))
}

/// Status, reason and message of a Flux resource's Ready condition.
pub fn ready(resource: &Value) -> (String, String, String) {
    let conditions = resource["status"]["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
    let text = |key: &str| ready.and_then(|ready| ready[key].as_str()).unwrap_or_default().to_owned();
    (text("status"), text("reason"), text("message"))
}
