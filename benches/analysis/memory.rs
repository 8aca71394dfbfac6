//! Peak memory of a stage, and the time to load the catalog: measured in a process of its own, by Linux's own count of resident memory. Starts this
//! very program again; reads and writes below `/proc/self`.
//!
//! The figure is what the process grew by at most while the stage ran. Memory that earlier stages gave back is used again without growth, so a
//! stage that takes little may show nothing; that of "all" starts right behind the catalog and is whole.

use std::fs;
use std::process::Command;
use std::time::Instant;

use conference_report_operator::catalog::Catalog;

use crate::Result;
use crate::inputs;
use crate::stages::{Prepared, Stage};

/// What asks this program to be the process that is measured: `FLAG INPUT STAGE`.
pub const FLAG: &str = "--peak";
/// Instead of a stage: what the catalog keeps once it is loaded.
pub const CATALOG: &str = "catalog";
/// Instead of a stage: how long the catalog takes to load, in microseconds.
const CATALOG_TIME: &str = "catalog-time";

/// Bytes that a stage takes at most; none where the system does not tell.
///
/// # Errors
/// When the process cannot be started or fails.
pub fn peak(input: &str, stage: &str) -> Result<Option<u64>> {
    let output = Command::new(std::env::current_exe()?).args([FLAG, input, stage]).output()?;
    if !output.status.success() {
        return Err(format!("measuring {stage}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse().ok())
}

/// Milliseconds that a fresh process takes to load the catalog.
///
/// # Errors
/// As for [`peak`].
pub fn catalog_millis() -> Result<f64> {
    Ok(peak("-", CATALOG_TIME)?.unwrap_or_default() as f64 / 1e3)
}

/// The measured process: prints a number, or nothing where the system does not tell.
///
/// # Errors
/// When there is no such input or stage.
pub fn child(input: &str, stage: &str) -> Result<()> {
    let start = Instant::now();
    match stage {
        CATALOG_TIME => {
            std::hint::black_box(Catalog::builtin());
            println!("{}", start.elapsed().as_micros());
        }
        CATALOG => {
            let before = resident("VmRSS:");
            std::hint::black_box(Catalog::builtin());
            print_growth(before, resident("VmRSS:"));
        }
        _ => {
            let stage = Stage::of(stage).ok_or("no such stage")?;
            let input = inputs::all()?.into_iter().find(|known| known.name == input).ok_or("no such input")?;
            let prepared = if stage == Stage::All { Prepared::bare(&input) } else { Prepared::new(&input)? };
            // From here on the peak is counted anew.
            let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
            let before = resident("VmRSS:").filter(|_| reset);
            std::hint::black_box(stage.run(&prepared));
            print_growth(before, resident("VmHWM:"));
        }
    }
    Ok(())
}

fn print_growth(before: Option<u64>, after: Option<u64>) {
    if let (Some(before), Some(after)) = (before, after) {
        println!("{}", after.saturating_sub(before));
    }
}

/// A line of `/proc/self/status`, in bytes.
fn resident(line: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|text| text.strip_prefix(line))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
