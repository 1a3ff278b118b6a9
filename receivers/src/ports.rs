//! Ports of this machine.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the ports that operating systems give to outgoing connections and to listeners that ask for any port
/// (from 32768 on Linux, from 49152 elsewhere): nobody gets one of these by chance.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// How many addresses this process has taken.
static TAKEN: AtomicU16 = AtomicU16::new(0);

/// An address of the loopback interface on which nothing listens, given once per process, and on which nothing will
/// listen unless it asks for exactly this port.
///
/// # Errors
/// There is no free port.
pub fn unused_address() -> io::Result<SocketAddr> {
    // Processes that run at the same time start far from each other.
    let [low, high, ..] = process::id().wrapping_mul(97).to_le_bytes();
    let start = u16::from_le_bytes([low, high]);
    for _ in 0..COUNT {
        let step = start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, FIRST + step)) {
            Ok(listener) => return listener.local_addr(),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "all ports are taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_given_twice_or_while_something_listens_on_it() {
        let first = unused_address().unwrap();
        let next = SocketAddr::new(
            first.ip(),
            if first.port() + 1 == FIRST + COUNT {
                FIRST
            } else {
                first.port() + 1
            },
        );
        let _taken = TcpListener::bind(next);
        let others: Vec<_> = (0..20).map(|_| unused_address().unwrap()).collect();
        assert!(!others.contains(&first) && !others.contains(&next));
        assert!(
            others
                .iter()
                .all(|address| (FIRST..FIRST + COUNT).contains(&address.port()))
        );
    }
}
