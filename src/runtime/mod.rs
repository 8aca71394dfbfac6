//! What keeps the reconcilers running: client, watches, health, metrics, logs, shutdown.

pub mod client;
pub mod config;
pub mod health;
pub mod metrics;
pub mod operator;
mod process;
pub mod server;
pub mod shutdown;
pub mod telemetry;
pub mod watch;
