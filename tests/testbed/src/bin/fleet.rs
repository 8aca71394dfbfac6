//! `make fleet`: ten thousand reports, a restart, newcomers in the middle of a wave, and one table that says what came of it.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use testbed::fleet::fleet;
use testbed::progress::Step;

/// Enough for a 99th percentile that is not just the longest.
const NEWCOMERS: usize = 300;

fn main() -> Result<()> {
    let binary = PathBuf::from(std::env::args().nth(1).context("usage: fleet OPERATOR-BINARY")?);
    let reports = match std::env::var("REPORTS") {
        Ok(text) if !text.is_empty() => text.parse().with_context(|| format!("REPORTS={text}: write a number"))?,
        _ => 10_000,
    };
    let step = Step::start(format!("A fleet of {reports} reports"));
    let verdict = fleet(&binary, reports, NEWCOMERS, |note| step.note(note))?;
    step.done("");
    println!("{verdict}");
    let problems = verdict.problems();
    if !problems.is_empty() {
        bail!("{} problems:\n{}", problems.len(), problems.join("\n"));
    }
    println!("{:<18} nothing read or written after the restart; newcomers do not wait", "verdict");
    Ok(())
}
