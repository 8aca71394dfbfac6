//! Ports of loopback for programs that have to be told where to listen.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, bail};

/// Below the ports that systems give to whoever asks for any (by default from 32768 on Linux, from 49152 elsewhere) and below those of
/// Services: hardly anybody takes one of these between the look and the moment when the program listens.
const FIRST: u16 = 20_000;
/// How many there are.
const COUNT: u16 = 10_000;

/// The next one to look at, counted from the first. Processes that run side by side begin at different places.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let random = RandomState::new().build_hasher().finish() % u64::from(COUNT);
    AtomicU16::new(u16::try_from(random).unwrap_or_default())
});

/// An address on which nobody listens now. No two calls of a process give the same one, until all were given.
///
/// # Errors
/// When none is free.
pub fn free() -> Result<SocketAddr> {
    for _ in 0..COUNT {
        let next = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + next));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port between {FIRST} and {} is free", FIRST + COUNT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_port_is_given_once_and_never_one_that_is_taken() {
        let taken = TcpListener::bind(free().unwrap()).unwrap();
        let given: BTreeSet<SocketAddr> = (0..300).map(|_| free().unwrap()).collect();
        assert_eq!(given.len(), 300);
        assert!(!given.contains(&taken.local_addr().unwrap()));
        assert!(given.iter().all(|address| (20_000..30_000).contains(&address.port())));
    }
}
