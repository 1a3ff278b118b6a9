//! Files that are damaged, cut off, missing, older or of another instance when the server starts.
//!
//! A server that takes in events and changes is killed, or stopped. Then a copy of its files is harmed, and the engine is started on
//! it. Either every acknowledged event and change is there, or the start is refused and says why; of a database whose
//! pages are damaged, `audit-streams check` has to report what is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::{
    destination::{DestinationDraft, StreamState},
    instance_event::Author,
};
use engine::{FolderCheck, error_chain};
use rusqlite::Connection;

use crate::instance::{Instance, check_folder, command, folder, try_open_engine, unlocked, until};

const LOG: &str = "events.db";
const STORE: &str = "audit-streams.db";
const LOG_PAGE: usize = 16_384;
const STORE_PAGE: usize = 4_096;

/// The files that a server has left, and what it has acknowledged.
struct Left {
    files: Vec<(String, Vec<u8>)>,
    acknowledged: Acknowledged,
}

#[derive(Default)]
struct Acknowledged {
    /// By id.
    events: BTreeMap<String, String>,
    tokens: BTreeSet<String>,
    /// How long the write-ahead logs of the log and the store were before the last event, and before the last token.
    lengths: [usize; 2],
}

/// What came of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Whole,
    Refused,
    /// It started without something that was acknowledged.
    Lacking,
}

