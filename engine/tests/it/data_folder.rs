//! The two files of the data folder: what is missing, damaged or of another folder stops the start, and says so.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::ids::Seq;
use receivers::Receiver;
use rusqlite::Connection;

use crate::{
    Engine, EngineConfig, OpenError, PartState,
    clock::Clock,
    error_chain,
    it::world::{World, config, install_crypto, wait_until, when_unlocked},
    log::AppendError,
    opening::open_store_alone,
};

pub(super) const LOG: &str = "events.db";
const STORE: &str = "audit-streams.db";

async fn open(folder: &Path) -> Result<Engine, OpenError> {
    open_with(folder, |config| config).await
}

async fn open_with(folder: &Path, change: impl FnOnce(EngineConfig) -> EngineConfig) -> Result<Engine, OpenError> {
    install_crypto();
    let config = change(config(folder));
    when_unlocked(async || Engine::open(config.clone(), Clock::machine()).await).await
}

/// What the operator reads.
async fn complaint(folder: &Path) -> String {
    match open(folder).await {
        Ok(_) => panic!("it started"),
        Err(error) => error_chain(&error),
    }
}

/// A folder with some events and a destination that has got them, stopped in order; and its receiver.
async fn used_folder() -> (tempfile::TempDir, Receiver) {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post(&world, 0..50).await;
    let end = world.engine.log().last_seq();
    wait_until("everything is delivered", async || {
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        cursor.acknowledged >= end
    })
    .await;
    (world.shut_down().await, receiver)
}

pub(super) async fn post(world: &World, numbers: std::ops::Range<u32>) {
    let texts = numbers.map(|number| format!("e{number}"));
    world.post("1", texts).await;
}

/// Starts, takes events in, and stops in order.
async fn use_again(folder: &Path) {
    let engine = open(folder).await.unwrap();
    let body = r#"{"event_type":"test","entity_id":1}"#;
    engine.ingest("tests", body.into()).await.unwrap();
    engine.shutdown(Duration::from_secs(20)).await;
}

fn copy(folder: &Path, name: &str) -> PathBuf {
    let number = fs::read_dir(folder).unwrap().count();
    let copy = folder.join(format!("{name}.copy-{number}"));
    fs::copy(folder.join(name), &copy).unwrap();
    copy
}

fn cut(path: &Path, bytes: u64) {
    fs::OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(bytes)
        .unwrap();
}

fn halve(path: &Path) {
    cut(path, fs::metadata(path).unwrap().len() / 2);
}

type Harm = (&'static str, fn(&Path), &'static str);

