//! The two files of the data folder: what is missing, damaged or of another folder stops the start, and says so.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Engine, EngineConfig, OpenError, PartState,
    clock::Clock,
    error_chain,
    log::{AppendError, BrowseRequest, EventFilter, SeqRequest},
    opening::open_store_alone,
};
use domain::{Timestamp, ids::Seq};
use rusqlite::Connection;

use crate::it::world::{World, author, config, install_crypto, wait_until, when_unlocked};
use receivers::Receiver;

const LOG: &str = "events.db";
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

async fn post(world: &World, numbers: std::ops::Range<u32>) {
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

/// Overwrites the page of `events` that holds this position, and returns the positions that were on it.
fn damage(folder: &Path, position: i64) -> Vec<i64> {
    let path = folder.join(LOG);
    let log = Connection::open(&path).unwrap();
    let pages: Vec<i64> = log
        .prepare("SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let all = positions(&log);
    drop(log);
    let intact = fs::read(&path).unwrap();
    for page in pages {
        let start = usize::try_from((page - 1) * 16_384).unwrap();
        let mut bytes = intact.clone();
        bytes[start..start + 16_384].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        let log = Connection::open(&path).unwrap();
        let is_lost = |seq: i64| {
            let found = log.query_row("SELECT 1 FROM events WHERE seq = ?", [seq], |_| Ok(()));
            found.is_err()
        };
        if is_lost(position) {
            return all.into_iter().filter(|seq| is_lost(*seq)).collect();
        }
    }
    panic!("no page holds position {position}");
}

fn positions(log: &Connection) -> Vec<i64> {
    let mut statement = log.prepare("SELECT seq FROM events ORDER BY seq").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_damaged_page_costs_the_events_on_it_and_is_reported() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let paused = domain::destination::StreamState {
        active: true,
        paused: true,
    };
    world.set_stream_state(id, paused).await;
    for first in (0..2_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    let end = world.engine.log().last_seq().get();
    let folder = world.shut_down().await;
    let lost = damage(folder.path(), end / 2);
    assert!((1..500).contains(&lost.len()), "{lost:?}");

    let world = World::on(folder).await;
    let log = world.engine.log();
    let read = log.read_after(Seq::START, 10_000, 1 << 30).await.unwrap();
    assert_eq!(
        read.last().unwrap().seq.get(),
        lost[0] - 1,
        "what comes before it is read first"
    );
    let page = log.read_page(Seq::new(lost[0] - 1), 10, 1 << 20).await.unwrap();
    assert_eq!((page.events.len(), page.read_to.get()), (0, *lost.last().unwrap()));
    // The next block of the index is made of what is stored already, the damaged page included.
    post(&world, 2_000..4_500).await;
    world
        .set_stream_state(id, domain::destination::StreamState::default())
        .await;
    wait_for_event(&receiver, "e4499").await;
    wait_for_event(&receiver, "audit_event_log_damaged").await;
    let requests = receiver.requests();
    let received = requests.iter().filter(|request| request.text().contains("\"id\":\"e"));
    assert_eq!(received.count(), 4_500 - lost.len());
    assert_eq!(log.unreadable_events(), u64::try_from(lost.len()).unwrap());
    let shown = log
        .browse(&EventFilter::default(), BrowseRequest::Newest, 10_000)
        .await
        .unwrap();
    let end = usize::try_from(log.last_seq().get()).unwrap();
    assert_eq!(shown.rows.len(), end - lost.len());
    world.shut_down().await;
}

#[tokio::test]
async fn a_damaged_page_hinders_neither_starting_nor_pruning_nor_storing() {
    let positions: [fn(i64) -> i64; 3] = [|_| 1, |end| end / 2, |end| end - 100];
    for position in positions {
        let world = World::new().await;
        for first in (0..2_000).step_by(500) {
            post(&world, first..first + 500).await;
        }
        let end = world.engine.log().last_seq().get();
        let folder = world.shut_down().await;
        let lost = damage(folder.path(), position(end));

        let world = World::on(folder).await;
        let log = world.engine.log();
        post(&world, 2_000..2_500).await;
        let far = Timestamp::from_unix_ms(i64::MAX);
        let mut deleted = 0;
        loop {
            let step = log.prune(far, log.last_seq()).await.unwrap().deleted;
            deleted += step;
            if step == 0 {
                break;
            }
        }
        // The events on the damaged page stay, and those on the pages beside it.
        let left = log.last_seq().get() - i64::try_from(deleted).unwrap();
        let damaged = i64::try_from(lost.len()).unwrap();
        assert!(
            (damaged..damaged * 4 + 100).contains(&left),
            "{left} of {damaged} are left"
        );
        assert_eq!(log.state(), PartState::Running);
        log.position_before_all().await.unwrap();
        post(&world, 2_500..3_000).await;
        let world = world.restart().await;
        post(&world, 3_000..3_500).await;
        world.shut_down().await;
    }
}

/// A backlog that begins on the page, and a newest event that is on it.
#[tokio::test]
async fn a_damaged_page_does_not_fail_the_overview() {
    let positions: [fn(i64) -> i64; 2] = [|_| 1, |end| end];
    for position in positions {
        let (receiver, world) = (Receiver::start().await, World::new().await);
        let id = world.add_destination("SIEM", &receiver.url()).await;
        let paused = domain::destination::StreamState {
            active: true,
            paused: true,
        };
        world.set_stream_state(id, paused).await;
        for first in (0..2_000).step_by(500) {
            post(&world, first..first + 500).await;
        }
        let end = world.engine.log().last_seq().get();
        let folder = world.shut_down().await;
        let lost = damage(folder.path(), position(end));

        let world = World::on(folder).await;
        assert_eq!(world.engine.log().last_seq().get(), end);
        let look = async || world.engine.overview().await.unwrap().view;
        wait_until("the stream sees its backlog", async || {
            look().await.oldest_waiting_at.is_some()
        })
        .await;
        let overview = look().await;
        assert_eq!(overview.log.newest_received_at.is_some(), !lost.contains(&end));
        let first = (1..).find(|seq| !lost.contains(seq)).unwrap();
        assert_eq!(overview.log.events, u64::try_from(end + 1 - first).unwrap());
        assert!(overview.log.oldest_received_at.is_some());
        world.shut_down().await;
    }
}

/// Searches by position read the intact pages, in both directions, when the oldest page is damaged. Only the events on it fail.
#[tokio::test]
async fn a_damaged_oldest_page_hinders_no_reading_by_position() {
    let world = World::new().await;
    for first in (0..2_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    let end = world.engine.log().last_seq().get();
    let folder = world.shut_down().await;
    let lost = damage(folder.path(), 1);
    let first = (1..=end).find(|seq| !lost.contains(seq)).unwrap();

    let world = World::on(folder).await;
    let log = world.engine.log();
    let filter = EventFilter::default();
    for (request, expected) in [
        (SeqRequest::Newest, 10),
        (SeqRequest::Before(Seq::new(end)), 10),
        (SeqRequest::After(Seq::new(first)), 10),
        (SeqRequest::After(Seq::new(end)), 0),
    ] {
        let found = log.browse_by_seq(&filter, request, 10, usize::MAX).await;
        let found = found.unwrap_or_else(|error| panic!("{request:?}: {error}"));
        assert_eq!(found.rows.len(), expected, "{request:?}");
    }
    let page = log.page_by_seq(&filter, true, 0..10, 100).await.unwrap();
    assert_eq!((page.places.len(), page.total), (10, None));
    world.shut_down().await;
}

/// Also when it is retried, and when the stream has to deliver others behind it.
#[tokio::test]
async fn a_refused_event_on_a_damaged_page_is_parked_and_reported() {
    // What is refused now is due for the machine's clock.
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("\"e1000\"", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    for first in (0..2_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    wait_until("one is refused and the others are delivered", async || {
        let facts = world.engine.find_destination(id).await.unwrap().unwrap().facts;
        let cursor = world.engine.database().read_cursor(id).await.unwrap().unwrap();
        facts.retrying == 1 && cursor.acknowledged == world.engine.log().last_seq()
    })
    .await;
    let seq = world.engine.database().list_refused(id).await.unwrap()[0].seq;
    let folder = world.shut_down().await;
    assert!(damage(folder.path(), seq.get()).contains(&seq.get()));

    let world = World::on(folder).await;
    let parked = async || world.engine.database().list_parked(id, None, 9).await.unwrap();
    for _ in 0..2 {
        wait_until("it is parked", async || !parked().await.is_empty()).await;
        let parked = parked().await;
        assert_eq!((parked.len(), parked[0].seq), (1, seq));
        assert!(parked[0].reason.contains("damaged"), "{}", parked[0].reason);
        assert!(world.engine.retry_parked(&author(), id, seq).await.unwrap());
    }
    wait_for_event(&receiver, "audit_event_log_damaged").await;
    post(&world, 2_000..2_001).await;
    wait_for_event(&receiver, "\"e2000\"").await;
    world.shut_down().await;
}

/// The same of an event that has left the log and is kept.
#[tokio::test]
async fn a_kept_event_on_a_damaged_page_is_parked_and_reported() {
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let (world, receiver) = (World::with_clock(clock, |config| config).await, Receiver::start().await);
    receiver.answer_bodies_with("\"e1\"", 422);
    let id = world.add_destination("SIEM", &receiver.url()).await;
    post(&world, 0..3).await;
    world.park_what_is_refused(id).await;
    let seq = world.engine.database().list_parked(id, None, 9).await.unwrap()[0].seq;
    world.engine.clock().advance(Duration::from_secs(40 * 86_400));
    let stored = async || world.engine.log().stored().await.unwrap();
    wait_until("it is kept", async || stored().await.kept_events == 1).await;
    let folder = world.shut_down().await;
    let log = Connection::open(folder.path().join(LOG)).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'kept_events'";
    let page: u32 = log.query_row(root, [], |row| row.get(0)).unwrap();
    drop(log);
    overwrite(&folder.path().join(LOG), u64::from(page));

    let world = World::on(folder).await;
    assert!(world.engine.retry_parked(&author(), id, seq).await.unwrap());
    let parked = async || world.engine.database().list_parked(id, None, 9).await.unwrap();
    wait_until("it is parked", async || !parked().await.is_empty()).await;
    let reason = parked().await.remove(0).reason;
    assert!(reason.contains("damaged"), "{reason}");
    assert_eq!(world.engine.log().unreadable_events(), 1);
    wait_for_event(&receiver, "audit_event_log_damaged").await;
    // What is kept of it can't be removed, and that stops nothing.
    assert!(world.engine.discard_parked(&author(), id, seq).await.unwrap());
    post(&world, 3..4).await;
    wait_for_event(&receiver, "\"e3\"").await;
    assert_eq!(world.engine.log().state(), PartState::Running);
    world.shut_down().await;
}

fn overwrite(path: &Path, page: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0xa5; 16_384], (page - 1) * 16_384).unwrap();
}

async fn wait_for_event(receiver: &Receiver, text: &str) {
    // Each is looked at once, however many there are.
    let mut looked_at = 0;
    let has_come = |requests: &[receivers::Request]| {
        let new = &requests[looked_at..];
        looked_at = requests.len();
        new.iter().any(|request| request.text().contains(text))
    };
    receiver.wait_for(text, has_come).await;
}
