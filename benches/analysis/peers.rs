//! The tools that one would pick in Python for the same jobs, on the same texts: `tests/peers/peers.py` measures them, this prints their figures as
//! ratios to ours. Writes the texts to a temporary folder and starts Python.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use conference_report_operator::analysis::document::Format;
use conference_report_operator::catalog::Catalog;
use serde::Deserialize;

use crate::inputs::{Input, samples};
use crate::stages::{Prepared, Stage};
use crate::{MB, Result, time};

/// Figures of a tool, one line of JSON each.
#[derive(Deserialize)]
struct Figure {
    /// Name of the stage that does the same job.
    stage: String,
    tool: String,
    /// Absent where the tool is not installed.
    milliseconds: Option<f64>,
    peak_mib: Option<f64>,
}

/// Measures the tools with a Python interpreter that has them and prints the table. Each gets the samples one by one: some take time that grows with
/// the square of a text.
///
/// # Errors
/// When Python cannot be started or fails.
pub fn table(python: &OsStr) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut ours = [Stage::Scan, Stage::Parse, Stage::Language, Stage::Sentences, Stage::Names, Stage::Summary]
        .map(|stage| (stage, 0.0));
    let (mut bytes, mut page_bytes) = (0, 0);
    for (number, sample) in samples()?.into_iter().enumerate() {
        let page = sample.format == Format::Html;
        let text = sample.markdown().unwrap_or_default();
        if page {
            page_bytes += sample.text.len();
            fs::write(folder.path().join(format!("{number:02}.html")), &sample.text)?;
        }
        bytes += text.len();
        fs::write(folder.path().join(format!("{number:02}.txt")), &text)?;
        let as_page = Input { name: "page", what: "", format: sample.format, text: sample.text };
        let as_text = Input { name: "text", what: "", format: Format::Text, text };
        let (page_prepared, text_prepared) = (Prepared::new(&as_page)?, Prepared::new(&as_text)?);
        for (stage, millis) in &mut ours {
            match stage {
                Stage::Parse if page => *millis += time(|| stage.run(&page_prepared)),
                Stage::Parse => {}
                _ => *millis += time(|| stage.run(&text_prepared)),
            }
        }
    }
    let catalog = Catalog::builtin();
    let surfaces: Vec<&str> = catalog.names.patterns().map(|(text, _)| text).collect();
    fs::write(folder.path().join("surfaces.list"), surfaces.join("\n"))?;

    println!("\npeers: {bytes} bytes of reports, {page_bytes} of pages, one document at a time");
    println!("{:<10} {:<28} {:>9} {:>8} {:>10}", "stage", "tool", "ms/MB", "x ours", "peak");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/peers.py");
    let output = Command::new(python).arg(script).arg(folder.path()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the peers could not be measured".into());
    }
    let figures: Vec<Figure> =
        String::from_utf8(output.stdout)?.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?;
    for (stage, millis) in ours {
        let size = if stage == Stage::Parse { page_bytes } else { bytes } as f64;
        println!("{:<10} {:<28} {:>9.1} {:>8} {:>10}", stage.name(), "ours", millis * MB / size, 1, "-");
        for figure in figures.iter().filter(|figure| figure.stage == stage.name()) {
            match figure.milliseconds {
                Some(theirs) => println!(
                    "{:<10} {:<28} {:>9.1} {:>8.1} {:>10}",
                    "",
                    figure.tool,
                    theirs * MB / size,
                    theirs / millis,
                    figure.peak_mib.map_or_else(|| "-".to_owned(), |mib| format!("{mib:.0} MiB")),
                ),
                None => println!("{:<10} {:<28} {:>9}", "", figure.tool, "not installed"),
            }
        }
    }
    Ok(())
}
