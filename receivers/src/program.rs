//! Programs of the distribution that tests start: each on a free port of the loopback interface, in a folder of its own, ready when it
//! accepts connections, and ended when it is dropped.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::unused_address;

/// A program listens within this time; reached only when it cannot.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// Between two tries to connect, unless the program logs something.
const TICK: Duration = Duration::from_millis(20);

/// A program that has not ended this long after its port accepts connections has the port.
const SETTLED: Duration = Duration::from_millis(100);

/// Ports that are tried: another program may take one before this one does.
const PORTS_TRIED: u32 = 5;

/// Where a program comes from.
#[derive(Clone, Copy)]
pub(crate) struct Installed {
    /// Where its file is.
    pub(crate) program: programs::Program,
    /// In the line that it logs once it accepts connections. `None` for a program that logs nothing until then.
    pub(crate) ready: Option<&'static str>,
}

/// A running program.
pub(crate) struct Program {
    process: Child,
    folder: TempDir,
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// `prepare` writes what the program needs into its folder, and adds the arguments with which it listens on the port.
    ///
    /// # Errors
    /// If there is no such program, or it does not listen in time: what it has logged.
    pub(crate) fn start(
        installed: &Installed,
        prepare: impl Fn(&mut Command, &Path, u16) -> io::Result<()>,
    ) -> io::Result<Self> {
        let file = installed.find()?;
        let mut failure = io::Error::other("no port was tried");
        for _ in 0..PORTS_TRIED {
            let port = unused_address()?.port();
            match Self::start_on(&file, installed.ready, port, &prepare) {
                Ok(started) => return Ok(started),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn start_on(
        file: &Path,
        ready: Option<&str>,
        port: u16,
        prepare: impl Fn(&mut Command, &Path, u16) -> io::Result<()>,
    ) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(file);
        prepare(&mut command, folder.path(), port)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut started = Self {
            process: command.spawn()?,
            folder,
            port,
            log: Arc::default(),
        };
        let (stdout, stderr) = (started.process.stdout.take(), started.process.stderr.take());
        let (sender, lines) = mpsc::channel();
        started.follow(stdout, sender.clone());
        started.follow(stderr, sender);
        match ready {
            Some(text) => started.wait_until_it_logs(text, &lines)?,
            None => started.wait_until_it_listens(&lines)?,
        }
        Ok(started)
    }

    /// Output is read as long as the program runs, so that it never waits for a reader.
    fn follow(&self, output: Option<impl Read + Send + 'static>, sender: Sender<String>) {
        let log = Arc::clone(&self.log);
        thread::spawn(move || {
            let lines = output.into_iter().flat_map(|output| BufReader::new(output).lines());
            for line in lines.map_while(Result::ok) {
                log.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
                // Nobody listens any more once the program does.
                sender.send(line).unwrap_or_default();
            }
        });
    }

    /// The lines end when the program does.
    fn wait_until_it_logs(&self, text: &str, lines: &Receiver<String>) -> io::Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return Ok(());
            }
        }
        Err(self.does_not_listen())
    }

    fn wait_until_it_listens(&mut self, lines: &Receiver<String>) -> io::Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        while Instant::now() < deadline {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                // Another program may have the port: then this one ends.
                return match lines.recv_timeout(SETTLED) {
                    Err(RecvTimeoutError::Timeout) if self.process.try_wait()?.is_none() => Ok(()),
                    _ => Err(self.does_not_listen()),
                };
            }
            if lines.recv_timeout(TICK) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
        }
        Err(self.does_not_listen())
    }

    fn does_not_listen(&self) -> io::Error {
        io::Error::other(format!("the program does not listen: {}", self.log().join("\n")))
    }

    /// The port on which it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The lines that it has logged.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines of a file in its folder.
    pub(crate) fn lines_of(&self, name: &str) -> io::Result<Vec<String>> {
        let text = fs::read_to_string(self.folder.path().join(name))?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Installed {
    fn find(&self) -> io::Result<PathBuf> {
        self.program.find().ok_or_else(|| {
            let programs::Program {
                names,
                variable,
                package,
            } = self.program;
            io::Error::new(
                io::ErrorKind::NotFound,
                format!(
                    "no {}: install one (on Debian: apt-get install {package}), or name it in {variable}",
                    names.first().copied().unwrap_or_default()
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_program_that_ends_or_is_missing_is_reported() {
        let shell = programs::Program {
            names: &["sh"],
            variable: "AUDIT_STREAMS_NO_SUCH_VARIABLE",
            package: "dash",
        };
        for ready in [None, Some("listens")] {
            let ends = Program::start(&Installed { program: shell, ready }, |command, _, _| {
                command.args(["-c", "echo no socket >&2"]);
                Ok(())
            });
            let said = ends.map(drop).unwrap_err().to_string();
            assert_eq!(said, "the program does not listen: no socket");
        }
        let missing = Installed {
            program: programs::Program {
                names: &["no-such-program"],
                ..shell
            },
            ready: None,
        };
        let said = Program::start(&missing, |_, _, _| Ok(())).map(drop).unwrap_err();
        assert!(
            said.to_string().starts_with("no no-such-program: install one"),
            "{said}"
        );
    }

    #[test]
    fn a_program_is_not_taken_for_another_one_that_has_the_port() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        for ready in [None, Some("listens")] {
            let started = Program::start_on("/bin/sh".as_ref(), ready, port, |command, _, _| {
                command.args(["-c", "echo in use >&2"]);
                Ok(())
            });
            let said = started.map(drop).unwrap_err().to_string();
            assert_eq!(said, "the program does not listen: in use");
        }
    }
}