const HARM: [Harm; 16] = [
    (
        "log deleted",
        |folder| fs::remove_file(folder.join(LOG)).unwrap(),
        "events.db is missing or empty",
    ),
    (
        "log emptied",
        |folder| cut(&folder.join(LOG), 0),
        "events.db is missing or empty",
    ),
    (
        "log halved",
        |folder| halve(&folder.join(LOG)),
        "events.db is damaged, cut off, or no database",
    ),
    (
        "log cut within its head",
        |folder| cut(&folder.join(LOG), 50),
        "events.db is damaged, cut off, or no database",
    ),
    (
        "log overwritten",
        |folder| fs::write(folder.join(LOG), "no database at all\n".repeat(5_000)).unwrap(),
        "events.db is damaged, cut off, or no database",
    ),
    (
        "log of something else",
        |folder| {
            fs::remove_file(folder.join(LOG)).unwrap();
            let other = Connection::open(folder.join(LOG)).unwrap();
            other.execute_batch("CREATE TABLE albums (title TEXT)").unwrap();
        },
        "not a log of Audit Streams",
    ),
    (
        "store deleted",
        |folder| fs::remove_file(folder.join(STORE)).unwrap(),
        "audit-streams.db is missing or empty",
    ),
    (
        "store emptied",
        |folder| cut(&folder.join(STORE), 0),
        "audit-streams.db is missing or empty",
    ),
    (
        "store halved",
        |folder| halve(&folder.join(STORE)),
        "audit-streams.db is damaged, cut off, or no database",
    ),
    (
        "store of something else",
        |folder| {
            fs::remove_file(folder.join(STORE)).unwrap();
            let other = Connection::open(folder.join(STORE)).unwrap();
            other.execute_batch("CREATE TABLE albums (title TEXT)").unwrap();
        },
        "not one of Audit Streams",
    ),
    (
        "log in the store's place",
        |folder| assert!(fs::copy(folder.join(LOG), folder.join(STORE)).unwrap() > 0),
        "not one of Audit Streams",
    ),
    (
        "store with a migration that is unknown here",
        |folder| {
            let added = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                         VALUES (99, 'later', true, x'00', 0)";
            execute(&folder.join(STORE), added);
        },
        "another version of Audit Streams wrote the file",
    ),
    (
        "store with another schema of the same number",
        |folder| execute(&folder.join(STORE), "UPDATE _sqlx_migrations SET checksum = x'00'"),
        "another version of Audit Streams wrote the file",
    ),
    (
        "log of an older layout",
        |folder| execute(&folder.join(LOG), "PRAGMA user_version = 4"),
        "another version of Audit Streams wrote the log",
    ),
    (
        "log of a newer layout",
        |folder| execute(&folder.join(LOG), "PRAGMA user_version = 1000"),
        "another version of Audit Streams wrote the log",
    ),
    (
        "log without a layout",
        |folder| execute(&folder.join(LOG), "PRAGMA user_version = 0"),
        "the version of their layout is missing",
    ),
];

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_missing_empty_cut_or_strange_file_stops_the_start_and_says_what_to_do() {
    let (intact, _receiver) = used_folder().await;
    for (harm, inflict, expected) in HARM {
        let folder = tempfile::tempdir().unwrap();
        for name in [LOG, STORE, "secret.key"] {
            fs::copy(intact.path().join(name), folder.path().join(name)).unwrap();
        }
        inflict(folder.path());
        let before = [LOG, STORE].map(|name| fs::read(folder.path().join(name)).ok());
        let complaint = complaint(folder.path()).await;
        assert!(complaint.contains(expected), "{harm}: {complaint}");
        let after = [LOG, STORE].map(|name| fs::read(folder.path().join(name)).ok());
        assert!(before == after, "{harm}: a file was changed or made");
    }
    use_again(intact.path()).await;
}

#[tokio::test]
async fn files_of_another_folder_or_another_moment_stop_the_start() {
    let (folder, _receiver) = used_folder().await;
    let (other, _other_receiver) = used_folder().await;
    let path = folder.path();
    let (old_log, old_store) = (copy(path, LOG), copy(path, STORE));
    use_again(path).await;
    let (new_log, new_store) = (copy(path, LOG), copy(path, STORE));

    fs::copy(other.path().join(LOG), path.join(LOG)).unwrap();
    let foreign = complaint(path).await;
    assert!(
        foreign.contains("events.db does not belong to audit-streams.db"),
        "{foreign}"
    );

    fs::copy(&old_log, path.join(LOG)).unwrap();
    let older = complaint(path).await;
    assert!(
        older.contains("events.db is older than audit-streams.db: it ends at position"),
        "{older}"
    );
    assert!(older.contains("audit-streams backup restore"), "{older}");

    fs::copy(&new_log, path.join(LOG)).unwrap();
    fs::copy(&old_store, path.join(STORE)).unwrap();
    let older = complaint(path).await;
    assert!(older.contains("audit-streams.db is older than events.db"), "{older}");

    // Both from the same moment, whichever.
    fs::copy(&old_log, path.join(LOG)).unwrap();
    use_again(path).await;
    fs::copy(&new_log, path.join(LOG)).unwrap();
    fs::copy(&new_store, path.join(STORE)).unwrap();
    use_again(path).await;
}

#[tokio::test]
async fn files_copied_while_the_server_runs_can_be_restored_if_the_store_was_copied_first() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let backup = tempfile::tempdir().unwrap();
    for name in [STORE, LOG] {
        let (source, target) = (world.folder().join(name), backup.path().join(name));
        let copy = move || {
            let source = Connection::open(source).unwrap();
            source.execute("VACUUM INTO ?", [target.to_str().unwrap()]).unwrap();
        };
        tokio::task::spawn_blocking(copy).await.unwrap();
        post(&world, 10..20).await;
    }
    fs::copy(world.folder().join("secret.key"), backup.path().join("secret.key")).unwrap();
    use_again(backup.path()).await;
}

