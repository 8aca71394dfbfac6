//! How fast the analysis is and how much memory it takes, stage by stage, beside a bare scan for the same spellings as the limit: `make bench`.
//!
//! Prints a table an input, how the time grows with the size of a text, and what differs from the baseline that is kept in the repository. Nothing is
//! asserted: times depend on the machine. Ratios to the scan depend on it less, so these are what is compared; each is the best run of a stage
//! against the best of scans that took turns with it. Memory is measured in a process of its own for each stage. `BENCH_SAVE=1` writes the baseline
//! anew. `BENCH_PEERS` names a Python interpreter that has the tools of `tests/peers`; then their figures follow, as ratios to ours. Reads the samples
//! and starts processes; writes the baseline, and to a temporary folder for the peers.

mod baseline;
mod inputs;
mod memory;
mod peers;
mod stages;

use std::time::{Duration, Instant};

use baseline::Ratios;
use inputs::Input;
use stages::{Prepared, STAGES, Stage};

/// The result of a measurement or what went wrong.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Bytes of a megabyte in "milliseconds per MB".
const MB: f64 = 1e6;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, input, stage] = arguments.as_slice()
        && flag == memory::FLAG
    {
        return memory::child(input, stage);
    }
    let mut ratios = Ratios::default();
    let inputs = inputs::all()?;
    catalog(&inputs, &mut ratios)?;
    for input in &inputs {
        table(input, &mut ratios)?;
    }
    growth(&mut ratios)?;
    ratios.settle()?;
    match std::env::var_os("BENCH_PEERS") {
        Some(python) => peers::table(&python),
        None => Ok(()),
    }
}

/// Loading of the catalog: what a process pays once.
fn catalog(inputs: &[Input], ratios: &mut Ratios) -> Result<()> {
    let millis = (0..9).map(|_| memory::catalog_millis()).collect::<Result<Vec<_>>>()?;
    let millis = millis.into_iter().fold(f64::INFINITY, f64::min);
    let kept = memory::peak("-", memory::CATALOG)?;
    println!("catalog: {millis:.1} ms to load, {} kept", mib(kept));
    if let Some(input) = inputs.first() {
        let prepared = Prepared::new(input)?;
        ratios.note("catalog", "load, x scan of 100 KB", millis / time(|| Stage::Scan.run(&prepared)));
    }
    if let Some(kept) = kept {
        ratios.note("catalog", "MiB", kept as f64 / MIB);
    }
    Ok(())
}

fn table(input: &Input, ratios: &mut Ratios) -> Result<()> {
    let prepared = Prepared::new(input)?;
    println!("\n{}: {} bytes, {}", input.name, input.text.len(), input.what);
    println!("{:<10} {:>9} {:>9} {:>8} {:>10}", "stage", "ms", "ms/MB", "x scan", "peak");
    for stage in STAGES {
        let (millis, limit) = pair(|| stage.run(&prepared), || Stage::Scan.run(&prepared));
        let peak = memory::peak(input.name, stage.name())?;
        println!(
            "{:<10} {:>9.2} {:>9.1} {:>8.1} {:>10}",
            stage.name(),
            millis,
            millis * MB / input.text.len() as f64,
            millis / limit,
            mib(peak),
        );
        if stage != Stage::Scan {
            ratios.note(input.name, stage.name(), millis / limit);
        }
        if let Some(peak) = peak.filter(|_| stage == Stage::All) {
            ratios.note(input.name, "peak bytes a byte", peak as f64 / input.text.len() as f64);
        }
    }
    Ok(())
}

/// How the time of the whole grows from 10 KB to 1 MB: milliseconds per MB stay about the same where it is linear.
fn growth(ratios: &mut Ratios) -> Result<()> {
    println!("\ngrowth: ms/MB of the whole analysis by the size of the text");
    println!("{:<10} {:>9} {:>9} {:>9} {:>14}", "input", "10 KB", "100 KB", "1 MB", "1 MB / 100 KB");
    for sizes in inputs::growing()? {
        let per_mb = sizes.iter().map(|input| {
            let prepared = Prepared::bare(input);
            time(|| Stage::All.run(&prepared)) * MB / input.text.len() as f64
        });
        let per_mb: Vec<f64> = per_mb.collect();
        let (Some(input), [small, middle, large]) = (sizes.first(), per_mb.as_slice()) else { continue };
        println!("{:<10} {small:>9.1} {middle:>9.1} {large:>9.1} {:>14.2}", input.name, large / middle);
        ratios.note("growth from 100 KB to 1 MB", input.name, large / middle);
    }
    Ok(())
}

/// Milliseconds of the best run: at least three runs, and as many more as two seconds allow, up to 25.
fn time(run: impl Fn() -> usize) -> f64 {
    pair(run, || 0).0
}

/// Milliseconds of the best run of each of two that take turns, so that a machine that is busy for a while is so for both.
fn pair(first: impl Fn() -> usize, second: impl Fn() -> usize) -> (f64, f64) {
    let once = |run: &dyn Fn() -> usize| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_secs_f64() * 1e3
    };
    let (begin, mut runs) = (Instant::now(), 0);
    let mut best = (f64::INFINITY, f64::INFINITY);
    while runs < 3 || (runs < 25 && begin.elapsed() < Duration::from_secs(2)) {
        best = (best.0.min(once(&first)), best.1.min(once(&second)));
        runs += 1;
    }
    best
}

/// Bytes of a mebibyte.
const MIB: f64 = 1_048_576.0;

fn mib(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1} MiB", bytes as f64 / MIB))
}
