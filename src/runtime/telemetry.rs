//! Logs: text for people or JSON for machines, on standard error. `RUST_LOG` has the last word.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Where the library copies whole answers of the API server into its warnings when it cannot read one: texts, and what Secrets hold. Every
/// such failure is also an error that the operator logs in words of its own.
const COPIES_ANSWERS: &str = "kube_client::client";

/// Form of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error(
        "RUST_LOG or --log-level cannot be read ({0}); write for example info, or warn,conference_report_operator=debug"
    )]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// There is a subscriber already.
    #[error("logging is set up already")]
    Twice,
}

/// Sets up logging for the process. `level` counts where `RUST_LOG` is not set.
///
/// # Errors
/// When the filter cannot be read, or it was done before.
pub fn start(format: LogFormat, level: &str) -> Result<(), TelemetryError> {
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(filter) if !filter.is_empty() => EnvFilter::try_new(filter)?,
        _ => EnvFilter::try_new(level)?,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let safe = filter_fn(|metadata| metadata.target() != COPIES_ANSWERS);
    let done = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().with(safe).try_init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .finish()
            .with(safe)
            .try_init(),
    };
    done.map_err(|_| TelemetryError::Twice)
}
