//! What is generated from the chart and the resource types: the kustomize base and its parts, `install.yaml`, the chart's copy of the
//! CRDs and its table of values, the reference of the API. One source, several forms. Runs Helm and kubectl; reads the tree.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::assets::Assets;
use crate::{output, programs, reference, repository};

const CHART: &str = "charts/conference-report-operator";
const NOTE: &str = "# Rendered from charts/conference-report-operator by `make generate`; do not edit.\n";

/// A rendering of the chart: settings, the templates that are wanted, and the folder they go to.
struct Rendering {
    folder: &'static str,
    settings: &'static [&'static str],
    templates: &'static [&'static str],
}

const RENDERINGS: [Rendering; 5] = [
    Rendering {
        folder: "deploy/base",
        settings: &[],
        templates: &[
            "serviceaccount.yaml",
            "rbac.yaml",
            "rbac-leader-election.yaml",
            "rbac-people.yaml",
            "deployment.yaml",
            "service.yaml",
            "poddisruptionbudget.yaml",
        ],
    },
    Rendering {
        folder: "deploy/components/monitoring",
        settings: &["serviceMonitor.enabled=true", "prometheusRule.enabled=true", "dashboard.enabled=true"],
        templates: &["monitors.yaml", "prometheusrule.yaml", "dashboard.yaml"],
    },
    Rendering {
        folder: "deploy/components/kube-state-metrics",
        settings: &["kubeStateMetrics.enabled=true"],
        templates: &["kube-state-metrics.yaml"],
    },
    Rendering {
        folder: "deploy/components/network-policy",
        settings: &["networkPolicy.enabled=true"],
        templates: &["networkpolicy.yaml"],
    },
    Rendering {
        folder: "deploy/overlays/namespaced",
        settings: &["watchNamespaces={reports}"],
        templates: &["rbac.yaml"],
    },
];

/// All generated files but `install.yaml`, by their path in the repository.
///
/// # Errors
/// When Helm refuses the chart.
pub fn rendered() -> Result<BTreeMap<PathBuf, String>> {
    let root = repository();
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(root.join("crds"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if name.to_string_lossy().starts_with("confreports.dev_") {
            files.insert(Path::new(CHART).join("files/crds").join(name), fs::read_to_string(&path)?);
        }
    }
    for rendering in &RENDERINGS {
        let parts = template(rendering.settings)?;
        for name in rendering.templates {
            let text = parts.get(*name).with_context(|| format!("the chart renders no {name}"))?;
            files.insert(Path::new(rendering.folder).join(name), format!("{NOTE}{text}"));
        }
    }
    let names = fs::read_to_string(root.join("src/cli/manifest/name-reference.yaml"))?;
    files.insert("deploy/flux/reports/name-reference.yaml".into(), names);
    files.extend([reference::page()?]);
    let schema: Value = serde_json::from_str(&fs::read_to_string(root.join(CHART).join("values.schema.json"))?)?;
    let values: Value = serde_saphyr::from_str(&fs::read_to_string(root.join(CHART).join("values.yaml"))?)?;
    files.insert(Path::new(CHART).join("README.md"), readme(&schema, &values));
    Ok(files)
}

/// `install.yaml`, out of the kustomize base as it is in the tree.
///
/// # Errors
/// When kustomize refuses the base.
pub fn install() -> Result<(PathBuf, String)> {
    let mut kubectl = Command::new(Assets::existing()?.kubectl());
    let text = output(kubectl.arg("kustomize").arg(repository().join("deploy/base")))?;
    let note =
        "# kubectl apply --server-side -f install.yaml\n# Rendered from deploy/base by `make generate`; do not edit.\n";
    Ok(("deploy/install.yaml".into(), format!("{note}{text}")))
}

/// The chart rendered by Helm, by template, without the traces of Helm that have no place outside a release.
fn template(settings: &[&str]) -> Result<BTreeMap<String, String>> {
    let mut helm = Command::new(programs::HELM.existing()?.join("helm"));
    helm.args(["template", "conference-report-operator"]).arg(repository().join(CHART));
    helm.args(["--namespace=conference-report-system", "--set=crds.install=false,tests.enabled=false"]);
    for setting in settings {
        helm.arg(format!("--set={setting}"));
    }
    let text = output(&mut helm)?;
    let mut parts: BTreeMap<String, String> = BTreeMap::new();
    for document in text.split("---\n# Source: ").skip(1) {
        let (source, body) = document.split_once('\n').context("a document without content")?;
        let name = source.rsplit('/').next().unwrap_or(source).to_owned();
        let lines = body
            .lines()
            .filter(|line| !line.contains("helm.sh/chart:") && !line.contains("app.kubernetes.io/managed-by:"))
            .map(str::trim_end);
        let body = lines.collect::<Vec<_>>().join("\n");
        let part = parts.entry(name).or_default();
        if !part.is_empty() {
            part.push_str("---\n");
        }
        let _ = writeln!(part, "{}", body.trim_matches('\n'));
    }
    Ok(parts)
}

/// The chart's README: how to install it, and a table of all values with type, default and meaning.
fn readme(schema: &Value, values: &Value) -> String {
    let mut rows = String::new();
    table(&mut rows, "", schema, values);
    format!(
        "<!-- Generated from values.schema.json and values.yaml by `make generate`; do not edit. -->\n\
         # Helm chart conference-report-operator\n\n\
         ```sh\n\
         helm install conference-report-operator charts/conference-report-operator \\\n  \
         --namespace conference-report-system --create-namespace --wait\n\
         helm test conference-report-operator --namespace conference-report-system\n\
         ```\n\n\
         How to choose values, upgrade and uninstall: [docs/guides/helm.md](../../docs/guides/helm.md). Every value is checked against a schema: a wrong\n\
         one is refused with its name before anything is changed.\n\n\
         | value | type | default | meaning |\n|---|---|---|---|\n{rows}"
    )
}

fn table(rows: &mut String, prefix: &str, schema: &Value, values: &Value) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let default = values.get(name);
        let meaning = property["description"].as_str().unwrap_or_default();
        if property["properties"].is_object() {
            let _ = writeln!(rows, "| **`{path}`** | | | {meaning} |");
            table(rows, &path, property, default.unwrap_or(&Value::Null));
            continue;
        }
        let default = match default {
            None | Some(Value::Null) => String::new(),
            Some(value) => format!("`{value}`"),
        };
        let _ = writeln!(rows, "| `{path}` | {} | {default} | {} |", kind(property), meaning.replace('|', "\\|"));
    }
}

/// The type of a value in a few words.
fn kind(property: &Value) -> String {
    if let Some(options) = property["enum"].as_array() {
        return options.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    }
    let name = match &property["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "integer or string".to_owned(),
    };
    let bounds = match (property["minimum"].as_i64(), property["maximum"].as_i64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) if least > 0 => format!(", at least {least}"),
        _ => String::new(),
    };
    let items = match (&property["items"]["type"], name.as_str()) {
        (Value::String(item), "array") => format!(" of {item}s"),
        _ => String::new(),
    };
    format!("{name}{items}{bounds}")
}
