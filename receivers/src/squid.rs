//! squid, as Debian packages it: an HTTP proxy that connects on request.

use std::{fs, io, path::Path, process::Command};

use crate::program::{Installed, Program};

const SQUID: Installed = Installed {
    names: &["squid"],
    variable: "AUDIT_STREAMS_SQUID",
    package: "squid",
};

/// Checks passwords against a file; a part of the package.
const CHECKER: &str = "/usr/lib/squid/basic_ncsa_auth";

/// The user name that a client must send.
pub const USER: &str = "ada";

/// The password that a client must send.
pub const PASSWORD: &str = "s3cret-word";

/// Made with `openssl passwd -apr1`.
const USERS: &str = "ada:$apr1$abcdefgh$W5k8L1E0VCVfCDLJurYVz1\n";

/// A running squid that wants [`USER`] and [`PASSWORD`]. It ends when it is dropped.
pub struct Squid(Program);

impl Squid {
    /// Starts the squid that `AUDIT_STREAMS_SQUID` names, else the one on PATH or in `/usr/sbin`. It connects to this port alone.
    ///
    /// # Errors
    /// If there is none, or it does not listen in time.
    pub fn start(allowed_port: u16) -> io::Result<Self> {
        let started = Program::start(&SQUID, |command, folder, port| {
            prepare(command, folder, (port, allowed_port))
        });
        started.map(Self)
    }

    /// The port on which it listens.
    pub const fn port(&self) -> u16 {
        self.0.port()
    }

    /// Statuses and targets of the requests so far, such as `200 127.0.0.1:443`. A tunnel is there once it has ended.
    ///
    /// # Errors
    /// If its log can't be read.
    pub fn requests(&self) -> io::Result<Vec<String>> {
        self.0.lines_of("access.log")
    }
}

fn prepare(command: &mut Command, folder: &Path, ports: (u16, u16)) -> io::Result<()> {
    // Started by root, squid becomes another user.
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
    fs::write(folder.join("users"), USERS)?;
    fs::write(folder.join("squid.conf"), configured(folder, ports))?;
    command
        .arg("-N")
        .arg("-f")
        .arg(folder.join("squid.conf"))
        .args(["-d", "1"]);
    Ok(())
}

/// One process that keeps nothing. Without a limit, it makes room for as many connections as the system allows files.
fn configured(folder: &Path, (port, allowed_port): (u16, u16)) -> String {
    let folder = folder.display();
    format!(
        "http_port 127.0.0.1:{port}
pid_filename none
visible_hostname localhost
max_filedescriptors 256
cache deny all
cache_mem 8 MB
memory_cache_shared off
pinger_enable off
netdb_filename none
shutdown_lifetime 0 seconds
coredump_dir {folder}
cache_log {folder}/cache.log
logformat targets %>Hs %ru
access_log stdio:{folder}/access.log targets
buffered_logs off
auth_param basic program {CHECKER} {folder}/users
auth_param basic children 1 startup=1 idle=1
auth_param basic realm tests
acl allowed port {allowed_port}
acl known proxy_auth REQUIRED
http_access deny !known
http_access deny !allowed
http_access allow CONNECT
http_access deny all
"
    )
}
