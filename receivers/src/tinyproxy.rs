//! tinyproxy, as Debian packages it, with a configuration and a folder of its own.

use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::unused_address;

/// tinyproxy listens within this time; reached only when it cannot.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// What it logs once it accepts connections.
const LISTENS: &str = "Starting main loop";

/// Ports that are tried: another program may take one before tinyproxy does.
const PORTS_TRIED: u32 = 5;

/// What a test sets.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// User name and password that a client must send.
    pub credentials: Option<(&'a str, &'a str)>,
    /// The only port that it connects to; any without it.
    pub port: Option<u16>,
}

/// A running tinyproxy. It ends when it is dropped.
pub struct Tinyproxy {
    process: Child,
    _folder: TempDir,
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Tinyproxy {
    /// Starts the tinyproxy that `AUDIT_STREAMS_TINYPROXY` names, else the one on PATH or in `/usr/sbin`.
    ///
    /// # Errors
    /// If there is none, or it does not listen in time.
    pub fn start(options: Options<'_>) -> io::Result<Self> {
        let program = find()?;
        let mut failure = io::Error::other("no port was tried");
        for _ in 0..PORTS_TRIED {
            match Self::start_on(&program, unused_address()?.port(), options) {
                Ok(started) => return Ok(started),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn start_on(program: &Path, port: u16, options: Options<'_>) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let configuration = folder.path().join("tinyproxy.conf");
        fs::write(&configuration, configured(port, options))?;
        let mut process = Command::new(program)
            .arg("-d")
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = process.stdout.take();
        let mut started = Self {
            process,
            _folder: folder,
            port,
            log: Arc::default(),
        };
        let stdout = stdout.ok_or_else(|| io::Error::other("the log of tinyproxy is not piped"))?;
        started.wait_until_it_listens(stdout)?;
        Ok(started)
    }

    /// The log is read as long as tinyproxy runs, so that it never waits for a reader.
    fn wait_until_it_listens(&mut self, stdout: ChildStdout) -> io::Result<()> {
        let (listening, listens) = mpsc::channel();
        let log = Arc::clone(&self.log);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.contains(LISTENS) {
                    // Nobody waits for it twice.
                    listening.send(()).unwrap_or_default();
                }
                log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        listens
            .recv_timeout(START_DEADLINE)
            .map_err(|_| io::Error::other(format!("tinyproxy does not listen: {}", self.lines().join("\n"))))
    }

    /// The URL without credentials.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port on which it listens.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Hosts and ports that it was asked to connect to, in their order.
    pub fn targets(&self) -> Vec<String> {
        let lines = self.lines();
        let asked = lines
            .iter()
            .filter_map(|line| line.split_once(": CONNECT ")?.1.split(' ').next());
        asked.map(str::to_owned).collect()
    }

    fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn find() -> io::Result<PathBuf> {
    if let Some(named) = env::var_os("AUDIT_STREAMS_TINYPROXY") {
        return Ok(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = folders
        .map(|folder| folder.join("tinyproxy"))
        .find(|file| file.is_file());
    found.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            "no tinyproxy: install one (on Debian: apt-get install tinyproxy-bin), or name it in AUDIT_STREAMS_TINYPROXY",
        )
    })
}

fn configured(port: u16, options: Options<'_>) -> String {
    let credentials = options
        .credentials
        .map_or_else(String::new, |(user, password)| format!("BasicAuth {user} {password}\n"));
    let allowed = options
        .port
        .map_or_else(String::new, |port| format!("ConnectPort {port}\n"));
    format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nLogLevel Info\n{credentials}{allowed}")
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