/// A server that has stored events and changes in turn.
async fn used() -> (Instance, Acknowledged) {
    let folder = folder();
    add_paused_destination(folder.path()).await;
    let instance = Instance::start_on(folder, &[]);
    let token = instance.token("producer", &["ingest"]);
    let mut acknowledged = Acknowledged::default();
    acknowledged.tokens.insert("producer".to_owned());
    for number in 0..12_usize {
        acknowledged.lengths[0] = length_of(instance.data_dir(), LOG);
        let (id, text) = (format!("event-{number}"), "x".repeat(number * 700));
        let body = format!(r#"{{"event_type":"test","id":"{id}","details":{{"text":"{text}"}}}}"#);
        assert_eq!(instance.post(&token, body).await, std::slice::from_ref(&id));
        acknowledged.events.insert(id, text);
        if number % 3 == 0 {
            acknowledged.lengths[1] = length_of(instance.data_dir(), STORE);
            instance.token(&format!("token-{number}"), &["read"]);
            acknowledged.tokens.insert(format!("token-{number}"));
        }
    }
    until("the changes are noted", || {
        (noted_changes(&instance) == stored_changes(&instance)).then_some(())
    })
    .await;
    (instance, acknowledged)
}

fn length_of(folder: &Path, file: &str) -> usize {
    fs::read(folder.join(format!("{file}-wal"))).unwrap().len()
}

/// A destination that sends nothing.
async fn add_paused_destination(data_dir: &Path) {
    let mut settings = DestinationDraft::http("SIEM", "http://127.0.0.1:9/hook")
        .parse_new()
        .unwrap();
    settings.stream_state = Some(StreamState {
        active: true,
        paused: true,
    });
    let engine = try_open_engine(data_dir, false).await.unwrap();
    engine
        .create_destination(&Author::command_line(), settings)
        .await
        .unwrap();
    engine.shutdown(Duration::from_secs(20)).await;
    drop(engine);
    unlocked(data_dir).await;
}

/// A change of another process is noted within a second.
fn noted_changes(instance: &Instance) -> Option<i64> {
    let note = fs::read_to_string(instance.data_dir().join("server.lock")).unwrap();
    note.split(' ').nth(3)?.parse().ok()
}

fn stored_changes(instance: &Instance) -> Option<i64> {
    let store = Connection::open(instance.data_dir().join(STORE)).unwrap();
    store
        .query_row("SELECT changes FROM instance", [], |row| row.get(0))
        .ok()
}

impl Left {
    /// With everything in the write-ahead logs.
    async fn by_a_killed_server() -> Self {
        let (mut instance, acknowledged) = used().await;
        instance.kill();
        Self::of(instance.data_dir(), acknowledged)
    }

    /// With everything in the databases.
    async fn by_a_stopped_server() -> Self {
        let (mut instance, acknowledged) = used().await;
        assert!(instance.shut_down().await.success());
        Self::of(instance.data_dir(), acknowledged)
    }

    fn of(folder: &Path, acknowledged: Acknowledged) -> Self {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
        let files = files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()));
        Self {
            files: files.collect(),
            acknowledged,
        }
    }

    fn file(&self, name: &str) -> &[u8] {
        let (_, bytes) = self.files.iter().find(|(found, _)| found == name).unwrap();
        bytes
    }

    /// A new folder with these files.
    fn copy(&self) -> tempfile::TempDir {
        let copy = folder();
        for (name, bytes) in &self.files {
            fs::write(copy.path().join(name), bytes).unwrap();
        }
        copy
    }

    /// A copy in which one file has other contents.
    fn with(&self, name: &str, bytes: &[u8]) -> tempfile::TempDir {
        let copy = self.copy();
        fs::write(copy.path().join(name), bytes).unwrap();
        copy
    }

    /// Whether everything that was acknowledged is in the two databases.
    fn is_in(&self, folder: &Path) -> bool {
        let read = |file: &str, sql: &str| -> rusqlite::Result<BTreeMap<String, String>> {
            let connection = Connection::open(folder.join(file))?;
            let mut statement = connection.prepare(sql)?;
            let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            found.collect()
        };
        let events = read(
            LOG,
            "SELECT id, coalesce(body ->> '$.details.text', '') FROM events ORDER BY seq",
        );
        let tokens = read(STORE, "SELECT name, scopes FROM api_tokens ORDER BY id");
        let cursors = read(
            STORE,
            "SELECT name, 'has a cursor' FROM destinations JOIN cursors ON destination_id = id",
        );
        let Acknowledged {
            events: posted,
            tokens: created,
            ..
        } = &self.acknowledged;
        events.is_ok_and(|found| posted.iter().all(|(id, text)| found.get(id) == Some(text)))
            && tokens.is_ok_and(|found| created.iter().all(|name| found.contains_key(name)))
            && cursors.is_ok_and(|found| found.contains_key("SIEM"))
    }

    /// Checks the folder, which must not change it, and starts.
    async fn start(&self, case: &str, folder: &Path) -> (Outcome, FolderCheck) {
        let before = contents(folder);
        let checked = check_folder(folder).await;
        assert!(contents(folder) == before, "{case}: the check has changed a file");
        let outcome = match try_open_engine(folder, false).await {
            Ok(engine) => {
                engine.shutdown(Duration::from_secs(20)).await;
                drop(engine);
                if self.is_in(folder) {
                    Outcome::Whole
                } else {
                    Outcome::Lacking
                }
            }
            Err(error) => {
                let text = error_chain(&error);
                assert!(has_help(&text), "{case}: {text}");
                Outcome::Refused
            }
        };
        (outcome, checked)
    }

    /// The same. What is refused or lacking must be reported by the check.
    async fn start_reported(&self, case: &str, folder: &Path) -> Outcome {
        let (outcome, checked) = self.start(case, folder).await;
        let is_reported = checked.problems().next().is_some();
        assert!(
            outcome == Outcome::Whole || is_reported,
            "{case}: {outcome:?}, but the check finds nothing"
        );
        outcome
    }

    /// How long a write-ahead log was before the last change of its database that was acknowledged.
    fn length_before_the_last(&self, file: &str) -> usize {
        self.acknowledged.lengths[usize::from(file == STORE)]
    }
}

/// It names a file and a command.
fn has_help(text: &str) -> bool {
    [LOG, STORE].iter().any(|file| text.contains(file))
        && ["audit-streams check", "audit-streams backup restore"]
            .iter()
            .any(|command| text.contains(command))
}

fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut contents: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    contents.sort_unstable();
    contents
}

/// Pseudo-random offsets, the same each time.
fn scattered(length: usize, count: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(length).unwrap()).unwrap()
    })
    .take(count)
}

