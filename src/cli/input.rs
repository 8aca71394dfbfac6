//! What `analyze` is given: text files, standard input, or manifests as one would apply them. Reads files, nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use k8s_openapi::api::core::v1::ConfigMap;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{ConferenceReport, ConferenceReportSpec, ReportCatalog, Source};
use crate::source::{Fetched, SourceKind, revision_of};

/// A report to analyse: its text, and what its spec says.
pub(super) struct Input {
    /// Name of the resource, or of the file.
    pub name: String,
    /// Where it was read, for messages.
    pub origin: String,
    /// The spec; of a bare text file, one with nothing but defaults.
    pub spec: ConferenceReportSpec,
    /// The text, or why there is none.
    pub text: Result<Fetched, String>,
    /// Where the text is from.
    pub kind: SourceKind,
}

/// Everything that was read.
#[derive(Default)]
pub(super) struct Inputs {
    /// In the order of the arguments.
    pub reports: Vec<Input>,
    /// Catalogs that stand beside the reports, by name.
    pub catalogs: BTreeMap<String, ReportCatalog>,
}

/// Reads all paths; `-` is standard input.
///
/// # Errors
/// When a path cannot be read, or a manifest is not what it says it is.
pub(super) fn read(paths: &[String]) -> Result<Inputs, String> {
    let mut inputs = Inputs::default();
    for path in paths {
        if path == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| format!("standard input: {error}"))?;
            add(&mut inputs, "standard input", None, bytes)?;
        } else if Path::new(path).is_dir() {
            let entries = fs::read_dir(path).map_err(|error| format!("{path}: {error}"))?;
            let mut files: Vec<_> =
                entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|file| is_report(file)).collect();
            files.sort();
            for file in files {
                add_file(&mut inputs, &file)?;
            }
        } else {
            add_file(&mut inputs, Path::new(path))?;
        }
    }
    Ok(inputs)
}

fn is_report(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    path.is_file() && matches!(extension, "txt" | "md" | "markdown" | "html" | "htm")
}

fn add_file(inputs: &mut Inputs, path: &Path) -> Result<(), String> {
    let origin = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| format!("{origin}: {error}"))?;
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    add(inputs, &origin, name, bytes)
}

fn add(inputs: &mut Inputs, origin: &str, file_name: Option<String>, bytes: Vec<u8>) -> Result<(), String> {
    let is_yaml = match &file_name {
        Some(name) => [".yaml", ".yml", ".json"].iter().any(|extension| name.ends_with(extension)),
        None => looks_like_manifest(&bytes),
    };
    if is_yaml {
        let text = String::from_utf8(bytes).map_err(|_| format!("{origin}: a manifest must be UTF-8 text"))?;
        return add_manifests(inputs, origin, &text);
    }
    inputs.reports.push(Input {
        name: file_name.clone().unwrap_or_else(|| "stdin".to_owned()),
        origin: origin.to_owned(),
        spec: ConferenceReportSpec::default(),
        text: Ok(fetched(bytes, file_name)),
        kind: SourceKind::ConfigMap,
    });
    Ok(())
}

fn looks_like_manifest(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(4096)).unwrap_or_default());
    let has = |key: &str| head.lines().any(|line| line.starts_with(key));
    has("apiVersion:") && has("kind:")
}

fn fetched(bytes: Vec<u8>, file_name: Option<String>) -> Fetched {
    Fetched {
        revision: revision_of(&bytes),
        bytes,
        media_type: None,
        charset: None,
        file_name,
        etag: None,
        last_modified: None,
        config_map: None,
    }
}

