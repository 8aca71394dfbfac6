//! Generated files are as fresh as what they come from.

use std::fs;

use testbed::{deliverables, repository};

#[test]
fn what_is_generated_from_the_chart_is_fresh() {
    let mut files = deliverables::rendered().unwrap();
    files.extend([deliverables::install().unwrap()]);
    for (path, text) in files {
        let stored = fs::read_to_string(repository().join(&path)).unwrap_or_default();
        assert!(stored == text, "{} is stale: run `make generate` and commit the result", path.display());
    }
}

#[test]
fn every_value_has_a_meaning_and_every_meaning_a_value() {
    let chart = repository().join("charts/conference-report-operator");
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(chart.join("values.schema.json")).unwrap()).unwrap();
    let values: serde_json::Value =
        serde_saphyr::from_str(&fs::read_to_string(chart.join("values.yaml")).unwrap()).unwrap();
    compare("", &schema, &values);
}

fn compare(path: &str, schema: &serde_json::Value, values: &serde_json::Value) {
    let described = schema["properties"].as_object().unwrap();
    assert_eq!(schema["additionalProperties"], false, "{path}: a misspelt value must not go unnoticed");
    for (name, value) in values.as_object().unwrap() {
        let property = described.get(name).unwrap_or_else(|| panic!("{path}.{name} is in values.yaml alone"));
        assert!(property["description"].is_string(), "{path}.{name} has no description");
        if property["properties"].is_object() {
            compare(&format!("{path}.{name}"), property, value);
        }
    }
    // Parent charts set `global`; probes may be told more than their defaults.
    for name in
        described.keys().filter(|name| !matches!(name.as_str(), "global" | "rollingUpdate" | "initialDelaySeconds"))
    {
        assert!(values.get(name).is_some(), "{path}.{name} is in values.schema.json alone");
    }
}
