//! `make soak`: random edits, faults and restarts for a while, and one table that says whether anything was lost.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use testbed::progress::Step;
use testbed::soak::soak;

fn main() -> Result<()> {
    let binary = PathBuf::from(std::env::args().nth(1).context("usage: soak OPERATOR-BINARY")?);
    let time = match std::env::var("SOAK") {
        Ok(text) if !text.is_empty() => duration(&text).with_context(|| format!("SOAK={text}: write 90s or 10m"))?,
        _ => Duration::from_secs(600),
    };
    let seed = match std::env::var("SEED") {
        Ok(text) if !text.is_empty() => text.parse().with_context(|| format!("SEED={text}: write a number"))?,
        _ => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    };
    let step = Step::start(format!("Soaking for {} s with SEED={seed}", time.as_secs()));
    let verdict = soak(&binary, time, seed, |note| step.note(note))?;
    step.done("");
    println!("{verdict}");
    let problems = verdict.problems();
    if !problems.is_empty() {
        bail!("{} problems:\n{}", problems.len(), problems.join("\n"));
    }
    println!("{:<18} nothing was lost", "verdict");
    Ok(())
}

/// Seconds or minutes.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number * 60)),
        _ => None,
    }
}
