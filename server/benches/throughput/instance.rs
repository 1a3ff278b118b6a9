//! The release binary on a folder of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use domain::{
    Field, Timestamp,
    destination::DestinationDraft,
    instance_event::{Author, AuthorClass},
};
use engine::{Engine, EngineConfig, FixedSettings, SinkServices, clock::Clock};

/// Tokens made by this process.
static TOKENS: AtomicUsize = AtomicUsize::new(0);

const BINARY: &str = env!("CARGO_BIN_EXE_audit-streams");

/// A folder beside the build, on a disk and not in memory; it goes when dropped.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    data_dir: PathBuf,
    process: Child,
}

impl Instance {
    /// Starts the server and returns when it says where it listens.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[])
    }

    /// The same, with more arguments.
    pub(crate) fn start_with(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            .args(arguments)
            .env("AUDIT_STREAMS_ROOT_PASSWORD", "a password for the bench")
            .env("AUDIT_STREAMS_ALLOW_LOCAL_NETWORK", "true")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            line.unwrap()
                .strip_prefix("Listening on http://")
                .map(|at| at.parse().unwrap())
        });
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            address: address.unwrap(),
            data_dir: data_dir.to_owned(),
            process,
        }
    }

    pub(crate) fn token(&self) -> String {
        self.token_with("ingest")
    }

    /// A token with this scope.
    pub(crate) fn token_with(&self, scope: &str) -> String {
        // No name is used twice.
        let number = TOKENS.fetch_add(1, Ordering::Relaxed);
        let output = Command::new(BINARY)
            .args(["token", "create", "--scope", scope, "--name"])
            .arg(format!("bench-{number}"))
            .arg("--data-dir")
            .arg(&self.data_dir)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .last()
            .unwrap()
            .to_owned()
    }

    /// Resident memory now and at its highest, in KiB.
    pub(crate) fn memory_kib(&self) -> (usize, usize) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        (field("VmRSS:"), field("VmHWM:"))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Runs a command on a data folder, which must succeed.
pub(crate) fn run(data_dir: &Path, arguments: &[&str]) {
    let output = Command::new(BINARY)
        .args(arguments)
        .arg("--data-dir")
        .arg(data_dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An engine on a folder that no server runs on.
pub(crate) async fn open_engine(data_dir: &Path) -> Engine {
    open_engine_at(data_dir, Clock::machine()).await
}

/// The same, with this clock.
pub(crate) async fn open_engine_at(data_dir: &Path, clock: Clock) -> Engine {
    let config = EngineConfig {
        data_dir: data_dir.to_owned(),
        encryption_key: None,
        fixed: FixedSettings {
            allow_local_network: Some(true),
            ..FixedSettings::default()
        },
        accepts_mismatched_files: false,
        destination_limit: 100,
        public_url: "http://localhost".to_owned(),
        services: SinkServices::usual().unwrap(),
        ca_file: None,
        listener_certificates: None,
        proxy: engine::InstanceProxy::default(),
    };
    Engine::open(config, clock).await.unwrap()
}

/// Adds an HTTP destination that gets one event per request to a folder that no server runs on.
pub(crate) async fn add_destination(data_dir: &Path, url: String) {
    add(data_dir, DestinationDraft::http(url.clone(), url)).await;
}

/// Adds an HTTP destination that gets batches of 500 events.
pub(crate) async fn add_batch_destination(data_dir: &Path, url: String) {
    let mut draft = DestinationDraft::http(url.clone(), url);
    draft.target.values.set(Field::RequestFormat, "json_lines");
    add(data_dir, draft).await;
}

async fn add(data_dir: &Path, draft: DestinationDraft) {
    add_destinations(data_dir, vec![draft]).await;
}

/// Adds destinations to a folder that no server runs on.
pub(crate) async fn add_destinations(data_dir: &Path, drafts: Vec<DestinationDraft>) {
    let engine = open_engine(data_dir).await;
    for draft in drafts {
        engine
            .create_destination(&author(), draft.parse_new().unwrap())
            .await
            .unwrap();
    }
    engine.shutdown(Duration::from_secs(10)).await;
}

pub(crate) fn author() -> Author {
    Author {
        user_id: None,
        class: AuthorClass::User,
        name: "bench".to_owned(),
        ip_address: String::new(),
    }
}

/// Writes events straight into the log of a folder that no server runs on.
pub(crate) async fn fill_log(data_dir: &Path, count: usize) {
    fill_log_with(data_dir, count, Clock::machine().now(), crate::events::event).await;
}

/// The same, with events that were received at this time.
pub(crate) async fn fill_log_with(
    data_dir: &Path,
    count: usize,
    received_at: Timestamp,
    event: impl Fn(usize) -> String,
) {
    use domain::event::{AuditEvent, EventId, Received};
    // A log belongs to a store, which is made first.
    open_engine(data_dir).await.shutdown(Duration::from_secs(10)).await;
    let log = engine::log::EventLog::open(&data_dir.join("events.db"), u64::MAX)
        .await
        .unwrap();
    let received = Received {
        received_at,
        fresh_id: || EventId::parse("unused").unwrap(),
    };
    for first in (0..count).step_by(5_000) {
        let events =
            (first..(first + 5_000).min(count)).map(|number| AuditEvent::parse(&event(number), &received).unwrap());
        log.append("bench", received_at, events.collect()).await.unwrap();
    }
    log.close().await;
}
