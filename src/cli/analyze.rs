//! `analyze`: the operator's analysis without a cluster, on files, standard input and manifests. Fetches nothing.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::input::{self, Input};
use super::table;
use crate::analysis::Analyzer;
use crate::api::{ConferenceReportStatus, ReportCatalog, ReportCatalogSpec};
use crate::catalog::Catalog;
use crate::controller::{analyse, status};

/// Flags of `analyze`.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// Files with text, Markdown or HTML, folders of them, manifests (a ConferenceReport beside its ConfigMap), or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,

    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,

    /// Manifest of a ReportCatalog to use on top of the built-in catalog; may be given several times
    #[arg(long = "catalog", value_name = "FILE")]
    catalogs: Vec<PathBuf>,

    /// Print every name that was considered, kept or dropped, and the evidence that decided
    #[arg(long)]
    explain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// One ConferenceReport with its status, or a List of them
    Json,
    /// The same as YAML
    Yaml,
}

pub(super) fn execute(args: &AnalyzeArgs) -> ExitCode {
    match analyze(args) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(message) => super::fail(message),
    }
}

/// Analyses everything; the number of reports that could not be analysed, each already told on standard error.
fn analyze(args: &AnalyzeArgs) -> Result<usize, String> {
    let inputs = input::read(&args.paths)?;
    if inputs.reports.is_empty() {
        return Err("there is no report in what was given; give text, Markdown or HTML files, or manifests with a ConferenceReport".to_owned());
    }
    let own = args.catalogs.iter().map(read_catalog).collect::<Result<Vec<_>, _>>()?;
    let builtin = Analyzer::new(Catalog::builtin());
    let progress = progress_bar(inputs.reports.len());
    let mut results = Vec::new();
    let mut failed = 0;
    for report in inputs.reports {
        progress.set_message(report.name.clone());
        let result = catalog_for(&report, &own, &inputs.catalogs)
            .and_then(|catalog| one(&report, &builtin.with(catalog), args.explain));
        match result {
            Ok(status) => results.push((report.name, status)),
            Err(message) => {
                failed += 1;
                progress.suspend(|| eprintln!("error: {} ({}): {message}", report.name, report.origin));
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    let text = print(&results, args.output)?;
    match std::io::stdout().write_all(text.as_bytes()) {
        // `analyze ... | head` is no mistake.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(failed),
    }
}

fn one(report: &Input, analyzer: &Analyzer, explain: bool) -> Result<ConferenceReportStatus, String> {
    let fetched = report.text.as_ref().map_err(Clone::clone)?;
    let document = analyse::document(fetched, &report.spec, analyzer).map_err(|error| error.to_string())?;
    let hints = analyse::hints(&report.spec);
    if explain {
        eprint!("{}", table::explanation(&document, &analyzer.explain(&document, &hints)));
    }
    let analysis = analyzer.analyze(&document, &hints);
    Ok(status::build(&analysis, fetched, report.kind, &analyzer.catalog().revision))
}

/// The built-in catalog with the ones from the command line and those that the report refers to.
fn catalog_for(
    report: &Input,
    own: &[(String, ReportCatalogSpec)],
    beside: &std::collections::BTreeMap<String, ReportCatalog>,
) -> Result<Arc<Catalog>, String> {
    let mut overlays: Vec<(&str, &ReportCatalogSpec)> = own.iter().map(|(name, spec)| (name.as_str(), spec)).collect();
    for reference in &report.spec.catalog_refs {
        let catalog = beside.get(&reference.name).ok_or_else(|| {
            format!(
                "catalogRefs: there is no ReportCatalog {:?} beside the report; give it with --catalog",
                reference.name
            )
        })?;
        overlays.push((&reference.name, &catalog.spec));
    }
    if overlays.is_empty() {
        return Ok(Catalog::builtin());
    }
    let (catalog, conflicts) = Catalog::builtin()
        .with_overlays(&overlays)
        .map_err(|too_much| format!("ReportCatalog {:?} cannot be used: {too_much}", too_much.catalog))?;
    for conflict in conflicts {
        eprintln!("warning: {}: {conflict}", conflict.catalog);
    }
    Ok(Arc::new(catalog))
}

/// Name and spec of a ReportCatalog in a file.
pub(super) fn read_catalog(path: &PathBuf) -> Result<(String, ReportCatalogSpec), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let catalog: ReportCatalog = serde_saphyr::from_str(&text).map_err(|error| wrong(&error))?;
    Ok((catalog.metadata.name.unwrap_or_default(), catalog.spec))
}

/// A bar on a terminal when there are many; nothing otherwise.
fn progress_bar(reports: usize) -> ProgressBar {
    if reports < 20 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(reports as u64);
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn print(results: &[(String, ConferenceReportStatus)], output: Output) -> Result<String, String> {
    if output == Output::Table {
        return Ok(match results {
            [(name, status)] => table::detail(name, status),
            many => table::overview(many),
        });
    }
    let objects: Vec<Value> = results.iter().map(|(name, status)| object(name, status)).collect();
    let value = match <[Value; 1]>::try_from(objects) {
        Ok([one]) => one,
        Err(many) => json!({"apiVersion": "v1", "kind": "List", "items": many}),
    };
    match output {
        Output::Json => serde_json::to_string_pretty(&value).map(|text| text + "\n").map_err(|error| error.to_string()),
        _ => serde_saphyr::to_string(&value).map_err(|error| error.to_string()),
    }
}

fn object(name: &str, status: &ConferenceReportStatus) -> Value {
    json!({
        "apiVersion": format!("{}/{}", crate::api::GROUP, crate::api::VERSION),
        "kind": "ConferenceReport",
        "metadata": {"name": name},
        "status": status,
    })
}