/// The first bytes of the last frames, and of the first one.
fn frames(wal: &[u8], page: usize) -> Vec<usize> {
    let (frame, count) = (24 + page, (wal.len() - 32) / (24 + page));
    let numbers = (0..count.min(1)).chain(count.saturating_sub(4).max(1)..count);
    numbers.map(|number| 32 + number * frame).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wal_that_is_cut_off_costs_nothing_that_was_acknowledged() {
    let left = Left::by_a_killed_server().await;
    for (file, page) in [(LOG, LOG_PAGE), (STORE, STORE_PAGE)] {
        let name = format!("{file}-wal");
        let wal = left.file(&name);
        let before_the_last = left.length_before_the_last(file);
        let near = |offset: usize| [offset - 1, offset, offset + 1, offset + 24];
        let lengths = frames(wal, page).into_iter().flat_map(near);
        let lengths = lengths.chain([0, 1, 32, before_the_last, wal.len() - 1, wal.len()]);
        for length in lengths.chain(scattered(wal.len(), 3)) {
            let case = format!("{name} cut to {length} of {}, {before_the_last}", wal.len());
            let folder = left.with(&name, &wal[..length]);
            let outcome = left.start_reported(&case, folder.path()).await;
            assert_ne!(outcome, Outcome::Lacking, "{case}: a silent loss");
            if length <= before_the_last {
                assert_eq!(outcome, Outcome::Refused, "{case}");
            }
            if length == wal.len() {
                assert_eq!(outcome, Outcome::Whole, "{case}");
            }
        }
    }
}

type Harm = fn(&mut [u8]);

const HARMS: [(&str, Harm); 3] = [
    ("zeroed", |bytes| bytes.fill(0)),
    ("garbage", |bytes| bytes.fill(0xa5)),
    ("flipped", |bytes| {
        if let Some(byte) = bytes.get_mut(bytes.len() / 2) {
            *byte ^= 0x10;
        }
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_wal_costs_nothing_that_was_acknowledged() {
    let left = Left::by_a_killed_server().await;
    for (file, page) in [(LOG, LOG_PAGE), (STORE, STORE_PAGE)] {
        let name = format!("{file}-wal");
        let wal = left.file(&name);
        // Each field of the file's header, each field of the header of a frame, and its page.
        let fields = (0..32).step_by(4).map(|field| (field, 4));
        let parts = |frame: usize| {
            [
                (frame, 4),
                (frame + 4, 4),
                (frame + 8, 8),
                (frame + 16, 8),
                (frame + 24, page),
            ]
        };
        let stretches = fields.chain(frames(wal, page).into_iter().flat_map(parts));
        let scattered = scattered(wal.len() - 4, 3).map(|offset| (offset, 4));
        for (number, (start, length)) in stretches.chain(scattered).enumerate() {
            let (how, harm) = HARMS[number % HARMS.len()];
            let case = format!("{name}: {length} bytes at {start} of {} {how}", wal.len());
            let mut harmed = wal.to_vec();
            harm(&mut harmed[start..start + length]);
            let folder = left.with(&name, &harmed);
            let outcome = left.start_reported(&case, folder.path()).await;
            assert_ne!(outcome, Outcome::Lacking, "{case}: a silent loss");
            if harmed != wal && start < left.length_before_the_last(file) {
                assert_eq!(outcome, Outcome::Refused, "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_damaged_wal_has_lost_can_be_given_up_and_positions_go_on() {
    let left = Left::by_a_killed_server().await;
    for file in [LOG, STORE] {
        let name = format!("{file}-wal");
        let wal = left.file(&name);
        let before_the_last = left.length_before_the_last(file);
        let mut harmed = wal.to_vec();
        harmed[before_the_last - 1] ^= 1;
        for bytes in [&harmed[..], &wal[..before_the_last], &[]] {
            let folder = left.with(&name, bytes);
            let outcome = left.start_reported(&name, folder.path()).await;
            assert_eq!(outcome, Outcome::Refused, "{name}");
            // Nothing that could still be read has been removed.
            let is_kept = fs::read(folder.path().join(&name)).is_ok_and(|kept| kept == bytes);
            assert!(is_kept || bytes.is_empty(), "{name}");
            let engine = try_open_engine(folder.path(), true).await.unwrap();
            let last = engine.log().last_seq();
            assert!(last.get() >= 12, "{name}: {last}");
            engine.shutdown(Duration::from_secs(20)).await;
            drop(engine);
            let checked = check_folder(folder.path()).await;
            assert_eq!(checked.problems().count(), 0, "{name}: {checked:#?}");
            try_open_engine(folder.path(), false)
                .await
                .unwrap()
                .shutdown(Duration::from_secs(20))
                .await;
        }
    }
}

/// They would remove the write-ahead log, and what they store would hide that something is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_do_nothing_to_a_store_that_has_lost_changes() {
    let left = Left::by_a_killed_server().await;
    let name = format!("{STORE}-wal");
    let wal = left.file(&name);
    let before_the_last = left.length_before_the_last(STORE);
    let mut harmed = wal.to_vec();
    harmed[before_the_last - 1] ^= 1;
    for (bytes, complaint) in [
        (&harmed[..], "audit-streams.db-wal is damaged"),
        (&wal[..before_the_last], "audit-streams.db has lost changes"),
    ] {
        let folder = left.with(&name, bytes);
        for arguments in [
            &["token", "list"][..],
            &["token", "create", "--name", "another", "--scope", "read"],
            &["admin", "reset-password", "--username", "root"],
        ] {
            let output = command(folder.path(), arguments);
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
            assert!(text.contains(complaint) && has_help(&text), "{arguments:?}: {text}");
            for (kept, bytes) in [(name.as_str(), bytes), (STORE, left.file(STORE))] {
                assert!(
                    fs::read(folder.path().join(kept)).unwrap() == bytes,
                    "{arguments:?}: {kept} was changed"
                );
            }
        }
    }
    let whole = left.copy();
    let listed = command(whole.path(), &["token", "list"]);
    assert!(listed.status.success(), "{listed:?}");
    assert_eq!(left.start_reported("listed", whole.path()).await, Outcome::Whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_of_a_wal_is_made_anew() {
    let left = Left::by_a_killed_server().await;
    for name in [format!("{LOG}-shm"), format!("{STORE}-shm")] {
        let shm = left.file(&name);
        for bytes in [&[][..], &[0xa5; 100], &vec![0; shm.len()], &vec![0xa5; shm.len()]] {
            let folder = left.with(&name, bytes);
            assert_eq!(
                left.start_reported(&name, folder.path()).await,
                Outcome::Whole,
                "{name}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_cut_off_does_not_start() {
    let left = Left::by_a_stopped_server().await;
    for (file, page) in [(LOG, LOG_PAGE), (STORE, STORE_PAGE)] {
        let bytes = left.file(file);
        let pages = bytes.len() / page;
        let near = |number: usize| [number * page - 1, number * page, number * page + 1];
        let lengths = [1, pages / 2, pages - 1].into_iter().flat_map(near);
        let lengths = lengths.chain([0, 1, 99, 100, 512, bytes.len() - 1]);
        for length in lengths.chain(scattered(bytes.len(), 2)) {
            let case = format!("{file} cut to {length} of {}", bytes.len());
            let folder = left.with(file, &bytes[..length]);
            assert_eq!(
                left.start_reported(&case, folder.path()).await,
                Outcome::Refused,
                "{case}"
            );
        }
    }
}

/// SQLite has no checksums of pages: what it does not notice when it reads a page, the check finds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missing_from_a_damaged_database_without_being_reported() {
    let left = Left::by_a_stopped_server().await;
    for (file, page) in [(LOG, LOG_PAGE), (STORE, STORE_PAGE)] {
        let bytes = left.file(file);
        let header = (0..100).step_by(8).map(|field| (field, 8));
        let pages = (0..bytes.len() / page).step_by(4).map(|number| (number * page, page));
        let heads = (0..bytes.len() / page).step_by(5).map(|number| (number * page, 12));
        for (number, (start, length)) in header.chain(pages).chain(heads).enumerate() {
            // A single bit of a text could be changed without a trace.
            let (how, harm) = HARMS[number % 2];
            let case = format!("{file}: {length} bytes at {start} of {} {how}", bytes.len());
            let mut harmed = bytes.to_vec();
            harm(&mut harmed[start..start + length]);
            let folder = left.with(file, &harmed);
            left.start_reported(&case, folder.path()).await;
        }
    }
}
