//! The declared workload: report `n` holds text `n` modulo the number of texts, and a line of its own, so that no two reports are the
//! same and nothing could be remembered from one for another. Reads the texts of the repository; no cluster.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Folders with texts, relative to the repository: travel reports of some seven kilobytes, and short ones of about two.
const FOLDERS: [&str; 2] = ["deploy/samples/texts", "tests/golden/reports"];

/// A text that reports are made from.
struct Text {
    /// File name; also the key in the ConfigMap.
    key: String,
    body: String,
}

/// The texts.
pub struct Workload {
    texts: Vec<Text>,
}

/// What the workload is, for the reader of the results.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// Different texts.
    pub texts: usize,
    /// Languages, by number of texts.
    pub languages: Vec<String>,
    /// Mean size of a text in bytes.
    pub mean_text_bytes: usize,
    /// Mean size of a status in bytes.
    pub mean_status_bytes: usize,
}

impl Workload {
    /// Reads the texts.
    ///
    /// # Errors
    /// When there are none.
    pub fn load() -> Result<Self> {
        let mut texts = Vec::new();
        for folder in FOLDERS {
            let folder = testbed::repository().join(folder);
            let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
                .with_context(|| format!("cannot read {}", folder.display()))?
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .filter(|path| is_text(path))
                .collect();
            paths.sort();
            for path in paths {
                let key = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                texts.push(Text { key, body: fs::read_to_string(&path)? });
            }
        }
        if texts.is_empty() {
            bail!("there are no texts in {FOLDERS:?}");
        }
        Ok(Self { texts })
    }

    /// Number of different texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Key under which a report's text stands in its ConfigMap; it names the text it is made from.
    pub fn key(&self, report: usize) -> &str {
        &self.of(report).key
    }

    /// Text of a report after a number of edits.
    pub fn text(&self, report: usize, edit: usize) -> String {
        let text = self.of(report);
        if text.key.ends_with(".html") {
            format!("{}\n<!-- {report}/{edit} -->\n", text.body.trim_end())
        } else {
            format!("{}\n\n{report}/{edit}\n", text.body.trim_end())
        }
    }

    /// Media type to serve a report's text as.
    pub fn media_type(&self, report: usize) -> &'static str {
        match self.key(report).rsplit_once('.') {
            Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "md")) => "text/markdown; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// What it is, for people. The languages are those that the names of the files begin with.
    pub fn facts(&self, mean_status_bytes: usize) -> Facts {
        let mut languages: Vec<(String, usize)> = Vec::new();
        for text in &self.texts {
            let language = text.key.get(..2).unwrap_or("?");
            match languages.iter_mut().find(|(known, _)| known == language) {
                Some((_, count)) => *count += 1,
                None => languages.push((language.to_owned(), 1)),
            }
        }
        Facts {
            texts: self.texts.len(),
            languages: languages.into_iter().map(|(language, count)| format!("{language} {count}")).collect(),
            mean_text_bytes: self.texts.iter().map(|text| text.body.len()).sum::<usize>() / self.texts.len(),
            mean_status_bytes,
        }
    }

    fn of(&self, report: usize) -> &Text {
        // Never empty: `load` sees to that.
        &self.texts[report % self.texts.len()]
    }
}

fn is_text(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name != "README.md" && [".txt", ".md", ".html"].iter().any(|extension| name.ends_with(extension))
}

/// Name of a report and of its ConfigMap.
pub fn name(report: usize) -> String {
    format!("report-{report:06}")
}

/// The digest that stands in `status.source.revision`.
pub fn revision(text: &str) -> String {
    let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digest}")
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Facts of no workload in particular.
    pub fn facts() -> Facts {
        Facts { texts: 1, languages: Vec::new(), mean_text_bytes: 1, mean_status_bytes: 1 }
    }

    #[test]
    fn no_two_reports_and_no_two_edits_have_the_same_text() {
        let workload = Workload::load().unwrap();
        let texts: Vec<String> =
            (0..3 * workload.len()).flat_map(|n| [0, 1].map(|edit| workload.text(n, edit))).collect();
        let revisions: std::collections::HashSet<String> = texts.iter().map(|text| revision(text)).collect();
        assert_eq!(revisions.len(), texts.len());
    }
}
