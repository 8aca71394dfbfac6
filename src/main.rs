//! Parses the flags and hands over; nothing else.

use std::process::ExitCode;

use clap::Parser;
use conference_report_operator::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().execute()
}
