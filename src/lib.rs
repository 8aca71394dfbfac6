//! Reads conference reports and says what they are about: as a Kubernetes operator, or as a command on files.
//!
//! The way of a report, one direction, nothing handed back:
//!
//! ```text
//! watch -> report key -> source::fetch -> Fetched -> analysis::Document -> Analyzer::analyze -> Analysis -> status -> one patch -> outcome
//! ```

pub mod analysis;
pub mod api;
pub mod catalog;
pub mod cli;
pub mod controller;
pub mod runtime;
pub mod source;
