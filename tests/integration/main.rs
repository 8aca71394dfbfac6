//! The operator and its API on a real Kubernetes API server. One control plane for all tests, a namespace for each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod admission;
mod catalogs;
mod commands;
mod conduct;
mod config_maps;
mod documents;
mod faults;
mod generated;
mod http;
mod memory;
mod replicas;
mod reports;
mod rights;
mod specification;
mod support;
mod traces;
mod zz_oracle;
