//! `catalog`: looks into the built-in catalog, checks it, refreshes the facts of the landscape. Reads and writes the files it is told to.

mod import;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::analyze::read_catalog;
use super::fail;
use crate::catalog::fold::fold;
use crate::catalog::{Catalog, check};

/// Look into the built-in catalog, check it, refresh it.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// List what the catalog holds
    List {
        /// What to list
        #[arg(long, value_enum, default_value_t = Kind::Projects)]
        kind: Kind,
        /// Only those with this text in a name, category or term
        filter: Option<String>,
    },
    /// Find duplicates, clashes, dead references and names too dangerous for how they are matched: in the built-in catalog, or in manifests of
    /// ReportCatalogs on top of it; exit code 1 on errors
    Check {
        /// Manifests of ReportCatalogs; without one, the built-in catalog is checked
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Write landscape/products.yaml and landscape/members.yaml anew from a landscape.yml of the CNCF
    Import {
        /// The landscape.yml
        landscape: PathBuf,
        /// The folder of the catalog's landscape files
        #[arg(long, default_value = "catalog/landscape")]
        output: PathBuf,
    },
}

/// What there is to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Projects,
    Organizations,
    Themes,
    Events,
}

/// Does what was asked for. 0: done; 1: errors found, or a file could not be read or written.
pub fn execute(args: CatalogArgs) -> ExitCode {
    match args.command {
        CatalogCommand::List { kind, filter } => write_out(&list(&Catalog::builtin(), kind, filter.as_deref())),
        CatalogCommand::Check { files } if files.is_empty() => check_builtin(),
        CatalogCommand::Check { files } => check_files(&files),
        CatalogCommand::Import { landscape, output } => match import::run(&landscape, &output) {
            Ok(changes) => write_out(&changes),
            Err(message) => fail(message),
        },
    }
}

/// Prints; a reader that stops reading (`| head`) is no failure.
fn write_out(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => fail(error),
        _ => ExitCode::SUCCESS,
    }
}

fn check_builtin() -> ExitCode {
    match check::builtin() {
        Ok(findings) => report(findings.iter().map(|finding| (finding.error, finding.to_string()))),
        Err(error) => fail(error),
    }
}

/// Each on top of the built-in catalog alone, as the status of the resource tells it.
fn check_files(files: &[PathBuf]) -> ExitCode {
    let mut findings = Vec::new();
    for file in files {
        let (name, spec) = match read_catalog(file) {
            Ok(catalog) => catalog,
            Err(message) => return fail(message),
        };
        let conflicts = match Catalog::builtin().with_overlays(&[(name.as_str(), &spec)]) {
            Ok((_, conflicts)) => conflicts,
            Err(too_much) => {
                findings.push((true, format!("error: {}: {too_much}", file.display())));
                continue;
            }
        };
        for conflict in conflicts {
            let level = if conflict.error { "error" } else { "warning" };
            findings.push((conflict.error, format!("{level}: {}: {conflict}", file.display())));
        }
    }
    report(findings.into_iter())
}

/// Prints findings and their number; a failure where one is an error.
fn report(findings: impl Iterator<Item = (bool, String)>) -> ExitCode {
    let (mut text, mut errors, mut warnings) = (String::new(), 0, 0);
    for (error, line) in findings {
        if error {
            errors += 1
        } else {
            warnings += 1
        }
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "{errors} errors, {warnings} warnings");
    let written = write_out(&text);
    if errors > 0 { ExitCode::FAILURE } else { written }
}

fn list(catalog: &Catalog, kind: Kind, filter: Option<&str>) -> String {
    let wanted = filter.map(fold).unwrap_or_default();
    let matches = |text: &str| wanted.is_empty() || fold(text).contains(&wanted);
    let mut text = String::new();
    match kind {
        Kind::Projects => {
            for project in &catalog.projects {
                let names = project.surfaces.iter().map(|surface| surface.text.as_str());
                if names.clone().chain(project.category.as_deref()).any(matches) {
                    let facts: Vec<&str> =
                        [project.maturity.as_deref(), project.category.as_deref()].into_iter().flatten().collect();
                    line(&mut text, &project.name, &facts.join(", "), names.skip(1));
                }
            }
        }
        Kind::Organizations => {
            for organization in &catalog.organizations {
                let names = organization.surfaces.iter().map(|surface| surface.text.as_str());
                if names.clone().any(matches) {
                    line(&mut text, &organization.name, "", names.skip(1));
                }
            }
        }
        Kind::Themes => {
            for theme in &catalog.themes {
                let terms = theme.terms.values().flatten().map(|term| term.text.as_str());
                if [theme.name.as_str(), theme.title.as_str()].into_iter().chain(terms.clone()).any(matches) {
                    line(
                        &mut text,
                        &theme.name,
                        &format!("{}, {} terms", theme.title, terms.count()),
                        std::iter::empty(),
                    );
                }
            }
        }
        Kind::Events => {
            for series in catalog.series.iter() {
                let names = series.surfaces.iter().map(|surface| surface.text.as_str());
                let editions = series.editions.iter().map(|edition| edition.name.as_str());
                if names.clone().chain(editions).any(matches) {
                    line(&mut text, &series.name, &format!("{} editions", series.editions.len()), names.skip(1));
                }
            }
        }
    }
    text
}

/// A name, its facts and its other spellings, separated by tabs.
fn line<'a>(text: &mut String, name: &str, facts: &str, others: impl Iterator<Item = &'a str>) {
    let others: Vec<&str> = others.collect();
    let row = format!("{name}\t{facts}\t{}", others.join(", "));
    let _ = writeln!(text, "{}", row.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_filtered_without_regard_to_case_and_hyphens() {
        let catalog = Catalog::builtin();
        let found = list(&catalog, Kind::Projects, Some("CERT-MANAGER"));
        assert!(found.lines().any(|line| line.starts_with("cert-manager\t")), "{found}");
        assert!(list(&catalog, Kind::Projects, None).lines().count() > 1000);
        assert_eq!(list(&catalog, Kind::Projects, Some("no such name at all")), "");
    }
}
