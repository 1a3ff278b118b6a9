//! stunnel, as Debian packages it: speaks TLS in front of a server that does not, and verifies client certificates.

use std::{fs, io};

use crate::program::{Installed, Program};

const STUNNEL: Installed = Installed {
    program: programs::STUNNEL,
    ready: Some("Accepting new connections"),
};

/// What a test sets.
pub struct Options<'pem> {
    /// The port of the server behind it, on the loopback interface.
    pub target: u16,
    /// Certificate chain and private key in PEM form.
    pub identity: (&'pem str, &'pem str),
    /// Certificate of a CA in PEM form: a client needs a certificate that it has issued.
    pub client_ca: Option<&'pem str>,
}

/// A running stunnel. It ends when it is dropped.
pub struct Stunnel(Program);

impl Stunnel {
    /// Starts the stunnel that `AUDIT_STREAMS_STUNNEL` names, else the one on PATH or in `/usr/sbin`.
    ///
    /// # Errors
    /// If there is none, or it does not listen in time.
    pub fn start(options: &Options<'_>) -> io::Result<Self> {
        let Options {
            target,
            identity: (certificate, key),
            client_ca,
        } = options;
        let started = Program::start(&STUNNEL, |command, folder, port| {
            let file = |name: &str| folder.join(name);
            fs::write(file("certificate.pem"), certificate)?;
            fs::write(file("key.pem"), key)?;
            let clients = match client_ca {
                Some(client_ca) => {
                    fs::write(file("client-ca.pem"), client_ca)?;
                    "CAfile = client-ca.pem\nverifyChain = yes\nrequireCert = yes\n"
                }
                None => "",
            };
            let configuration = format!(
                "foreground = yes\npid =\nsyslog = no\ndebug = info\n[receiver]\naccept = 127.0.0.1:{port}\n\
                 connect = 127.0.0.1:{target}\ncert = certificate.pem\nkey = key.pem\n{clients}"
            );
            fs::write(file("stunnel.conf"), configuration)?;
            command.current_dir(folder).arg("stunnel.conf");
            Ok(())
        });
        started.map(Self)
    }

    /// The port on which it listens.
    pub const fn port(&self) -> u16 {
        self.0.port()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        let lines = self.0.log().into_iter();
        lines.filter(|line| line.contains(" accepted connection from ")).count()
    }

    /// Subjects of the client certificates that were accepted, those of CAs included.
    pub fn accepted(&self) -> Vec<String> {
        let lines = self.0.log().into_iter();
        let subject = |line: String| Some(line.split_once("Certificate accepted at depth=")?.1.to_owned());
        lines.filter_map(subject).collect()
    }
}
