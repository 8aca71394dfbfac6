//! JSON schemas of everything that the test cluster knows, taken from the cluster itself: Kubernetes' own kinds, ours, and those of the
//! Prometheus operator.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use testbed::cluster::Cluster;
use testbed::programs;

/// The CustomResourceDefinitions that monitors and alerts need.
pub fn prometheus_operator_crds() -> PathBuf {
    programs::MONITORING.existing().expect("`make test-delivery` provides the definitions").join("crds")
}

/// A folder with a strict schema a kind, named as kubeconform looks for them: `deployment-apps-v1.json`.
pub fn of_cluster(cluster: &Cluster) -> &'static tempfile::TempDir {
    static SCHEMAS: OnceLock<tempfile::TempDir> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let document = cluster.control_plane().run_kubectl(&["get", "--raw", "/openapi/v2"]).unwrap();
        let mut document: Value = serde_json::from_str(&document).unwrap();
        let mut definitions = document["definitions"].take();
        definitions.as_object_mut().unwrap().values_mut().for_each(strict);
        for (name, definition) in definitions.as_object().unwrap() {
            for kind in definition["x-kubernetes-group-version-kind"].as_array().into_iter().flatten() {
                write(folder.path(), &definitions, name, kind);
            }
        }
        folder
    })
}

fn write(folder: &Path, definitions: &Value, name: &str, kind: &Value) {
    let part = |key: &str| kind[key].as_str().unwrap_or_default().to_lowercase();
    // kubeconform leaves all but the first part of a group out.
    let group = part("group").split('.').next().unwrap_or_default().to_owned();
    let suffix = if group.is_empty() { part("version") } else { format!("{group}-{}", part("version")) };
    let mut needed = Map::new();
    collect(&json!({"$ref": format!("#/definitions/{name}")}), definitions, &mut needed);
    let schema = json!({"$ref": format!("#/definitions/{name}"), "definitions": needed});
    fs::write(folder.join(format!("{}-{suffix}.json", part("kind"))), schema.to_string()).unwrap();
}

/// The definitions that a schema refers to, directly or not.
fn collect(schema: &Value, definitions: &Value, into: &mut Map<String, Value>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/definitions/"))
                && !into.contains_key(name)
            {
                into.insert(name.to_owned(), definitions[name].clone());
                collect(&definitions[name], definitions, into);
            }
            members.values().for_each(|member| collect(member, definitions, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, definitions, into)),
        _ => {}
    }
}

/// What OpenAPI leaves open and the API server does not: fields that are not there, and the types that may be number or text.
fn strict(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if members.get("format") == Some(&json!("int-or-string")) || members.contains_key("x-kubernetes-int-or-string") {
        *schema = json!({"type": ["integer", "string"]});
        return;
    }
    let open = members.contains_key("x-kubernetes-preserve-unknown-fields");
    if members.contains_key("properties") && !members.contains_key("additionalProperties") && !open {
        members.insert("additionalProperties".to_owned(), json!(false));
    }
    for (key, member) in members {
        match (key.as_str(), member) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(strict),
            ("items" | "additionalProperties", member) => strict(member),
            _ => {}
        }
    }
}
