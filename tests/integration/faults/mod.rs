//! What the operator survives: each row of the table in `docs/faults.md` on the real API server, with the operator as a process of its
//! own and a proxy between the two. A row says how many cases it has and how many of them ended in another state than they should
//! have; none may.

mod crowds;
mod deleted;
mod foreign;
mod killed;
mod refused;
mod row;
mod silent;
mod stage;
mod stale;
mod starved;
mod stopped;
mod unreadable;
mod watches;

pub use row::say;
