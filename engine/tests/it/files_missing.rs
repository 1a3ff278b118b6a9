//! A database is deleted, replaced or overwritten under a running engine: nothing counts as gone because another file does not
//! have it.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    PartState,
    clock::Clock,
    error_chain,
    log::{BrowseRequest, EventFilter, LogError, PruneRequest},
};
use domain::{Timestamp, destination::StreamState, health::StreamHealth, ids::Seq, replay::ReplayState};

use crate::it::{
    replay,
    world::{World, author, wait_until},
};
use receivers::Receiver;

const PAUSED: StreamState = StreamState {
    active: true,
    paused: true,
};

const fn is_paused(health: &StreamHealth) -> bool {
    matches!(health, StreamHealth::Paused { .. })
}

/// What happens to the file; the other one is of an instance that has had nothing to do.
type Harm = fn(&Path, &Path);

const HARM: [Harm; 3] = [
    |file, _| fs::remove_file(file).unwrap(),
    |file, other| {
        fs::remove_file(file).unwrap();
        fs::copy(other, file).unwrap();
    },
    |file, other| {
        let place = file.with_extension("new");
        fs::copy(other, &place).unwrap();
        fs::rename(place, file).unwrap();
    },
];

/// The file stays the same one, and gets other contents.
const OVERWRITTEN: [Harm; 3] = [
    |file, other| overwrite(file, other),
    |file, _| shell(r#"seq 100000 > "$0""#, &[file]),
    |file, _| shell(r#": > "$0""#, &[file]),
];

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// By another process: closing the file in this one would end the engine's locks on it.
fn overwrite(file: &Path, by: &Path) {
    shell(r#"cp "$1" "$0""#, &[file, by]);
}

fn shell(command: &str, files: &[&Path]) {
    let status = Command::new("sh").arg("-c").arg(command).args(files).status();
    assert!(status.unwrap().success(), "{command}");
}

/// A file that is out of its place, or has other contents.
struct Harmed {
    file: PathBuf,
    aside: PathBuf,
    contents: PathBuf,
}

impl Harmed {
    /// Returns when the engine has noticed it.
    async fn inflict(world: &World, name: &str, harm: Harm, other: &Path) -> Self {
        let (file, aside) = (world.folder().join(name), world.folder().join("aside"));
        let contents = world.folder().join("contents");
        fs::hard_link(&file, &aside).unwrap();
        fs::hard_link(beside(&file, "-wal"), beside(&aside, "-wal")).unwrap();
        overwrite(&contents, &file);
        harm(&file, &other.join(name));
        wait_until("it is noticed", async || {
            let liveness = world.engine.liveness();
            [liveness.log, liveness.store].contains(&PartState::FilesMissing)
        })
        .await;
        Self { file, aside, contents }
    }

    /// Puts the very file back, or its contents.
    async fn mend(self, world: &World) {
        let (wal, wal_aside) = (beside(&self.file, "-wal"), beside(&self.aside, "-wal"));
        if wal.exists() {
            fs::remove_file(wal_aside).unwrap();
        } else {
            // SQLite deletes it when a connection opens an empty file, which may be sooner than the engine notices that it is empty.
            fs::rename(wal_aside, wal).unwrap();
        }
        let inode = |path: &Path| fs::metadata(path).map(|metadata| metadata.ino()).ok();
        if inode(&self.file) == inode(&self.aside) {
            overwrite(&self.file, &self.contents);
        } else {
            fs::rename(self.aside, self.file).unwrap();
        }
        wait_until("it is noticed", async || {
            let liveness = world.engine.liveness();
            (liveness.log, liveness.store) == (PartState::Running, PartState::Running)
        })
        .await;
    }
}

/// A folder of an instance without destinations and events.
async fn unused_folder() -> tempfile::TempDir {
    World::new().await.shut_down().await
}

/// For as long as a stream needs for many steps, this stays as it is.
async fn stays<T: PartialEq + std::fmt::Debug>(look: impl AsyncFn() -> T) {
    let before = look().await;
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..150 {
        ticks.tick().await;
        assert_eq!(look().await, before);
    }
}

#[tokio::test]
async fn without_its_log_a_stream_and_a_replay_wait_and_nothing_counts_as_gone() {
    let other = unused_folder().await;
    for harm in HARM.into_iter().chain(OVERWRITTEN) {
        let receiver = Receiver::start().await;
        let world = World::new().await;
        let id = world.add_destination("SIEM", &receiver.url()).await;
        replay::post_old(&world, 0..60).await;
        receiver
            .wait_until("the old events are delivered", |requests| requests.len() >= 61)
            .await;
        world.set_stream_state(id, PAUSED).await;
        let replay = replay::start(&world, id, &["old"]).await.replay.id;
        world.post("1", (0..50).map(|number| format!("e{number}"))).await;
        // Nothing is in memory any more.
        let world = world.restart().await;
        world.wait_for_health(id, "its stream is paused again", is_paused).await;
        let before = receiver.requests().len();

        let harmed = Harmed::inflict(&world, "events.db", harm, other.path()).await;
        // It is stored, but the answer would tell what waits in the log.
        assert!(world.try_set_stream_state(id, StreamState::default()).await.is_err());
        assert!(world.stored(id).await.stream_state.is_running());
        let database = world.engine.database();
        stays(async || {
            let cursor = database.read_cursor(id).await.unwrap().unwrap();
            let replay = replay::standing(&world, id, replay).await.replay;
            let refused = database.count_refused(id).await.unwrap();
            (
                cursor,
                replay.state,
                replay.position,
                refused.all(),
                receiver.requests().len(),
            )
        })
        .await;
        assert_eq!(receiver.requests().len(), before);
        assert_eq!(world.engine.log().unreadable_events(), 0);
        harmed.mend(&world).await;
        let progress = replay::wait_until_finished(&world, id, replay).await;
        assert_eq!(progress.sent, 50, "{progress:?}");
        let has_all = |requests: &[receivers::Request]| {
            let has = |number| {
                let id = format!(r#""id":"e{number}""#);
                requests.iter().any(|request| request.text().contains(&id))
            };
            (0..50).all(has)
        };
        receiver.wait_until("every event is delivered", has_all).await;
        assert_eq!(
            replay::standing(&world, id, replay).await.replay.state,
            ReplayState::Finished
        );
        world.shut_down().await;
    }
}

#[tokio::test]
async fn without_its_file_the_log_answers_nothing() {
    let other = unused_folder().await;
    for harm in HARM.into_iter().chain(OVERWRITTEN) {
        let world = World::new().await;
        world.post("1", (0..50).map(|number| format!("e{number}"))).await;
        let world = world.restart().await;
        let log = world.engine.log();
        let harmed = Harmed::inflict(&world, "events.db", harm, other.path()).await;
        let is_missing = |error: LogError| assert!(matches!(error, LogError::FilesMissing), "{error:?}");
        is_missing(log.read_page(Seq::START, 10, 1 << 20).await.unwrap_err());
        is_missing(log.read_one(Seq::new(1)).await.unwrap_err());
        is_missing(log.position_before_all().await.unwrap_err());
        is_missing(log.kept_after(Seq::START, 10).await.unwrap_err());
        let all = EventFilter::default();
        is_missing(log.browse(&all, BrowseRequest::Newest, 10).await.unwrap_err());
        let order = PruneRequest {
            received_before: Timestamp::from_unix_ms(i64::MAX),
            up_to: log.last_seq(),
            refused: Vec::new(),
            now: Timestamp::from_unix_ms(i64::MAX),
        };
        is_missing(log.prune_in_order(order).await.unwrap_err());
        is_missing(log.release(vec![Seq::new(1)]).await.unwrap_err());
        harmed.mend(&world).await;
        assert_eq!(log.read_after(Seq::START, 10, 1 << 20).await.unwrap().len(), 10);
        world.shut_down().await;
    }
}

/// With a backlog, and a refused event that is due, of which the copy has nothing.
#[tokio::test]
async fn an_older_copy_over_the_log_costs_no_event() {
    let receiver = Receiver::start().await;
    receiver.answer_bodies_with("\"refused\"", 422);
    let clock = Clock::set_at(Timestamp::from_unix_ms(1_760_464_800_000));
    let world = World::with_clock(clock, |config| config).await;
    let id = world.add_destination("SIEM", &receiver.url()).await;
    let older = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        let name = format!("events.db{suffix}");
        overwrite(&older.path().join(&name), &world.folder().join(&name));
    }
    // As a backup has it: in one file.
    let copy = rusqlite::Connection::open(older.path().join("events.db")).unwrap();
    copy.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(copy);
    world.post("1", ["refused".to_owned()]).await;
    world.park_what_is_refused(id).await;
    world.set_stream_state(id, PAUSED).await;
    let database = world.engine.database();
    let seq = database.list_parked(id, None, 9).await.unwrap()[0].seq;
    assert!(world.engine.retry_parked(&author(), id, seq).await.unwrap());
    world.post("2", (0..50).map(|number| format!("e{number}"))).await;
    let world = world.restart().await;
    world.wait_for_health(id, "its stream is paused again", is_paused).await;
    let before = receiver.requests().len();

    let harmed = Harmed::inflict(&world, "events.db", overwrite, older.path()).await;
    assert!(world.try_set_stream_state(id, StreamState::default()).await.is_err());
    let database = world.engine.database();
    stays(async || {
        let cursor = database.read_cursor(id).await.unwrap().unwrap();
        let parked = database.list_parked(id, None, 9).await.unwrap().len();
        (cursor, parked, receiver.requests().len())
    })
    .await;
    assert_eq!(receiver.requests().len(), before);
    assert!(database.list_parked(id, None, 9).await.unwrap().is_empty());
    assert_eq!(world.engine.log().unreadable_events(), 0);
    let body = r#"{"event_type":"test","entity_id":1}"#;
    assert!(world.engine.ingest("tests", body.into()).await.is_err());
    harmed.mend(&world).await;
    let has_all = |requests: &[receivers::Request]| {
        let has = |id: String| requests[before..].iter().any(|request| request.text().contains(&id));
        (0..50).all(|number| has(format!(r#""id":"e{number}""#))) && has(r#""id":"refused""#.to_owned())
    };
    receiver.wait_until("every event is sent", has_all).await;
    world.shut_down().await;
}

#[tokio::test]
async fn without_its_file_the_store_answers_nothing_and_streams_stay() {
    let other = unused_folder().await;
    for harm in HARM {
        let receiver = Receiver::start().await;
        let world = World::new().await;
        let id = world.add_destination("SIEM", &receiver.url()).await;
        world.set_stream_state(id, PAUSED).await;
        world.post("1", (0..50).map(|number| format!("e{number}"))).await;
        let harmed = Harmed::inflict(&world, "audit-streams.db", harm, other.path()).await;
        let database = world.engine.database();
        for refused in [
            database.list_destinations().await.map(drop),
            database.read_cursor(id).await.map(drop),
            // Else everything could be pruned.
            database.undelivered_after().await.map(drop),
            database.refused_within(Seq::START, Seq::new(100)).await.map(drop),
        ] {
            let refused = error_chain(&refused.unwrap_err());
            assert!(
                refused.contains("audit-streams.db was deleted or replaced"),
                "{refused}"
            );
        }
        harmed.mend(&world).await;
        world.set_stream_state(id, StreamState::default()).await;
        receiver
            .wait_until("every event is delivered", |requests| {
                let events = requests.iter().filter(|request| request.text().contains(r#""id":"e"#));
                events.count() >= 50
            })
            .await;
        world.shut_down().await;
    }
}
