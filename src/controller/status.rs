//! From an analysis to the status that is written: caps, excerpts, and a hard limit on the size. Pure functions.

use std::io;

use serde::Serialize;

use crate::analysis::{ANALYZER_VERSION, Analysis};
use crate::api::{
    ConferenceReportStatus, ConfigMapVersion, EventStatus, OrganizationStatus, ProjectStatus, SourceStatus, ThemeStatus,
};
use crate::source::{Fetched, SourceKind};

/// The most bytes that a status may have as JSON.
pub const STATUS_LIMIT: usize = 32 * 1024;
/// What is left free for conditions, generation and the last request, which are filled in afterwards.
const RESERVED: usize = 8 * 1024;
/// What is left free for the source. A fixed share, so that what is cut depends on the analysis alone: the same text gives the same
/// result wherever it was read from, in a cluster and by `analyze`.
const RESERVED_FOR_SOURCE: usize = 2 * 1024;
/// The most projects that are listed.
pub const MAX_PROJECTS: usize = 100;
/// The most organisations that are listed.
pub const MAX_ORGANIZATIONS: usize = 50;
/// The most themes that are listed.
pub const MAX_THEMES: usize = 20;
/// The most bytes of one piece of evidence; shorter pieces are tried, down to the last, when the whole is too large.
const EVIDENCE_STEPS: [usize; 5] = [300, 200, 120, 80, 48];
/// The most bytes of the summary: 500 long words.
const MAX_SUMMARY: usize = 6 * 1024;
/// The most bytes of the title.
const MAX_TITLE: usize = 512;
/// The most bytes of a name, a category, a version and the like.
const MAX_WORD: usize = 128;
/// The most bytes, as JSON, of an address or an HTTP validator. A longer one is left out: half of it would be wrong.
const MAX_VALUE: usize = 512;

/// Whether a status was made of a text with the same bytes, which were said to be of the same type: another type is another format.
pub fn is_of(source: &SourceStatus, fetched: &Fetched) -> bool {
    source.revision == fetched.revision && source.media_type == whole(fetched.media_type.as_deref())
}

/// The status for an analysis, without conditions, generation and the last request.
pub fn build(
    analysis: &Analysis,
    fetched: &Fetched,
    kind: SourceKind,
    catalog_revision: &str,
) -> ConferenceReportStatus {
    let source = SourceStatus {
        kind: kind.as_str().to_owned(),
        revision: fetched.revision.clone(),
        media_type: whole(fetched.media_type.as_deref()),
        bytes: i64::try_from(fetched.bytes.len()).unwrap_or(i64::MAX),
        etag: whole(fetched.etag.as_deref()),
        last_modified: whole(fetched.last_modified.as_deref()),
        config_map: fetched
            .config_map
            .clone()
            .map(|(uid, resource_version)| ConfigMapVersion { uid, resource_version }),
    };
    let mut shape = Shape {
        projects: analysis.projects.len().min(MAX_PROJECTS),
        organizations: analysis.organizations.len().min(MAX_ORGANIZATIONS),
        themes: analysis.themes.len().min(MAX_THEMES),
        evidence: 0,
        summary: MAX_SUMMARY,
    };
    let mut status = shape.status(analysis, catalog_revision);
    // Each step shortens the evidence, then the lists, then the summary, so this ends.
    while json_size(&status) > STATUS_LIMIT - RESERVED - RESERVED_FOR_SOURCE && shape.shrink() {
        status = shape.status(analysis, catalog_revision);
    }
    status.source = Some(source);
    status
}

/// What was found, in a few words, for the Ready condition and the event.
pub fn message(status: &ConferenceReportStatus) -> String {
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let projects = usize::try_from(status.project_count.unwrap_or_default()).unwrap_or_default();
    format!(
        "found {}, {} and {} in {}",
        count(projects, "project", "projects"),
        count(status.organizations.len(), "organization", "organizations"),
        count(status.themes.len(), "theme", "themes"),
        count(usize::try_from(status.words.unwrap_or_default()).unwrap_or_default(), "word", "words"),
    )
}

/// How much of an analysis goes into the status.
#[derive(Clone, Copy)]
struct Shape {
    projects: usize,
    organizations: usize,
    themes: usize,
    /// Index into [`EVIDENCE_STEPS`].
    evidence: usize,
    /// The most bytes of the summary.
    summary: usize,
}

impl Shape {
    /// The next smaller shape; false when there is none.
    fn shrink(&mut self) -> bool {
        if self.evidence + 1 < EVIDENCE_STEPS.len() {
            self.evidence += 1;
            return true;
        }
        let before = (self.projects, self.organizations, self.themes);
        self.projects = self.projects * 3 / 4;
        self.organizations = self.organizations * 3 / 4;
        self.themes = self.themes * 3 / 4;
        if before != (self.projects, self.organizations, self.themes) {
            return true;
        }
        // Only texts of little but characters that JSON escapes get here.
        self.summary /= 2;
        self.summary > 0
    }

