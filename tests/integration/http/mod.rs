//! Texts behind URLs: the fetcher by itself and the whole operator, against servers that misbehave. All of them listen on loopback; an
//! address elsewhere is refused, or handed to a network that records it and never dials.

mod addresses;
mod cases;
mod charsets;
mod client;
mod frames;
mod lies;
mod limits;
mod proxies;
mod secrets;
pub mod servers;
mod unchanged;
mod whole;
