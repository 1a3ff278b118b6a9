//! The real server, as a process that is killed, stopped and limited.

use std::{
    fs::OpenOptions,
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// How the server is started each time.
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    pub(crate) data_dir: PathBuf,
    /// The server's own log, of all starts.
    pub(crate) log: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) variables: Vec<(String, String)>,
}

impl Launch {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts the process and does not wait for it.
    pub(crate) fn start(&self) -> io::Result<Server> {
        // Without the trap, SIGXFSZ would end the process when a file reaches its limit.
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
            .arg(&self.binary)
            .args(["serve", "--listen", &self.address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = self.with_variables(&mut command).spawn()?;
        if let Some(stderr) = process.stderr.take() {
            keep_log(stderr, &self.log);
        }
        Ok(Server { process })
    }

    /// Runs a command of the binary on the data folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> io::Result<Output> {
        let mut command = Command::new(&self.binary);
        self.with_variables(command.args(arguments)).output()
    }

    fn with_variables<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command
            .env("AUDIT_STREAMS_DATA_DIR", &self.data_dir)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
    }
}

/// Through a pipe, which a limit on files does not concern.
fn keep_log(mut stderr: ChildStderr, path: &Path) {
    let path = path.to_owned();
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) else {
            return;
        };
        while let Ok(read @ 1..) = stderr.read(&mut buffer) {
            if file.write_all(buffer.get(..read).unwrap_or_default()).is_err() {
                return;
            }
        }
    });
}

/// A started process. It is killed when it is dropped.
pub(crate) struct Server {
    process: Child,
}

impl Server {
    /// With SIGKILL. What the process has written stays in the page cache: a power cut can lose more.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has. Returns whether it says that all is well.
    pub(crate) fn shut_down(&mut self) -> io::Result<bool> {
        self.signal(Signal::TERM)?;
        Ok(self.process.wait()?.success())
    }

    /// How it ended by itself, if it did.
    pub(crate) fn ended(&mut self) -> io::Result<Option<String>> {
        let status = self.process.try_wait()?;
        Ok(status.map(|status| match status.signal() {
            Some(signal) => format!("signal {signal}"),
            None => format!("exit code {}", status.code().unwrap_or(-1)),
        }))
    }

    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        kill_process(self.pid()?, signal)?;
        Ok(())
    }

    /// What it writes beyond so many bytes of a file fails; `None` lifts the limit.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) -> io::Result<()> {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(self.pid()?), Resource::Fsize, limit)?;
        Ok(())
    }

    fn pid(&self) -> io::Result<Pid> {
        let raw = i32::try_from(self.process.id()).map_err(io::Error::other)?;
        Pid::from_raw(raw).ok_or_else(|| io::Error::other("the process has no id"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.kill());
    }
}
