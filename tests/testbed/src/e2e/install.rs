//! Installing, upgrading and removing, by Helm and by the rendered manifests, with what a user would look at after each.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::samples::HOST;
use super::stage::{KUBECTL_IMAGE, Stage};
use crate::operator;
use crate::report_server::ReportServer;

/// Namespace and release of the operator.
pub const NAMESPACE: &str = "conference-report-system";
/// Name of the release, of the Deployment and of the service account.
pub const RELEASE: &str = "conference-report-operator";

/// The chart of this tree.
pub fn chart() -> String {
    crate::repository().join("charts/conference-report-operator").display().to_string()
}

/// The image with kubectl that the chart's test takes where nobody says otherwise.
///
/// # Errors
/// When the chart's values cannot be read.
pub fn kubectl_image() -> Result<String> {
    let values: Value = serde_saphyr::from_str(&std::fs::read_to_string(Path::new(&chart()).join("values.yaml"))?)?;
    values["tests"]["image"].as_str().map(str::to_owned).context("values.yaml has no tests.image")
}

/// Values by which the operator of this run reaches the server with the pages.
pub fn values(stage: &Stage, server: Option<&ReportServer>) -> Value {
    let mut values = json!({"tests": {"image": KUBECTL_IMAGE}});
    if let (Some(server), true) = (server, stage.node().is_some()) {
        values["http"] = json!({
            "allowCidrs": [format!("{}/32", server.address().ip())],
            "allowPorts": [server.port()],
        });
        values["hostAliases"] = json!([{"ip": server.address().ip(), "hostnames": [HOST]}]);
    }
    values
}

/// Installs or upgrades a chart and waits until it is there.
///
/// # Errors
/// With Helm's words and what the pods say, when it does not become ready.
pub fn helm(stage: &Stage, verb: &str, chart: &str, values: &Value, more: &[&str]) -> Result<String> {
    let file = stage.folder().join("values.json");
    std::fs::write(&file, values.to_string())?;
    let file = file.display().to_string();
    let arguments = [&[verb, RELEASE, chart, "-n", NAMESPACE, "--wait", "--timeout=2m", "-f", &file], more].concat();
    stage.helm(&arguments).with_context(|| pods(stage))
}

/// What there is to know about pods that are not ready.
fn pods(stage: &Stage) -> String {
    let parts: [&[&str]; 3] = [
        &["-n", NAMESPACE, "get", "pods", "-o", "wide"],
        &["-n", NAMESPACE, "get", "events", "--sort-by=.lastTimestamp"],
        &["-n", NAMESPACE, "logs", "deployment/conference-report-operator", "--tail=20"],
    ];
    parts.map(|part| stage.kubectl(part).unwrap_or_else(|error| error.to_string())).join("\n")
}

/// Creates a namespace that takes only what passes the strictest level of Pod Security.
///
/// # Errors
/// When it cannot be created.
pub fn restricted_namespace(stage: &Stage, name: &str) -> Result<()> {
    stage.kubectl(&["create", "namespace", name])?;
    stage.kubectl(&["label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"])?;
    Ok(())
}

/// The pods of the operator; those that are on their way out are left out.
fn operator_pods(stage: &Stage) -> Result<Vec<Value>> {
    let mut pods =
        stage.json(&["-n", NAMESPACE, "get", "pods", "-l", "app.kubernetes.io/name=conference-report-operator"])?;
    let mut pods: Vec<Value> = pods["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    Ok(pods)
}

/// Metrics of the pod that leads.
///
/// # Errors
/// When none does, or a pod does not answer.
pub fn metrics(stage: &Stage) -> Result<String> {
    for pod in operator_pods(stage)? {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let text = match (stage.node(), pod["status"]["podIP"].as_str()) {
            (Some(_), Some(address)) => operator::get(format!("{address}:8080").parse()?, "/metrics")?.1,
            _ => stage.kubectl(&[
                "get",
                "--raw",
                &format!("/api/v1/namespaces/{NAMESPACE}/pods/{name}:8080/proxy/metrics"),
            ])?,
        };
        let leads = |line: &str| line.starts_with("leader_election_master_status{") && line.ends_with(" 1");
        if text.lines().any(leads) {
            return Ok(text);
        }
    }
    bail!("no pod of the operator leads\n{}", self::pods(stage))
}

/// The value of a metric without labels.
///
/// # Errors
/// When it is not there.
pub fn metric(text: &str, name: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).with_context(|| format!("no metric {name}"))
}

/// Checks the pod for what the chart promises of it.
///
/// # Errors
/// When it is not so.
pub fn check_pod(stage: &Stage) -> Result<()> {
    for pod in operator_pods(stage)? {
        let status = &pod["status"]["containerStatuses"][0];
        if status["restartCount"] != 0 || status["ready"] != true {
            bail!("a pod is not well: {status}");
        }
        let security = &pod["spec"]["containers"][0]["securityContext"];
        if security["readOnlyRootFilesystem"] != true || security["capabilities"]["drop"] != json!(["ALL"]) {
            bail!("a pod may do more than it should: {security}");
        }
    }
    Ok(())
}