/// Reads a stream of manifests: reports find their ConfigMaps and catalogs in the same stream.
fn add_manifests(inputs: &mut Inputs, origin: &str, text: &str) -> Result<(), String> {
    let mut config_maps: BTreeMap<String, ConfigMap> = BTreeMap::new();
    let mut reports = Vec::new();
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| format!("{origin}: {error}"))?;
    for document in documents.into_iter().flat_map(items) {
        let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let wrong = |error: serde_json::Error| format!("{origin}: {kind}: {error}");
        match kind.as_str() {
            "ConferenceReport" => reports.push(ConferenceReport::deserialize(document).map_err(wrong)?),
            "ConfigMap" => {
                let map = ConfigMap::deserialize(document).map_err(wrong)?;
                config_maps.insert(map.metadata.name.clone().unwrap_or_default(), map);
            }
            "ReportCatalog" => {
                let catalog = ReportCatalog::deserialize(document).map_err(wrong)?;
                inputs.catalogs.insert(catalog.metadata.name.clone().unwrap_or_default(), catalog);
            }
            // Whatever else is applied together with the reports is no concern here.
            _ => {}
        }
    }
    for report in reports {
        let kind = kind_of(&report.spec.source);
        inputs.reports.push(Input {
            name: report.metadata.name.clone().unwrap_or_default(),
            origin: origin.to_owned(),
            text: text_of(&report.spec.source, &config_maps),
            kind,
            spec: report.spec,
        });
    }
    Ok(())
}

/// A manifest, or the members of a List.
fn items(document: Value) -> Vec<Value> {
    match document {
        Value::Object(mut members) if members.get("kind").and_then(Value::as_str) == Some("List") => {
            match members.remove("items") {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            }
        }
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

fn kind_of(source: &Source) -> SourceKind {
    match source {
        Source { http: Some(_), .. } => SourceKind::Http,
        Source { inline: Some(_), .. } => SourceKind::Inline,
        _ => SourceKind::ConfigMap,
    }
}

fn text_of(source: &Source, config_maps: &BTreeMap<String, ConfigMap>) -> Result<Fetched, String> {
    if let Some(text) = &source.inline {
        return Ok(fetched(text.clone().into_bytes(), None));
    }
    if let Some(http) = &source.http {
        return Err(format!("source.http: analyze fetches nothing; save {} as a file and give that", http.url));
    }
    let reference =
        source.config_map_ref.as_ref().ok_or("source must have exactly one of configMapRef, http and inline")?;
    let map = config_maps.get(&reference.name).ok_or_else(|| {
        format!(
            "source.configMapRef: there is no ConfigMap {:?} beside the report; give it in the same file",
            reference.name
        )
    })?;
    crate::source::configmap::pick(map.clone(), reference, u64::MAX).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = r##"
apiVersion: v1
kind: ConfigMap
metadata: {name: texts}
data:
  report.md: "# KubeCon"
---
apiVersion: confreports.dev/v1alpha1
kind: ConferenceReport
metadata: {name: one}
spec: {source: {configMapRef: {name: texts, key: report.md}}}
---
apiVersion: confreports.dev/v1alpha1
kind: ConferenceReport
metadata: {name: two}
spec: {source: {configMapRef: {name: other}}}
"##;

    #[test]
    fn a_report_finds_its_config_map_in_the_same_stream() {
        let mut inputs = Inputs::default();
        add(&mut inputs, "standard input", None, STREAM.as_bytes().to_vec()).unwrap();
        let [one, two] = inputs.reports.as_slice() else { panic!("two reports expected") };
        assert_eq!(one.text.as_ref().unwrap().bytes, b"# KubeCon");
        assert_eq!(one.text.as_ref().unwrap().file_name.as_deref(), Some("report.md"));
        assert!(two.text.as_ref().unwrap_err().contains("no ConfigMap \"other\""));
    }

    #[test]
    fn standard_input_without_manifests_is_a_text() {
        let mut inputs = Inputs::default();
        add(&mut inputs, "standard input", None, b"KubeCon was good.\nkind: regards".to_vec()).unwrap();
        assert_eq!(inputs.reports.len(), 1);
        assert_eq!(inputs.reports[0].name, "stdin");
    }
}
