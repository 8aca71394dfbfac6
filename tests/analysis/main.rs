//! The analysis on whole texts written for the project: how much of what a careful reader finds it finds, what it must not find, and
//! what must make no difference to it. No cluster is needed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod corpus;
mod events;
mod invariance;
mod quality;
mod robustness;
