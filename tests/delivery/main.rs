//! What users install, checked with the tools that they use: Helm, kubeconform, a real API server with Pod Security, Prometheus and
//! promtool. `make test-delivery` provides what is needed.

mod chart;
mod fresh;
mod observability;
mod schemas;
mod values;