/// Whoever may view or edit a namespace may do so with its reports; nobody may write a status.
///
/// # Errors
/// When somebody may do less or more.
pub fn check_people(stage: &Stage, namespace: &str) -> Result<()> {
    for role in ["view", "edit", "admin"] {
        let name = format!("{role}-er");
        let (user, role) = (format!("--user={name}"), format!("--clusterrole={role}"));
        stage.kubectl(&["-n", namespace, "create", "rolebinding", &name, &role, &user])?;
    }
    for (user, verb, resource, expected) in [
        ("view-er", "list", "conferencereports.confreports.dev", true),
        ("view-er", "delete", "conferencereports.confreports.dev", false),
        ("edit-er", "create", "conferencereports.confreports.dev", true),
        ("edit-er", "patch", "reportcatalogs.confreports.dev", true),
        ("edit-er", "patch", "conferencereports.confreports.dev/status", false),
        ("admin-er", "delete", "reportcatalogs.confreports.dev", true),
    ] {
        let (resource, part) = resource.split_once('/').unwrap_or((resource, ""));
        let (person, part) = (format!("--as={user}"), format!("--subresource={part}"));
        let answer = stage
            .kubectl(&["-n", namespace, "auth", "can-i", verb, resource, &part, &person])
            .unwrap_or_else(|error| error.to_string());
        if answer.trim().starts_with("yes") != expected {
            bail!("{user} may {verb} {resource}: expected {expected}, kubectl says {answer}");
        }
    }
    Ok(())
}

/// Removes the release; what belonged to it is gone, the definitions and the reports are not.
///
/// # Errors
/// When something is left that should not be, or gone that should be left.
pub fn uninstall(stage: &Stage) -> Result<()> {
    stage.helm(&["uninstall", RELEASE, "-n", NAMESPACE, "--wait", "--timeout=1m"])?;
    let label = "-l=app.kubernetes.io/instance=conference-report-operator";
    for kind in ["deployments,services,serviceaccounts,pods,roles,rolebindings", "clusterroles,clusterrolebindings"] {
        stage.until("everything of the release is gone", Duration::from_secs(40), || {
            Ok(stage.kubectl(&["-n", NAMESPACE, "get", kind, label, "-o", "name"])?.trim().is_empty())
        })?;
    }
    stage.kubectl(&["get", "crd", "conferencereports.confreports.dev", "reportcatalogs.confreports.dev"])?;
    Ok(())
}

/// Installs the rendered manifests, has one report read, and removes everything again.
///
/// # Errors
/// When a step fails.
pub fn plain_manifests(stage: &Stage, file: &Path, image_is_loaded: bool) -> Result<()> {
    let file = file.display().to_string();
    stage.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &file])?;
    if image_is_loaded {
        let deployment = format!("deployment/{RELEASE}");
        stage
            .kubectl(&["-n", NAMESPACE, "rollout", "status", &deployment, "--timeout=90s"])
            .with_context(|| pods(stage))?;
        let report = json!({"apiVersion": "confreports.dev/v1alpha1", "kind": "ConferenceReport",
            "metadata": {"name": "plain"}, "spec": {"source": {"inline": "# KubeCon Europe 2024\n\nCilium in Paris."}}});
        stage.apply("default", &report.to_string())?;
        stage.kubectl(&["wait", "--for=condition=Ready", "--timeout=60s", "conferencereport/plain"])?;
    }
    stage.kubectl(&["delete", "--wait=true", "--timeout=90s", "-f", &file])?;
    Ok(())
}

/// What users have before they upgrade: the chart of an earlier release with the values of its time.
pub struct Previous {
    /// For people.
    pub title: String,
    /// The chart, as Helm takes it.
    pub chart: String,
    values: Value,
}

impl Previous {
    /// The newest chart that is kept in `tests/upgrade`: a folder a release, with `chart` and `values.yaml`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn find() -> Result<Self> {
        let root = crate::repository().join("tests/upgrade");
        let mut kept: Vec<(Vec<u64>, std::path::PathBuf)> = std::fs::read_dir(&root)?
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join("chart").is_dir())
            .map(|entry| {
                let numbers =
                    entry.file_name().to_string_lossy().split('.').filter_map(|part| part.parse().ok()).collect();
                (numbers, entry.path())
            })
            .collect();
        kept.sort();
        let (_, folder) = kept.pop().context("tests/upgrade holds no chart")?;
        let values = serde_saphyr::from_str(&std::fs::read_to_string(folder.join("values.yaml"))?)?;
        let version = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { title: format!("chart {version}"), chart: folder.join("chart").display().to_string(), values })
    }

    /// Its values with those of this run on top.
    pub fn values(&self, run: &Value) -> Value {
        let mut values = self.values.clone();
        if let (Some(values), Some(run)) = (values.as_object_mut(), run.as_object()) {
            values.extend(run.clone());
        }
        values
    }
}

/// Runs the tests of the release.
///
/// # Errors
/// When one fails, with what its pod says.
pub fn test(stage: &Stage) -> Result<()> {
    let result = stage.helm(&["test", RELEASE, "-n", NAMESPACE, "--timeout=90s"]);
    result.map(drop).with_context(|| {
        let name = format!("{RELEASE}-test");
        stage.kubectl(&["-n", NAMESPACE, "logs", &name]).unwrap_or_else(|error| error.to_string())
    })
}