    fn status(self, analysis: &Analysis, catalog_revision: &str) -> ConferenceReportStatus {
        let limit = EVIDENCE_STEPS.get(self.evidence).copied().unwrap_or(48);
        let evidence = |text: &str, name: &str| excerpt(text, name, limit).to_owned();
        let word = |text: &str| head(text, MAX_WORD).to_owned();
        let opt_word = |text: &Option<String>| text.as_deref().map(word);
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let summary = head(&analysis.summary, self.summary);
        let truncated = self.evidence > 0
            || self.projects < analysis.projects.len()
            || self.organizations < analysis.organizations.len()
            || self.themes < analysis.themes.len()
            || summary.len() < analysis.summary.len();
        ConferenceReportStatus {
            analyzer_version: Some(ANALYZER_VERSION.to_owned()),
            catalog_revision: Some(catalog_revision.to_owned()),
            language: Some(word(&analysis.language)),
            title: analysis.title.as_deref().map(|title| head(title, MAX_TITLE).to_owned()),
            words: Some(number(analysis.words)),
            event: analysis.event.as_ref().map(|event| EventStatus {
                name: opt_word(&event.name),
                edition: opt_word(&event.edition),
                year: event.year,
                location: opt_word(&event.location),
                start_date: opt_word(&event.start_date),
                end_date: opt_word(&event.end_date),
                inferred: event.inferred.iter().map(|field| (*field).to_owned()).collect(),
            }),
            summary: (!summary.is_empty()).then(|| summary.to_owned()),
            projects: analysis
                .projects
                .iter()
                .take(self.projects)
                .map(|hit| ProjectStatus {
                    name: word(&hit.name),
                    category: opt_word(&hit.category),
                    maturity: opt_word(&hit.maturity),
                    homepage: whole(hit.homepage.as_deref()),
                    version: opt_word(&hit.version),
                    parent: opt_word(&hit.parent),
                    mentions: number(hit.mentions),
                    evidence: evidence(&hit.evidence, &hit.name),
                })
                .collect(),
            organizations: analysis
                .organizations
                .iter()
                .take(self.organizations)
                .map(|hit| OrganizationStatus {
                    name: word(&hit.name),
                    mentions: number(hit.mentions),
                    evidence: evidence(&hit.evidence, &hit.name),
                })
                .collect(),
            themes: analysis
                .themes
                .iter()
                .take(self.themes)
                .map(|hit| ThemeStatus {
                    name: word(&hit.name),
                    title: word(&hit.title),
                    score: i64::from(hit.score.min(100)),
                    mentions: number(hit.mentions),
                    evidence: evidence(&hit.evidence, ""),
                })
                .collect(),
            project_count: Some(number(analysis.projects.len())),
            top_themes: top_themes(analysis),
            truncated,
            ..ConferenceReportStatus::default()
        }
    }
}

fn top_themes(analysis: &Analysis) -> Option<String> {
    let names: Vec<&str> = analysis.themes.iter().take(3).map(|theme| head(&theme.name, MAX_WORD)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A value that is only useful as a whole.
fn whole(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty() && json_size(text) <= MAX_VALUE).map(str::to_owned)
}

/// The start of a text, at most `limit` bytes, ending with a whole word where there is one.
fn head(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let cut = text.get(..floor(text, limit)).unwrap_or_default();
    match cut.rfind(char::is_whitespace) {
        Some(space) if space > limit / 2 => cut.get(..space).unwrap_or(cut).trim_end(),
        _ => cut,
    }
}

/// A part of a text, at most `limit` bytes, that begins and ends at whole words and holds `name` if the text does. A substring of the
/// text, so that it can be searched for there.
fn excerpt<'a>(text: &'a str, name: &str, limit: usize) -> &'a str {
    let text = text.trim();
    if text.len() <= limit {
        return text;
    }
    let found = if name.is_empty() { None } else { text.find(name) };
    match found {
        Some(at) if at + name.len() > limit => {
            // A third of the room before the name, the rest for the name and what follows.
            let from = floor(text, at.saturating_sub(limit / 3));
            let before = text.get(from..at).unwrap_or_default();
            let from = before.find(char::is_whitespace).map_or(at, |space| from + space);
            head(text.get(from..).unwrap_or_default().trim_start(), limit)
        }
        _ => head(text, limit),
    }
}

/// The last character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Bytes of a value as the API server stores it: Go's JSON writes `<`, `>`, `&` and two separators as six characters.
fn json_size(value: &(impl Serialize + ?Sized)) -> usize {
    let mut size = JsonSize(0);
    // Counting does not fail, and neither does writing down what is in a status.
    let _ = serde_json::to_writer(&mut size, value);
    size.0
}

/// Counts what is written to it instead of keeping it.
struct JsonSize(usize);

impl io::Write for JsonSize {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let escaped = piece.iter().filter(|byte| matches!(byte, b'<' | b'>' | b'&')).count();
        let separators = match piece.contains(&SEPARATOR[0]) {
            true => piece.windows(3).filter(|bytes| bytes.starts_with(&SEPARATOR) && bytes[2] & 0xfe == 0xa8).count(),
            false => 0,
        };
        self.0 += piece.len() + escaped * 5 + separators * 3;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How the two separators, U+2028 and U+2029, begin in UTF-8; their last bytes are a8 and a9.
const SEPARATOR: [u8; 2] = [0xe2, 0x80];

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
