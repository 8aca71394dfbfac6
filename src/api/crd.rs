//! From the types to `CustomResourceDefinition` manifests: what the derive cannot express is added here.

use kube::CustomResourceExt;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{ConferenceReport, ReportCatalog};

/// Conditions are a map by type, so that several writers and server-side apply get along.
pub(super) fn conditions_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "description": "One aspect of the resource's state.",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": {"type": "string", "description": "Type of the condition.", "maxLength": 316},
                "status": {"type": "string", "description": "True, False or Unknown.", "enum": ["True", "False", "Unknown"]},
                "observedGeneration": {"type": "integer", "format": "int64", "description": "Generation of the spec that the condition is about."},
                "lastTransitionTime": {"type": "string", "format": "date-time", "description": "When the status of the condition changed last."},
                "reason": {"type": "string", "description": "Why, in one CamelCase word.", "minLength": 1, "maxLength": 1024, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"},
                "message": {"type": "string", "description": "Why, for people.", "maxLength": 32768}
            }
        }
    })
}

/// Terms by language.
pub(super) fn terms_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 16,
        "additionalProperties": {"type": "array", "maxItems": 500, "items": {"type": "string", "minLength": 2, "maxLength": 128}}
    })
}

/// The manifests of all resources, by file name, as they stand in `crds/`.
pub fn manifests() -> Vec<(&'static str, Value)> {
    vec![
        ("confreports.dev_conferencereports.yaml", finish(json!(ConferenceReport::crd()))),
        ("confreports.dev_reportcatalogs.yaml", finish(json!(ReportCatalog::crd()))),
    ]
}

/// The manifest of one resource as YAML, with a note on where it comes from.
///
/// # Errors
/// When the manifest cannot be written as YAML, which its type does not allow to happen.
pub fn to_yaml(manifest: &Value) -> Result<String, serde_saphyr::ser::Error> {
    let body = serde_saphyr::to_string(manifest)?;
    Ok(format!("# Generated from src/api by `make generate`; do not edit.\n{body}"))
}

/// A status that nobody has written yet must not look current to kstatus: its `observedGeneration` defaults to -1.
/// Optional fields are absent or set, never null, so that `has()` in a rule means what it says.
fn finish(mut crd: Value) -> Value {
    if let Some(versions) = crd.pointer_mut("/spec/versions").and_then(Value::as_array_mut) {
        for version in versions {
            if let Some(schema) = version.pointer_mut("/schema/openAPIV3Schema") {
                remove_nullable(schema);
            }
            if let Some(status) = version.pointer_mut("/schema/openAPIV3Schema/properties/status") {
                status["default"] = json!({"observedGeneration": -1});
            }
        }
    }
    crd
}

fn remove_nullable(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("nullable") == Some(&Value::Bool(true)) {
                members.remove("nullable");
            }
            members.values_mut().for_each(remove_nullable);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nullable),
        _ => {}
    }
}
