//! The command line: what there is to call. Each command has a file of its own.

pub mod analyze;
pub mod catalog;
mod crd;
mod input;
mod manifest;
pub mod run;
mod table;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Reads conference reports and says what they are about: as a Kubernetes operator, or on files.
#[derive(Debug, Parser)]
#[command(name = "conference-report-operator", version, about, propagate_version = true, max_term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator
    Run(Box<run::RunArgs>),
    /// Analyse texts without a cluster, as the operator would
    Analyze(analyze::AnalyzeArgs),
    /// Turn texts and URLs into manifests to commit
    Manifest(manifest::ManifestArgs),
    /// Print the CustomResourceDefinitions
    Crd(crd::CrdArgs),
    /// Look into the built-in catalog, check it, refresh it
    Catalog(catalog::CatalogArgs),
    /// Print a completion script for a shell
    Completion {
        /// Shell to complete for
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// Does what was asked for. 0: done; 1: something failed, and the message is on standard error; 2: the arguments are wrong.
    pub fn execute(self) -> ExitCode {
        match self.command {
            Command::Run(args) => run::execute(*args),
            Command::Analyze(args) => analyze::execute(&args),
            Command::Manifest(args) => manifest::execute(&args),
            Command::Crd(args) => crd::execute(&args),
            Command::Catalog(args) => catalog::execute(args),
            Command::Completion { shell } => {
                clap_complete::generate(
                    shell,
                    &mut Self::command(),
                    "conference-report-operator",
                    &mut std::io::stdout(),
                );
                ExitCode::SUCCESS
            }
        }
    }
}

/// Says on standard error what went wrong.
fn fail(message: impl std::fmt::Display) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}
