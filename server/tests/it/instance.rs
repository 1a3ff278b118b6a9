//! A server that a test starts, kills and asks.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

use domain::{destination::DestinationDraft, instance_event::Author};
use engine::{
    Engine, EngineConfig, FixedSettings, FolderCheck, OpenError, SinkServices, admin::check_data_folder, clock::Clock,
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;

pub(crate) use crate::answer::Answer;
use crate::{api_client::Client, graphql_client::GraphqlClient};

/// A request to a server.
pub(crate) type Request = reqwest::RequestBuilder;

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_audit-streams");

/// On a fixed port, for a test in which a server is killed and started again.
pub(crate) const LISTEN: &str = "AUDIT_STREAMS_LISTEN";

/// Longer than anything here takes; reached only by a failing test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A running server and its data folder.
pub(crate) struct Instance {
    folder: tempfile::TempDir,
    settings: Settings,
    process: Child,
    address: String,
    client: reqwest::Client,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        Self::try_of(request).await.unwrap()
    }

    pub(crate) async fn try_of(request: reqwest::RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self {
            status,
            headers,
            text: response.text().await?,
        })
    }
}

impl Instance {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts with these variables set besides those that every test wants.
    pub(crate) fn start_with(settings: &[(&'static str, &str)]) -> Self {
        Self::start_on(folder(), settings)
    }

    /// Starts with the server's own log in a file.
    pub(crate) fn start_logging_to(log: File, settings: &[(&'static str, &str)]) -> Self {
        let folder = folder();
        let settings = owned(settings);
        let mut command = serve(folder.path(), &settings);
        command.stderr(log);
        let (process, stdout) = spawn_binary(command);
        Self {
            folder,
            settings,
            process,
            address: address_in(stdout),
            client: client(),
        }
    }

    /// Starts on a folder that a test has prepared, so that [`Self::limit_files`] makes writes fail and does not end the process.
    pub(crate) fn start_with_limits(folder: tempfile::TempDir) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#, BINARY])
            .stderr(Stdio::null());
        let (process, stdout) = spawn_binary(serve_by(command, folder.path(), &Settings::new()));
        Self {
            folder,
            settings: Settings::new(),
            process,
            address: address_in(stdout),
            client: client(),
        }
    }

    /// Starts on a folder that a test has prepared, with at most so many files and connections open.
    pub(crate) fn start_with_open_files(folder: tempfile::TempDir, files: usize) -> Self {
        let mut command = Command::new("sh");
        let limited = format!(r#"ulimit -n {files}; exec "$0" "$@""#);
        command.args(["-c", &limited, BINARY]);
        let (process, stdout) = spawn_binary(serve_by(command, folder.path(), &Settings::new()));
        Self {
            folder,
            settings: Settings::new(),
            process,
            address: address_in(stdout),
            client: client(),
        }
    }

    /// Starts again after the end, with at most so many bytes of each file written: what comes after them is refused, as on a disk
    /// that is full. The limit must leave SQLite the 32 KiB that it can't do without.
    pub(crate) fn restart_with_limit(&mut self, bytes: u64) {
        let mut command = Command::new("sh");
        // It begins when the limit holds.
        command
            .args(["-c", r#"trap "" XFSZ; read -r _; exec "$0" "$@""#, BINARY])
            .stdin(Stdio::piped())
            .stderr(Stdio::null());
        let (mut process, stdout) = spawn_binary(serve_by(command, self.folder.path(), &self.settings));
        let stdin = process.stdin.take().unwrap();
        self.process = process;
        self.limit_files(Some(bytes));
        writeln!(&stdin).unwrap();
        self.address = address_in(stdout);
    }

    /// From now on the kernel refuses what the process writes beyond so many bytes of a file, as on a disk that fails; `None`
    /// lifts the limit.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(pid, Resource::Fsize, limit).unwrap();
    }

    /// Starts on a folder that a test has prepared.
    pub(crate) fn start_on(folder: tempfile::TempDir, settings: &[(&'static str, &str)]) -> Self {
        let settings = owned(settings);
        let (process, address) = spawn(folder.path(), &settings);
        Self {
            folder,
            settings,
            process,
            address,
            client: client(),
        }
    }

    /// Ends the process with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts again after the end, on another port.
    pub(crate) fn restart(&mut self) {
        let (process, address) = spawn(self.folder.path(), &self.settings);
        self.process = process;
        self.address = address;
    }

    /// Asks the process to end, as a supervisor does, and waits until it has.
    pub(crate) async fn shut_down(&mut self) -> ExitStatus {
        self.terminate();
        self.ended().await
    }

    pub(crate) fn terminate(&self) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.process.id())])
            .status();
        assert!(sent.unwrap().success());
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        until("the server ends", || self.process.try_wait().unwrap()).await
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Memory that the process holds.
    pub(crate) fn resident_bytes(&self) -> usize {
        self.memory("VmRSS:")
    }

    /// The most memory that the process has held.
    pub(crate) fn most_resident_bytes(&self) -> usize {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib * 1024
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let is_tls = self.settings.iter().any(|(name, _)| *name == "AUDIT_STREAMS_TLS_CERT");
        let scheme = if is_tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> Request {
        self.client.request(method, self.url(path))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.client.get(self.url(path))).await
    }

    /// Runs a command of the binary on this server's data folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        command(self.folder.path(), arguments)
    }

    /// A new token, as its owner gets it.
    pub(crate) fn token(&self, name: &str, scopes: &[&str]) -> String {
        let mut arguments = vec!["token", "create", "--name", name];
        arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
        last_line(&self.command(&arguments))
    }

    pub(crate) fn ingest(&self, token: &str) -> reqwest::RequestBuilder {
        self.client.post(self.url("/api/v1/audit_events")).bearer_auth(token)
    }

    /// Posts events, which must be taken in; returns their ids.
    pub(crate) async fn post(&self, token: &str, body: impl Into<reqwest::Body>) -> Vec<String> {
        let answer = Answer::of(self.ingest(token).body(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        serde_json::from_value(answer.json()["ids"].clone()).unwrap()
    }

    /// Posts events again and again until they are not taken in; returns that answer.
    pub(crate) async fn post_until_refused(&self, token: &str, body: &str) -> Answer {
        let posting = async {
            loop {
                let answer = Answer::of(self.ingest(token).body(body.to_owned())).await;
                if answer.status != 201 {
                    return answer;
                }
            }
        };
        let refused = tokio::time::timeout(PATIENCE, posting).await;
        refused.expect("events are refused in time")
    }
}

impl<'instance> Client<'instance> {
    /// Has a token with this scope.
    pub(crate) fn with_scope(instance: &'instance Instance, scope: &str) -> Self {
        Self::with_token(instance, &instance.token(&format!("client with {scope}"), &[scope]))
    }
}

impl<'instance> GraphqlClient<'instance> {
    /// Has a token with this scope.
    pub(crate) fn new(instance: &'instance Instance, scope: &str) -> Self {
        Self::with_token(instance, &instance.token(&format!("{scope} script"), &[scope]))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A folder beside the build, on a disk; it goes when dropped.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

pub(crate) fn command(data_dir: &Path, arguments: &[&str]) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .env("AUDIT_STREAMS_DATA_DIR", data_dir)
        .env_remove("AUDIT_STREAMS_ROOT_PASSWORD")
        .output()
        .unwrap()
}

/// What a successful command printed last.
pub(crate) fn last_line(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .last()
        .unwrap()
        .to_owned()
}

/// A process of the binary, with what it prints first.
pub(crate) fn spawn_binary(mut command: Command) -> (Child, BufReader<ChildStdout>) {
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(process.stdout.take().unwrap());
    (process, stdout)
}

pub(crate) fn binary() -> Command {
    Command::new(BINARY)
}

type Settings = Vec<(&'static str, String)>;

fn owned(settings: &[(&'static str, &str)]) -> Settings {
    let owned = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
    owned.collect()
}

fn spawn(data_dir: &Path, settings: &Settings) -> (Child, String) {
    let (process, stdout) = spawn_binary(serve(data_dir, settings));
    (process, address_in(stdout))
}

fn serve(data_dir: &Path, settings: &Settings) -> Command {
    serve_by(binary(), data_dir, settings)
}

fn serve_by(mut command: Command, data_dir: &Path, settings: &Settings) -> Command {
    let listen = settings.iter().find(|(name, _)| *name == LISTEN);
    command
        .args([
            "serve",
            "--listen",
            listen.map_or("127.0.0.1:0", |(_, address)| address),
        ])
        .env("AUDIT_STREAMS_DATA_DIR", data_dir)
        .env("AUDIT_STREAMS_LOG_LEVEL", "warn")
        .env("AUDIT_STREAMS_ROOT_PASSWORD", PASSWORD)
        .env("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "true");
    for (name, value) in settings {
        // An empty one is taken away.
        match value.as_str() {
            "" => command.env_remove(name),
            value => command.env(name, value),
        };
    }
    command
}

/// The address that the server says it listens on. What it prints later is read and forgotten.
pub(crate) fn address_in(stdout: BufReader<ChildStdout>) -> String {
    let (found, address) = mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let url = line.strip_prefix("Listening on ");
            if let Some((_, address)) = url.and_then(|url| url.split_once("://")) {
                drop(found.send(address.to_owned()));
            }
        }
    });
    address.recv_timeout(PATIENCE).expect("the server started")
}

pub(crate) fn client() -> reqwest::Client {
    client_with_timeout(PATIENCE)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests speak to servers of their own, not to hosts that a user named"
)]
pub(crate) fn client_with_timeout(timeout: Duration) -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    builder.timeout(timeout).build().unwrap()
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let asking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        loop {
            ticks.tick().await;
            if let Some(answer) = ask() {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// Adds an HTTP destination to a folder that no server runs on.
pub(crate) async fn add_destination(data_dir: &Path, name: &str, url: String) {
    let engine = open_engine(data_dir).await;
    let draft = DestinationDraft::http(name.to_owned(), url);
    engine
        .create_destination(&Author::command_line(), draft.parse_new().unwrap())
        .await
        .unwrap();
    engine.shutdown(Duration::from_secs(10)).await;
    drop(engine);
    unlocked(data_dir).await;
}

/// Waits until a server can use the folder, after an engine of this process has had it locked. A program that another test starts has
/// a copy of the lock until it is executed.
pub(crate) async fn unlocked(data_dir: &Path) {
    until("the folder is unlocked", || {
        let checked = command(data_dir, &["check"]);
        let complaint = String::from_utf8_lossy(&checked.stderr).into_owned();
        let is_locked = ["another server is running", "is used by another command"];
        (!is_locked.iter().any(|locked| complaint.contains(locked))).then_some(())
    })
    .await;
}

/// Does something with a folder that this process may have had locked before, as [`unlocked`].
async fn when_unlocked<T>(attempt: impl AsyncFn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let attempts = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        loop {
            ticks.tick().await;
            match attempt().await {
                Err(OpenError::InUse { .. } | OpenError::Busy { .. }) => {}
                ended => return ended,
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, attempts).await;
    ended.expect("the folder is unlocked in time")
}

/// Checks a folder that no server runs on.
pub(crate) async fn check_folder(data_dir: &Path) -> FolderCheck {
    when_unlocked(async || check_data_folder(data_dir, None).await)
        .await
        .unwrap()
}

/// The engine of a folder that no server runs on.
pub(crate) async fn open_engine(data_dir: &Path) -> Engine {
    try_open_engine(data_dir, false).await.unwrap()
}

/// The same, if it starts.
pub(crate) async fn try_open_engine(data_dir: &Path, accepts_mismatched_files: bool) -> Result<Engine, OpenError> {
    let config = EngineConfig {
        data_dir: data_dir.to_owned(),
        encryption_key: None,
        fixed: FixedSettings {
            allow_local_network: Some(true),
            ..FixedSettings::default()
        },
        accepts_mismatched_files,
        destination_limit: 20,
        public_url: "http://localhost".to_owned(),
        services: SinkServices::usual().unwrap(),
        ca_file: None,
        listener_certificates: None,
        proxy: engine::InstanceProxy::default(),
    };
    drop(rustls::crypto::ring::default_provider().install_default());
    when_unlocked(async || Engine::open(config.clone(), Clock::machine()).await).await
}

/// Adds an HTTP destination as an administrator does.
pub(crate) async fn add_destination_over_the_page(instance: &Instance, url: &str) -> Value {
    let mut browser = crate::browser::Browser::signed_in(instance).await;
    let draft = serde_json::json!({"draft": {"name": "SIEM", "target": {"http": {"url": url}}}});
    let answer = browser.call("destinations/create", &draft).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}
