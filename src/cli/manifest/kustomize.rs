//! Reports as plain files in a folder with a kustomization: texts stay texts, kustomize makes the ConfigMaps. Reads and writes that folder.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::plan::{Common, Entry, Source};
use super::write_file;

const KUSTOMIZATION: &str = "kustomization.yaml";
const NAME_REFERENCE: &str = "name-reference.yaml";
/// A file that begins so is ours to write anew; any other is somebody's own.
const HEADER: &str = "# Kept by `conference-report-operator manifest --kustomize`; run it again to add reports.\n";

/// The part of a kustomization that is kept here, in the order in which it is written.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kustomization {
    api_version: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    config_map_generator: Vec<Generator>,
    #[serde(default)]
    configurations: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Generator {
    name: String,
    files: Vec<String>,
}

/// Puts the reports into the folder and into its kustomization.
///
/// # Errors
/// When the folder has a kustomization that is not kept here, or a file cannot be read or written.
pub fn write(folder: &Path, entries: &[Entry], common: &Common) -> Result<(), String> {
    let path = folder.join(KUSTOMIZATION);
    let before = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let origin = path.display().to_string();
    let after = add(before.as_deref(), entries, common).map_err(|error| format!("{origin}: {error}"))?;
    // The namespace stands in the kustomization, once.
    let bare = Common { namespace: None, ..common.clone() };
    for entry in entries {
        if let Source::Text(text) = &entry.source {
            write_file(&folder.join(&text.key), &text.bytes)?;
        }
        let report = entry.report(&bare)?;
        write_file(&folder.join(report_file(entry)), report.trim_start_matches("---\n").as_bytes())?;
    }
    write_file(&folder.join(NAME_REFERENCE), name_reference().as_bytes())?;
    write_file(&path, after.as_bytes())
}

/// The kustomization with the reports added. Those of a name that is there already take its place.
fn add(before: Option<&str>, entries: &[Entry], common: &Common) -> Result<String, String> {
    let mut kustomization = match before {
        None => Kustomization {
            api_version: "kustomize.config.k8s.io/v1beta1".to_owned(),
            kind: "Kustomization".to_owned(),
            ..Kustomization::default()
        },
        Some(text) if text.starts_with(HEADER) => serde_saphyr::from_str(text).map_err(|error| error.to_string())?,
        Some(_) => {
            return Err(
                "it is not kept by this command and stays as it is; give another folder, and name that under resources"
                    .to_owned(),
            );
        }
    };
    if common.namespace.is_some() {
        kustomization.namespace.clone_from(&common.namespace);
    }
    for entry in entries {
        kustomization.resources.push(report_file(entry));
        kustomization.config_map_generator.retain(|generator| generator.name != entry.name);
        if let Source::Text(text) = &entry.source {
            let files = vec![text.key.clone()];
            kustomization.config_map_generator.push(Generator { name: entry.name.clone(), files });
        }
    }
    kustomization.resources.sort();
    kustomization.resources.dedup();
    kustomization.config_map_generator.sort_by(|a, b| a.name.cmp(&b.name));
    kustomization.configurations = vec![NAME_REFERENCE.to_owned()];
    let files = kustomization.config_map_generator.iter().flat_map(|generator| &generator.files);
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = files.into_iter().find(|file| !seen.insert(*file)) {
        return Err(format!("two reports would have the text {twice}; rename one of the files"));
    }
    let yaml = serde_saphyr::to_string(&kustomization).map_err(|error| error.to_string())?;
    Ok(format!("{HEADER}{yaml}"))
}

fn report_file(entry: &Entry) -> String {
    format!("{}.report.yaml", entry.name)
}

/// Tells kustomize where reports name what it renames: its hashed ConfigMaps and Secrets.
fn name_reference() -> &'static str {
    include_str!("name-reference.yaml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::manifest::plan::Text;

    fn entry(name: &str, file: &str) -> Entry {
        Entry { name: name.into(), source: Source::Text(Text::new(file, b"# Text".to_vec(), file).unwrap()) }
    }

    #[test]
    fn reports_are_added_to_those_that_are_there() {
        let common = Common { namespace: Some("reports".into()), ..Common::default() };
        let first = add(None, &[entry("b", "b.md")], &common).unwrap();
        let url = Entry { name: "c".into(), source: Source::Url("https://example.org/c".into()) };
        let second = add(Some(&first), &[entry("a", "a.md"), url, entry("b", "b.md")], &Common::default()).unwrap();
        let kustomization: Kustomization = serde_saphyr::from_str(&second).unwrap();
        assert_eq!(kustomization.resources, ["a.report.yaml", "b.report.yaml", "c.report.yaml"]);
        let maps: Vec<&str> = kustomization.config_map_generator.iter().map(|map| map.name.as_str()).collect();
        assert_eq!(maps, ["a", "b"]);
        assert_eq!(kustomization.namespace.as_deref(), Some("reports"));
        assert_eq!(add(Some(&second), &[], &Common::default()).unwrap(), second, "adding nothing changes nothing");
    }

    #[test]
    fn somebody_elses_kustomization_stays_as_it_is() {
        let error = add(Some("resources: [mine.yaml]\n"), &[entry("a", "a.md")], &Common::default()).unwrap_err();
        assert!(error.contains("stays as it is"), "{error}");
    }

    #[test]
    fn two_texts_of_one_file_name_are_refused() {
        let error = add(None, &[entry("a", "x.md"), entry("b", "x.md")], &Common::default()).unwrap_err();
        assert!(error.contains("x.md"), "{error}");
    }
}