#[tokio::test]
async fn a_mismatch_can_be_accepted_and_no_position_is_given_twice() {
    let (folder, receiver) = used_folder().await;
    let path = folder.path();
    let accept = |config| EngineConfig {
        accepts_mismatched_files: true,
        ..config
    };
    fs::remove_file(path.join(LOG)).unwrap();
    let engine = open_with(path, accept).await.unwrap();
    let end = engine.log().last_seq();
    assert!(end >= Seq::new(50), "{end}");
    let body = r#"{"event_type":"test","id":"after","entity_id":1}"#;
    engine.ingest("tests", body.into()).await.unwrap();
    wait_for_event(&receiver, "after").await;
    engine.shutdown(Duration::from_secs(20)).await;
    drop(engine);
    // From now on the files match.
    use_again(path).await;

    fs::remove_file(path.join(STORE)).unwrap();
    let engine = open_with(path, accept).await.unwrap();
    assert!(engine.list_destinations().await.unwrap().is_empty());
    assert!(engine.log().last_seq() > end);
    engine.shutdown(Duration::from_secs(20)).await;
    drop(engine);
    use_again(path).await;
}

#[tokio::test]
async fn a_start_that_was_cut_off_is_begun_anew() {
    install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let store = open_store_alone(folder.path()).await.unwrap();
    store.database.close().await;
    drop(store);
    // The log was made, and nothing was written to it.
    fs::write(folder.path().join(LOG), "").unwrap();
    use_again(folder.path()).await;
}

#[tokio::test]
async fn a_second_engine_is_refused_even_if_the_lock_file_is_deleted() {
    let world = World::new().await;
    let open = async || Engine::open(config(world.folder()), Clock::machine()).await;
    fs::remove_file(world.folder().join("server.lock")).unwrap();
    assert!(matches!(open().await, Err(OpenError::Busy { .. })));
    fs::remove_file(world.folder().join(LOG)).unwrap();
    assert!(matches!(open().await, Err(OpenError::Busy { .. })));
}

#[tokio::test]
async fn files_that_are_deleted_or_replaced_are_noticed_and_nothing_is_acknowledged_any_more() {
    let world = World::new().await;
    let folder = world.folder().to_owned();
    let state = async |is_log, wanted| {
        wait_until("the state is noticed", async || {
            let liveness = world.engine.liveness();
            wanted == if is_log { liveness.log } else { liveness.store }
        })
        .await;
    };
    for (name, is_log) in [
        (LOG, true),
        ("events.db-wal", true),
        (STORE, false),
        ("audit-streams.db-wal", false),
    ] {
        let (path, aside) = (folder.join(name), folder.join("aside"));
        fs::rename(&path, &aside).unwrap();
        fs::copy(&aside, &path).unwrap();
        if is_log {
            let body = r#"{"event_type":"test","entity_id":1}"#;
            let refused = world.engine.ingest("tests", body.into()).await.unwrap_err();
            assert!(
                matches!(refused, crate::IngestError::Append(AppendError::Failed)),
                "{name}: {refused:?}"
            );
        }
        state(is_log, PartState::FilesMissing).await;
        fs::rename(&aside, &path).unwrap();
        state(is_log, PartState::Running).await;
    }
    post(&world, 0..1).await;
}

#[tokio::test]
async fn a_clean_stop_leaves_everything_in_the_two_files() {
    let world = World::new().await;
    post(&world, 0..100).await;
    let folder = world.shut_down().await;
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, [STORE, LOG, "secret.key", "server.lock"]);
}

pub(super) async fn wait_for_event(receiver: &Receiver, text: &str) {
    // Each is looked at once, however many there are.
    let mut looked_at = 0;
    let has_come = |requests: &[receivers::Request]| {
        let new = &requests[looked_at..];
        looked_at = requests.len();
        new.iter().any(|request| request.text().contains(text))
    };
    receiver.wait_for(text, has_come).await;
}
