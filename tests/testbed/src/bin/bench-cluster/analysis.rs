//! What the analysis alone costs: `analyze` on the same texts, beside `analyze` on a single one, which costs what loading costs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use serde::Serialize;
use testbed::progress::Step;

use crate::lab::Lab;
use testbed::usage;

/// Texts that are analysed.
const TEXTS: usize = 1000;

/// Processor time of the analysis.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Analysis {
    /// Processor seconds for a thousand texts of the workload.
    pub seconds_per_1000: f64,
    /// Load average of the last minute.
    pub load: f64,
}

/// Measures it.
///
/// # Errors
/// When `analyze` fails.
pub fn measure(lab: &Lab) -> Result<Analysis> {
    let step = Step::start(format!("Analysis of {TEXTS} texts alone"));
    let folder = lab.folder.path().join("analysis");
    fs::create_dir_all(&folder)?;
    for number in 0..TEXTS {
        fs::write(folder.join(format!("{number:04}-{}", lab.workload.key(number))), lab.workload.text(number, 0))?;
    }
    let one = folder.join(format!("0000-{}", lab.workload.key(0)));
    let seconds = (seconds(&lab.programs.operator, &folder)? - seconds(&lab.programs.operator, &one)?).max(0.0);
    let analysis = Analysis { seconds_per_1000: seconds * 1000.0 / TEXTS as f64, load: usage::load() };
    step.done(&format!("{:.2} s of processor time", analysis.seconds_per_1000));
    Ok(analysis)
}

fn seconds(operator: &Path, texts: &Path) -> Result<f64> {
    let before = usage::ended_children();
    let status = Command::new(operator).args(["analyze", "-o", "json"]).arg(texts).stdout(Stdio::null()).status()?;
    if !status.success() {
        bail!("`analyze` failed");
    }
    Ok(usage::ended_children() - before)
}
