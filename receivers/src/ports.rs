//! Ports of this machine.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

/// An address of the loopback interface on which nothing listens.
///
/// # Errors
/// There is no free port.
pub fn unused_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
