//! How fast the analysis is and how much memory it takes, stage by stage, beside a bare scan for the same spellings as the limit: `make bench`.
//!
//! Prints a table an input. Nothing is asserted: figures depend on the machine, ratios less so. Each figure is the median of several runs; memory
//! is measured in a process of its own for each stage. `BENCH_PEERS` names a Python interpreter that has the tools of `tests/peers`; then their
//! figures follow, as ratios to ours. Reads the samples and starts processes; writes to a temporary folder for the peers alone.

mod inputs;
mod memory;
mod peers;
mod stages;

use std::time::{Duration, Instant};

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
    catalog()?;
    for input in inputs::all()? {
        table(&input)?;
    }
    match std::env::var_os("BENCH_PEERS") {
        Some(python) => peers::table(&python),
        None => Ok(()),
    }
}

/// Loading of the catalog: what a process pays once.
fn catalog() -> Result<()> {
    let millis = (0..3).map(|_| memory::catalog_millis()).collect::<Result<Vec<_>>>()?;
    println!("catalog: {:.1} ms to load, {} kept", median(millis), mib(memory::peak("-", memory::CATALOG)?));
    Ok(())
}

fn table(input: &Input) -> Result<()> {
    let prepared = Prepared::new(input)?;
    let limit = time(|| Stage::Scan.run(&prepared));
    println!("\n{}: {} bytes, {}", input.name, input.text.len(), input.what);
    println!("{:<10} {:>9} {:>9} {:>8} {:>10}", "stage", "ms", "ms/MB", "x scan", "peak");
    for stage in STAGES {
        let millis = if stage == Stage::Scan { limit } else { time(|| stage.run(&prepared)) };
        println!(
            "{:<10} {:>9.2} {:>9.1} {:>8.1} {:>10}",
            stage.name(),
            millis,
            millis * MB / input.text.len() as f64,
            millis / limit,
            mib(memory::peak(input.name, stage.name())?),
        );
    }
    Ok(())
}

/// Median milliseconds of a run: at least three runs, and as many more as two seconds allow, up to 25.
fn time(run: impl Fn() -> usize) -> f64 {
    let begin = Instant::now();
    let mut millis = Vec::new();
    while millis.len() < 3 || (millis.len() < 25 && begin.elapsed() < Duration::from_secs(2)) {
        let start = Instant::now();
        std::hint::black_box(run());
        millis.push(start.elapsed().as_secs_f64() * 1e3);
    }
    median(millis)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mib(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)))
}
