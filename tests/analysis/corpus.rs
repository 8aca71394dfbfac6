//! The texts of the project, and what the analysis makes of them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use conference_report_operator::analysis::document::detect_format;
use conference_report_operator::analysis::{Analysis, Analyzer, Document, Hints};
use conference_report_operator::catalog::Catalog;
use conference_report_operator::controller::status;
use conference_report_operator::source::{Fetched, SourceKind, revision_of};
use serde_json::Value;
use testbed::scoring::Gold;

/// A text of the project.
pub struct Text {
    pub path: PathBuf,
    pub text: String,
}

impl Text {
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap()
    }
}

/// All texts in a folder of the repository, by name.
pub fn texts(folder: &str) -> Vec<Text> {
    let folder = testbed::repository().join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<Text> = paths
        .into_iter()
        .filter(|path| {
            matches!(path.extension().and_then(|e| e.to_str()), Some("txt" | "md" | "html"))
                && !path.ends_with("README.md")
        })
        .map(|path| Text { text: std::fs::read_to_string(&path).unwrap(), path })
        .collect();
    assert!(!texts.is_empty(), "{} holds no text", folder.display());
    texts
}

/// What a careful reader found, from a YAML file.
pub fn gold(path: &Path) -> Gold {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn analyzer() -> Analyzer {
    static BUILTIN: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(Catalog::builtin()));
    BUILTIN.clone()
}

pub fn document(text: &str, name: &str) -> Document {
    analyzer().read(text, detect_format(text, None, Some(name))).unwrap()
}

pub fn analyze(text: &str, name: &str) -> Analysis {
    analyzer().analyze(&document(text, name), &Hints::default())
}

/// The status that would be written.
pub fn status_of(analysis: &Analysis, text: &str) -> Value {
    let fetched = Fetched {
        revision: revision_of(text.as_bytes()),
        bytes: text.as_bytes().to_vec(),
        media_type: None,
        charset: None,
        file_name: None,
        etag: None,
        last_modified: None,
        config_map: None,
    };
    serde_json::to_value(status::build(analysis, &fetched, SourceKind::ConfigMap, "sha256:0")).unwrap()
}
