//! The texts that are measured: the samples of `deploy/`, one after the other until there is enough, and one hostile line. Reads the samples.

use std::fs;
use std::path::{Path, PathBuf};

use conference_report_operator::analysis::{Analyzer, Format};
use conference_report_operator::catalog::Catalog;

use crate::Result;

/// A text to measure.
pub struct Input {
    /// Short name, also on the command line of the process that measures memory.
    pub name: &'static str,
    /// What it consists of.
    pub what: &'static str,
    /// How it is to be read.
    pub format: Format,
    /// The text itself.
    pub text: String,
}

/// A sentence with names that are sure, names that need evidence, a company, an event, a date and themes: repeated on one line it is the worst case
/// for whatever looks around each name.
const HOSTILE: &str = "At KubeCon in Amsterdam on 21 March 2023 the team of Red Hat showed how Flux and Argo CD deploy Istio, Harbor and \
    Vault to a Kubernetes cluster with stronger security, said Ann Vault of Sysdig. ";

/// All texts, small ones first.
///
/// # Errors
/// When a sample cannot be read.
pub fn all() -> Result<Vec<Input>> {
    let Sources { reports, pages } = Sources::read()?;
    Ok(vec![
        Input {
            name: "reports",
            what: "reports in five languages as Markdown",
            format: Format::Markdown,
            text: repeated(&reports, 100_000),
        },
        Input { name: "pages", what: "HTML pages", format: Format::Html, text: repeated(&pages, 100_000) },
        Input {
            name: "long",
            what: "the same reports again and again",
            format: Format::Markdown,
            text: repeated(&reports, 1_000_000),
        },
        Input {
            name: "line",
            what: "one sentence full of names, on one line",
            format: Format::Text,
            text: HOSTILE.repeat(1_000_000 / HOSTILE.len()),
        },
    ])
}

/// Texts of each kind at three sizes: 10 KB, 100 KB, 1 MB.
///
/// # Errors
/// When a sample cannot be read.
pub fn growing() -> Result<Vec<[Input; 3]>> {
    let Sources { reports, pages } = Sources::read()?;
    let sizes = [10_000, 100_000, 1_000_000];
    let of = |name, format, text: &dyn Fn(usize) -> String| {
        sizes.map(|bytes| Input { name, what: "", format, text: text(bytes) })
    };
    let words: Vec<&str> = reports.split_whitespace().collect();
    // Lines that differ, since those that come back are page furniture.
    let lines = |bytes: usize| {
        let line = |number: usize| -> String {
            let words = (0..4).filter_map(|at| words.get((number * 3 + at * 7) % words.len().max(1)));
            format!("- {} {number}", words.copied().collect::<Vec<_>>().join(" "))
        };
        let lines = (0..bytes / 20).map(line).collect::<Vec<_>>().join("\n");
        repeated(&lines, bytes)
    };
    let catalog = Catalog::builtin();
    let names: Vec<&str> = catalog.projects.iter().map(|project| project.name.as_str()).collect();
    let names = names.join(", ");
    Ok(vec![
        of("reports", Format::Markdown, &|bytes| repeated(&reports, bytes)),
        of("pages", Format::Html, &|bytes| repeated(&pages, bytes)),
        of("line", Format::Text, &|bytes| HOSTILE.repeat(bytes / HOSTILE.len())),
        of("lines", Format::Markdown, &lines),
        of("names", Format::Text, &|bytes| repeated(&names, bytes)),
        of("letters", Format::Text, &|bytes| "sicherheit".repeat(bytes / 10)),
    ])
}

/// The samples by kind.
struct Sources {
    /// All as Markdown.
    reports: String,
    /// The HTML pages as they are.
    pages: String,
}

impl Sources {
    fn read() -> Result<Self> {
        let samples = samples()?;
        Ok(Self {
            reports: samples.iter().filter_map(Sample::markdown).collect::<Vec<_>>().join("\n\n"),
            pages: samples.iter().filter(|s| s.format == Format::Html).map(|s| s.text.as_str()).collect(),
        })
    }
}

/// A text repeated up to a number of bytes, cut at the end of a paragraph where there is one.
fn repeated(text: &str, bytes: usize) -> String {
    let mut long = String::with_capacity(bytes + text.len());
    while long.len() < bytes && !text.is_empty() {
        long.push_str(text);
        long.push_str("\n\n");
    }
    let mut end = bytes.min(long.len());
    while !long.is_char_boundary(end) {
        end -= 1;
    }
    long.truncate(end);
    long.truncate(long.rfind("\n\n").unwrap_or(end));
    long
}

/// A sample and how it is to be read.
pub struct Sample {
    /// How it is to be read.
    pub format: Format,
    /// The file as it is.
    pub text: String,
}

impl Sample {
    /// The text as Markdown: that of an HTML page without its markup.
    pub fn markdown(&self) -> Option<String> {
        if self.format != Format::Html {
            return Some(self.text.clone());
        }
        Some(Analyzer::new(Catalog::builtin()).read(&self.text, self.format).ok()?.text.replace('\n', "\n\n"))
    }
}

/// The samples, by their file names.
///
/// # Errors
/// When one cannot be read.
pub fn samples() -> Result<Vec<Sample>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/samples/texts");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    let mut samples = Vec::new();
    for file in files {
        let format = match file.extension().and_then(|extension| extension.to_str()) {
            Some("md") => Format::Markdown,
            Some("html") => Format::Html,
            Some("txt") => Format::Text,
            _ => continue,
        };
        samples.push(Sample { format, text: fs::read_to_string(&file)? });
    }
    Ok(samples)
}
