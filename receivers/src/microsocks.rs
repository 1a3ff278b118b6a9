//! microsocks, as Debian packages it: a SOCKS5 proxy.

use std::io;

use crate::program::{Installed, Program};

const MICROSOCKS: Installed = Installed {
    program: programs::MICROSOCKS,
    ready: None,
};

/// A running microsocks. It ends when it is dropped.
pub struct Microsocks(Program);

impl Microsocks {
    /// Starts the microsocks that `AUDIT_STREAMS_MICROSOCKS` names, else the one on PATH or in `/usr/sbin`. `credentials` are the user name
    /// and the password that a client must send.
    ///
    /// # Errors
    /// If there is none, or it does not listen in time.
    pub fn start(credentials: Option<(&str, &str)>) -> io::Result<Self> {
        let started = Program::start(&MICROSOCKS, |command, _, port| {
            command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
            if let Some((user, password)) = credentials {
                command.args(["-u", user, "-P", password]);
            }
            Ok(())
        });
        started.map(Self)
    }

    /// The port on which it listens.
    pub const fn port(&self) -> u16 {
        self.0.port()
    }

    /// Hosts and ports that it has connected to, in their order.
    pub fn targets(&self) -> Vec<String> {
        let lines = self.0.log().into_iter();
        let target = |line: String| Some(line.split_once(": connected to ")?.1.to_owned());
        lines.filter_map(target).collect()
    }
}
