//! What users install, checked with the tools that they use: Helm, kubeconform, a real API server with Pod Security, Prometheus and
//! promtool. `make test-delivery` provides what is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod chart;
mod fresh;
mod observability;
mod schemas;
mod values;
