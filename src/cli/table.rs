//! Results for people: columns as kubectl prints them, and one report in full.

use std::fmt::Write;

use crate::analysis::Document;
use crate::analysis::names::Candidate;
use crate::api::{ConferenceReportStatus, EventStatus};

const WIDTH: usize = 100;

/// One line a report.
pub(super) fn overview(results: &[(String, ConferenceReportStatus)]) -> String {
    let mut rows = vec![["NAME", "EVENT", "LANGUAGE", "PROJECTS", "THEMES"].map(str::to_owned)];
    for (name, status) in results {
        let edition = status.event.as_ref().and_then(|event| event.edition.clone().or_else(|| event.name.clone()));
        rows.push([
            name.clone(),
            edition.unwrap_or_default(),
            status.language.clone().unwrap_or_default(),
            status.project_count.unwrap_or_default().to_string(),
            status.top_themes.clone().unwrap_or_default(),
        ]);
    }
    columns(&rows)
}

/// One report in full.
pub(super) fn detail(name: &str, status: &ConferenceReportStatus) -> String {
    let mut text = String::new();
    let mut field = |label: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let wrapped = wrap(&value, WIDTH - 12).join("\n            ");
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{label:<11} {wrapped}");
        }
    };
    field("Report", Some(name.to_owned()));
    field("Title", status.title.clone());
    field("Event", status.event.as_ref().map(event_line));
    field("Language", status.language.clone());
    field("Words", status.words.map(|words| words.to_string()));
    field("Summary", status.summary.clone());
    text.push_str("\nTHEMES\n");
    let themes =
        status.themes.iter().map(|theme| [theme.score.to_string(), theme.title.clone(), clip(&theme.evidence)]);
    text.push_str(&columns(&themes.collect::<Vec<_>>()));
    let _ = writeln!(text, "\nPROJECTS ({})", status.project_count.unwrap_or_default());
    let projects = status.projects.iter().map(|project| {
        let name = match &project.version {
            Some(version) => format!("{} {version}", project.name),
            None => project.name.clone(),
        };
        [project.mentions.to_string(), name, project.maturity.clone().unwrap_or_default(), clip(&project.evidence)]
    });
    text.push_str(&columns(&projects.collect::<Vec<_>>()));
    let _ = writeln!(text, "\nORGANIZATIONS ({})", status.organizations.len());
    let organizations = status.organizations.iter().map(|organization| {
        [organization.mentions.to_string(), organization.name.clone(), clip(&organization.evidence)]
    });
    text.push_str(&columns(&organizations.collect::<Vec<_>>()));
    text
}

/// Every name that was considered, and what decided.
pub(super) fn explanation(document: &Document, candidates: &[Candidate]) -> String {
    let mut rows = vec![["VERDICT", "KIND", "NAME", "TEXT", "EVIDENCE"].map(str::to_owned)];
    for candidate in candidates {
        let surface = document.text.get(candidate.span.clone()).unwrap_or_default();
        rows.push([
            candidate.verdict.to_string(),
            candidate.kind.to_string(),
            candidate.name.clone(),
            format!("{surface:?} at {}", candidate.span.start),
            candidate.evidence_text(),
        ]);
    }
    columns(&rows)
}

fn event_line(event: &EventStatus) -> String {
    let mut parts: Vec<String> =
        [&event.name, &event.edition, &event.location].into_iter().flatten().cloned().collect();
    match (&event.start_date, &event.end_date) {
        (Some(start), Some(end)) if start != end => parts.push(format!("{start} to {end}")),
        (Some(start), _) => parts.push(start.clone()),
        _ => {}
    }
    let line = parts.join(", ");
    if event.inferred.is_empty() { line } else { format!("{line} (inferred: {})", event.inferred.join(", ")) }
}

/// The start of a sentence, for a line of a table.
fn clip(text: &str) -> String {
    const LONGEST: usize = 90;
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Left-aligned columns, three spaces apart, as kubectl prints them.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: Vec<usize> = (0..N)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}   ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
