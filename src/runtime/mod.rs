//! What keeps the reconcilers running: client, watches, leader election, health, metrics, logs, shutdown.

pub mod client;
pub mod config;
pub mod exposition;
pub mod health;
pub mod leader;
pub mod lease;
pub mod metrics;
pub mod operator;
mod process;
pub mod queue;
pub mod queue_metrics;
mod scope;
pub mod selector;
pub mod server;
pub mod shutdown;
pub mod telemetry;
pub mod traces;
pub mod watch;
pub mod workers;
