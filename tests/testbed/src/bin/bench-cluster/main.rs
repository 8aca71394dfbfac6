//! `make bench-cluster`: what the operator costs and how fast it is on a real control plane, beside the limits of the API server and beside
//! the same job in other frameworks, measured in one run. Writes `results.txt`, `results.json` and `results.svg`.
//!
//! Absolute figures depend on the machine and on what else it does, which is told beside each; ratios within a run do less so. Nothing is
//! asserted: whether a figure is reached is printed, not enforced.

mod analysis;
mod bare;
mod lab;
mod latency;
mod objects;
mod observer;
mod picture;
mod requests;
mod restart;
mod results;
mod shards;
mod start;
mod statuses;
mod subject;
mod table;
mod throughput;
mod unrelated;
mod workload;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use bare::BareArgs;
use lab::{Lab, Part, Settings};
use results::Results;

/// Measures the operator on a real control plane.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Measure
    Measure(Settings),
    /// Be one of the limits; started by `measure`
    #[command(hide = true)]
    Bare(BareArgs),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Action::Bare(arguments) => bare::run(&arguments).await,
        Action::Measure(settings) => tokio::select! {
            result = measure(settings.complete()) => result,
            // What was started is stopped when its owner is dropped.
            _ = tokio::signal::ctrl_c() => bail!("interrupted; everything is stopped"),
        },
    }
}

async fn measure(settings: Settings) -> Result<()> {
    let lab = Lab::new(settings.clone())?;
    let version = Command::new(&settings.operator).arg("--version").output()?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let mut results = Results::new(version, settings.clone(), lab.workload.facts(lab.mean_status_bytes));
    let outcome = measure_parts(&lab, &mut results).await;
    let text = keep(&mut results, &settings.output)?;
    println!("\n{text}\nAlso in {}: results.txt, results.json, results.svg", settings.output.display());
    outcome
}

/// Writes what there is so far; gives the text.
fn keep(results: &mut Results, folder: &Path) -> Result<String> {
    results.load[1] = testbed::usage::load();
    results.conclude();
    let text = table::text(results);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("results.txt"), &text)?;
    fs::write(folder.join("results.json"), serde_json::to_string_pretty(results)?)?;
    fs::write(folder.join("results.svg"), picture::draw(results))?;
    Ok(text)
}

/// Measures part after part. What was measured before a failure or an interruption stays.
async fn measure_parts(lab: &Lab, results: &mut Results) -> Result<()> {
    let parts = [Part::Start, Part::Throughput, Part::Latency, Part::Restart, Part::Unrelated, Part::Shards];
    for part in parts.into_iter().filter(|part| lab.settings.wants(*part)) {
        match part {
            Part::Start => results.start = start::measure(lab).await?,
            Part::Throughput => {
                results.analysis = Some(analysis::measure(lab)?);
                throughput::measure(lab, &mut results.throughput).await?;
            }
            Part::Latency => latency::measure(lab, &mut results.latency).await?,
            Part::Restart => restart::measure(lab, &mut results.restart).await?,
            Part::Unrelated => results.unrelated = unrelated::measure(lab).await?,
            Part::Shards => results.shards = shards::measure(lab).await?,
        }
        keep(results, &lab.settings.output)?;
    }
    Ok(())
}
