//! The reference of the API as a page, out of the schemas in `crds/`: every field with type, default, limits and meaning, every rule with its
//! message, the columns of kubectl and the fields that can be selected by. Reads the tree.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::repository;

/// Resources in the order of the page: file in `crds/`, and page that explains it.
const RESOURCES: [(&str, &str); 2] = [
    ("confreports.dev_conferencereports.yaml", "conferencereport.md"),
    ("confreports.dev_reportcatalogs.yaml", "reportcatalog.md"),
];

/// The page and its path in the repository.
///
/// # Errors
/// When a definition cannot be read or has not the form of one.
pub fn page() -> Result<(PathBuf, String)> {
    let mut text = String::from(
        "<!-- Generated from the types in src/api by `make generate`; do not edit. -->\n# API reference: confreports.dev/v1alpha1\n\n",
    );
    let mut sections = String::new();
    for (file, explained) in RESOURCES {
        let crd: Value = serde_saphyr::from_str(&fs::read_to_string(repository().join("crds").join(file))?)?;
        let kind = string(&crd["spec"]["names"]["kind"]);
        writeln!(
            text,
            "- [{kind}](#{}), explained in [its specification](../spec/v1alpha1/{explained})",
            kind.to_lowercase()
        )?;
        resource(&mut sections, &crd).with_context(|| file.to_owned())?;
    }
    text.push_str("\n`kubectl explain` shows the same on the terminal. Fields marked **required** have to be set where the object they are in is set.\n");
    text.push_str(&sections);
    Ok(("docs/reference/v1alpha1.md".into(), text))
}

fn resource(text: &mut String, crd: &Value) -> Result<()> {
    let names = &crd["spec"]["names"];
    let version = &crd["spec"]["versions"][0];
    let schema = &version["schema"]["openAPIV3Schema"];
    let kind = string(&names["kind"]);
    writeln!(text, "\n## {kind}\n\n{}\n", string(&schema["description"]))?;
    let words = |value: &Value| {
        value.as_array().into_iter().flatten().map(|word| format!("`{}`", string(word))).collect::<Vec<_>>().join(", ")
    };
    writeln!(
        text,
        "{}; plural `{}`, short names {}, category {}.",
        string(&crd["spec"]["scope"]),
        string(&names["plural"]),
        words(&names["shortNames"]),
        words(&names["categories"])
    )?;
    for part in ["spec", "status"] {
        let schema = &schema["properties"][part];
        writeln!(text, "\n### {kind} {part}\n\n| field | type | default | meaning |\n|---|---|---|---|")?;
        let (mut rows, mut rules) = (String::new(), String::new());
        object(&mut rows, &mut rules, "", schema)?;
        text.push_str(&rows);
        if !rules.is_empty() {
            writeln!(
                text,
                "\nRules, checked by the API server when the resource is applied:\n\n| field | message when it is broken |\n|---|---|"
            )?;
            text.push_str(&rules);
        }
    }
    writeln!(text, "\n### {kind} columns\n\n| column | shows | meaning |\n|---|---|---|")?;
    for column in version["additionalPrinterColumns"].as_array().into_iter().flatten() {
        let wide = if column["priority"].as_i64() > Some(0) { " (with `-o wide`)" } else { "" };
        let path = cell(string(&column["jsonPath"]));
        writeln!(
            text,
            "| {}{wide} | `{path}` | {} |",
            string(&column["name"]).to_uppercase(),
            string(&column["description"])
        )?;
    }
    let selectable: Vec<String> = version["selectableFields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|field| format!("`{}`", string(&field["jsonPath"]).trim_start_matches('.')))
        .collect();
    if !selectable.is_empty() {
        writeln!(text, "\nField selectors: {}.", selectable.join(", "))?;
    }
    Ok(())
}

/// Rows for the fields of an object, in the order of the schema: each field, then what is in it.
fn object(rows: &mut String, rules: &mut String, path: &str, schema: &Value) -> Result<()> {
    add_rules(rules, path, schema)?;
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let default = if field["default"].is_null() { String::new() } else { format!("`{}`", field["default"]) };
        let must = if required.contains(&name.as_str()) && field["default"].is_null() { "**required**; " } else { "" };
        let meaning = cell(string(&field["description"]));
        writeln!(rows, "| `{path}` | {} | {default} | {must}{meaning} |", cell(&type_of(field)))?;
        if field["items"]["properties"].is_object() {
            object(rows, rules, &format!("{path}[]"), &field["items"])?;
        } else if field["properties"].is_object() {
            object(rows, rules, &path, field)?;
        } else {
            add_rules(rules, &path, field)?;
        }
    }
    Ok(())
}

fn add_rules(rules: &mut String, path: &str, schema: &Value) -> Result<()> {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let place = if path.is_empty() { "(all)".to_owned() } else { format!("`{path}`") };
        writeln!(rules, "| {place} | {} |", cell(string(&rule["message"])))?;
    }
    Ok(())
}

/// Type and limits of a field in a few words.
fn type_of(schema: &Value) -> String {
    if let Some(options) = schema["enum"].as_array() {
        return options.iter().map(|option| format!("`{}`", string(option))).collect::<Vec<_>>().join(", ");
    }
    let limits = |least: &str, most: &str, unit: &str| match (schema[least].as_i64(), schema[most].as_i64()) {
        (Some(least), Some(most)) => format!(" ({least} to {most}{unit})"),
        (None, Some(most)) => format!(" (at most {most}{unit})"),
        (Some(least), None) => format!(" (at least {least}{unit})"),
        (None, None) => String::new(),
    };
    match string(&schema["type"]) {
        "array" => format!("list{} of {}", limits("minItems", "maxItems", ""), type_of(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!(
                "map{} to {}",
                limits("minProperties", "maxProperties", ""),
                type_of(&schema["additionalProperties"])
            )
        }
        "string" if schema["format"].is_string() => string(&schema["format"]).to_owned(),
        "string" => format!("string{}", limits("minLength", "maxLength", " characters")),
        "integer" => format!("integer{}", limits("minimum", "maximum", "")),
        other => other.to_owned(),
    }
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Text that may stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}
