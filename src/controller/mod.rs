//! The reconcilers, in steps.
pub mod known;
pub mod ledger;
pub mod outcome;
pub mod plan;
pub mod references;
pub mod schedule;
pub mod status;
