//! tinyproxy, as Debian packages it, with a configuration and a folder of its own.

use std::{fs, io};

use crate::program::{Installed, Program};

const TINYPROXY: Installed = Installed {
    program: programs::TINYPROXY,
    ready: Some("Starting main loop"),
};

/// What a test sets.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// User name and password that a client must send.
    pub credentials: Option<(&'a str, &'a str)>,
    /// The only port that it connects to; any without it.
    pub port: Option<u16>,
}

/// A running tinyproxy. It ends when it is dropped.
pub struct Tinyproxy(Program);

impl Tinyproxy {
    /// Starts the tinyproxy that `AUDIT_STREAMS_TINYPROXY` names, else the one on PATH or in `/usr/sbin`.
    ///
    /// # Errors
    /// If there is none, or it does not listen in time.
    pub fn start(options: Options<'_>) -> io::Result<Self> {
        let started = Program::start(&TINYPROXY, |command, folder, port| {
            let configuration = folder.join("tinyproxy.conf");
            fs::write(&configuration, configured(port, options))?;
            command.arg("-d").arg("-c").arg(configuration);
            Ok(())
        });
        started.map(Self)
    }

    /// The URL without credentials.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The port on which it listens.
    pub const fn port(&self) -> u16 {
        self.0.port()
    }

    /// Hosts and ports that it was asked to connect to, in their order, the refused ones included.
    pub fn targets(&self) -> Vec<String> {
        let lines = self.0.log().into_iter();
        let asked = |line: String| Some(line.split_once(": CONNECT ")?.1.split(' ').next()?.to_owned());
        lines.filter_map(asked).collect()
    }
}

fn configured(port: u16, options: Options<'_>) -> String {
    let credentials = options
        .credentials
        .map_or_else(String::new, |(user, password)| format!("BasicAuth {user} {password}\n"));
    let allowed = options
        .port
        .map_or_else(String::new, |port| format!("ConnectPort {port}\n"));
    format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 500\nLogLevel Info\n{credentials}{allowed}")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    #[test]
    fn it_accepts_connections_as_soon_as_it_has_started() {
        let proxy = Tinyproxy::start(Options::default()).unwrap();
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        assert!(proxy.targets().is_empty());
    }
}
