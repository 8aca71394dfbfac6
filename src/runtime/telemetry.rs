//! Logs: text for people or JSON for machines, on standard error. `RUST_LOG` has the last word. And where the spans of traces go.

use std::io::IsTerminal;

use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::traces::{self, Traces};

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

/// Sets up logging for the process, and traces where there are some. `level` counts where `RUST_LOG` is not set.
///
/// # Errors
/// When the filter cannot be read, or it was done before.
pub fn start(format: LogFormat, level: &str, traces: Option<&Traces>) -> Result<(), TelemetryError> {
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(filter) if !filter.is_empty() => EnvFilter::try_new(filter)?,
        _ => EnvFilter::try_new(level)?,
    };
    let logged = filter_fn(|metadata| ![COPIES_ANSWERS, traces::TARGET].contains(&metadata.target()))
        .with_max_level_hint(LevelFilter::TRACE);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
    };
    let logs = tracing_subscriber::registry().with(lines.with_filter(filter.and(logged)));
    let done = match traces {
        None => logs.try_init(),
        Some(traces) => {
            let spans =
                filter_fn(|metadata| metadata.target() == traces::TARGET).with_max_level_hint(LevelFilter::INFO);
            let layer = tracing_opentelemetry::layer()
                .with_tracer(traces.tracer())
                .with_location(false)
                .with_threads(false)
                .with_target(false);
            logs.with(layer.with_filter(spans)).try_init()
        }
    };
    done.map_err(|_| TelemetryError::Twice)
}
