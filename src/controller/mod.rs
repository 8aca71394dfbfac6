//! The reconcilers, in steps, each a module that says what it may touch:
//!
//! ```text
//! plan -> fetch -> analyse -> status -> write -> outcome -> requeue, event, metric
//! ```
//!
//! [`inputs`], [`plan`], [`outcome`], [`status`], [`schedule`], [`known`] and [`seen`] are pure; [`ledger`], [`precedence`], [`references`] and [`recent`] are memory; [`fetch`], [`secrets`],
//! [`write`] and [`events`] do the I/O; [`reconcile`] strings them together.

pub mod analyse;
pub mod catalogs;
pub mod context;
pub mod events;
pub mod fetch;
pub mod inputs;
pub mod known;
pub mod ledger;
pub mod outcome;
pub mod plan;
pub mod precedence;
pub mod recent;
pub mod reconcile;
pub mod reconcile_catalog;
pub mod references;
pub mod schedule;
pub mod secrets;
pub mod seen;
pub mod status;
pub mod write;
