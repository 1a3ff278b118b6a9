use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{destination::ObjectLayout, ids::Seq};
use rusqlite::Connection;

use super::{files::facts_of, manifest::MANIFEST_FILE, *};
use crate::{
    Engine, OpenError,
    clock::Clock,
    error_chain,
    folder::{KEY_FILE, LOG_FILE, STORE_FILE},
    it::{
        s3::{Storage, named, with_runs_of},
        world::{World, config, wait_until, when_unlocked},
    },
    key_file::{self, KeyText},
    pairing::Mismatch,
};

async fn create(data_dir: &Path, output: &Path) -> Manifest {
    let created = create_backup(data_dir, output, &Clock::machine()).await.unwrap();
    assert!(created.damage.is_empty(), "{:?}", created.damage);
    created.manifest
}

async fn post(world: &World, numbers: std::ops::Range<usize>) {
    let texts = numbers.map(|number| format!("e{number}"));
    world.post("1", texts).await;
}

/// A backup, in a folder of its own.
async fn backup_of(data_dir: &Path) -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let backup = parent.path().join("backup");
    create(data_dir, &backup).await;
    (parent, backup)
}

/// A data folder of a backup, with the key of the folder that was backed up.
async fn restored(backup: &Path, data_dir: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let key = RestoreKey::File(data_dir.join(KEY_FILE));
    restore_backup(backup, folder.path(), key, &Clock::machine())
        .await
        .unwrap();
    folder
}

/// Makes the manifest fit the files, as somebody could who wants to deceive.
fn forge(backup: &Path, change: impl FnOnce(&mut Manifest)) {
    let mut manifest = Manifest::read(backup).unwrap();
    manifest.log = facts_of(&backup.join(LOG_FILE)).unwrap();
    manifest.store = facts_of(&backup.join(STORE_FILE)).unwrap();
    change(&mut manifest);
    fs::write(backup.join(MANIFEST_FILE), manifest.to_text().unwrap()).unwrap();
}

async fn problems_of(backup: &Path) -> String {
    let error = verify_backup(backup).await.unwrap_err();
    assert!(matches!(error, BackupError::NotValid { .. }), "{error}");
    error_chain(&error)
}

/// Changes a file of a backup in place, so that it stays one file.
fn execute(path: &Path, sql: &str) {
    let file = Connection::open(path).unwrap();
    file.pragma_update(None, "journal_mode", "DELETE").unwrap();
    file.execute_batch(sql).unwrap();
}

fn copy(source: &Path, file: &str, target: &Path) {
    assert!(fs::copy(source.join(file), target.join(file)).unwrap() > 0);
}

type Change = fn(&mut Manifest);

#[tokio::test]
async fn a_manifest_that_fits_the_digests_must_fit_the_contents() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let data = world.shut_down().await;
    let (_parent, backup) = backup_of(data.path()).await;
    forge(&backup, |_| {});
    verify_backup(&backup).await.unwrap();
    let changes: [(Change, &str); 6] = [
        (
            |manifest| manifest.events = manifest.events.map(|events| events + 1),
            "the number of events is",
        ),
        (
            |manifest| manifest.last_seq = manifest.last_seq.next(),
            "the last position of the log is",
        ),
        (|manifest| manifest.instance.push('0'), "the id of the instance is"),
        (|manifest| manifest.log_layout += 1, "the layout of events.db is"),
        (
            |manifest| manifest.store_schema += 1,
            "the schema of audit-streams.db is",
        ),
        (|manifest| manifest.encryption_key.push('0'), "the encryption key is"),
    ];
    let intact = Manifest::read(&backup).unwrap();
    for (change, expected) in changes {
        forge(&backup, change);
        let problems = problems_of(&backup).await;
        assert!(problems.contains(expected), "{expected}: {problems}");
        forge(&backup, |manifest| *manifest = intact.clone());
    }
    assert_eq!(verify_backup(&backup).await.unwrap().problems, []);
}

#[tokio::test]
async fn damage_and_files_that_do_not_match_are_found_behind_right_digests() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let (_early, early) = backup_of(world.folder()).await;
    for first in (10..2_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    let world = world.restart().await;
    let data = world.shut_down().await;

    for (file, expected) in [
        (LOG_FILE, "events.db is older than audit-streams.db"),
        (STORE_FILE, "audit-streams.db is older than events.db"),
    ] {
        let (_parent, mixed) = backup_of(data.path()).await;
        copy(&early, file, &mixed);
        forge(&mixed, |_| {});
        let problems = problems_of(&mixed).await;
        assert!(problems.contains(expected), "{problems}");
    }

    let (_parent, other) = backup_of(data.path()).await;
    fs::remove_file(other.join(STORE_FILE)).unwrap();
    execute(&other.join(STORE_FILE), "CREATE TABLE albums (title TEXT)");
    forge(&other, |_| {});
    let problems = problems_of(&other).await;
    assert!(problems.contains("not one of Audit Streams"), "{problems}");

    // What the data folder lacked, the backup lacks, but it is reported.
    let (_parent, lacking) = backup_of(data.path()).await;
    execute(&lacking.join(LOG_FILE), "DELETE FROM events WHERE seq = 100");
    forge(&lacking, |manifest| {
        manifest.events = manifest.events.map(|events| events - 1)
    });
    let problems = verify_backup(&lacking).await.unwrap().problems;
    assert!(
        problems
            .iter()
            .any(|problem| problem.what.contains("position 100 is missing")),
        "{problems:?}"
    );
}

#[tokio::test]
async fn files_of_another_version_are_named_with_what_to_do() {
    let world = World::new().await;
    let data = world.shut_down().await;
    for (file, sql) in [
        (LOG_FILE, "PRAGMA user_version = 4"),
        (LOG_FILE, "PRAGMA user_version = 4000"),
        (STORE_FILE, "UPDATE _sqlx_migrations SET version = 4000"),
        (STORE_FILE, "UPDATE _sqlx_migrations SET checksum = x'00'"),
        (STORE_FILE, "DELETE FROM _sqlx_migrations"),
    ] {
        let (_parent, backup) = backup_of(data.path()).await;
        execute(&backup.join(file), sql);
        forge(&backup, |_| {});
        let problems = problems_of(&backup).await;
        let expected = format!("{file} was written by another version of Audit Streams");
        assert!(problems.contains(&expected), "{sql}: {problems}");
        let folder = tempfile::tempdir().unwrap();
        let key = RestoreKey::File(data.path().join(KEY_FILE));
        let refused = restore_backup(&backup, folder.path(), key, &Clock::machine()).await;
        assert!(matches!(refused, Err(BackupError::NotValid { .. })), "{sql}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

/// Waits until the log has the event about a restore, and returns its position.
async fn restore_in_log(world: &World) -> Seq {
    let find = async || {
        let events = world
            .engine
            .log()
            .read_after(Seq::START, 10_000, 64 << 20)
            .await
            .unwrap();
        let restore = events
            .iter()
            .find(|event| event.event_type.as_str() == "audit_event_instance_restored");
        restore.map(|event| event.seq)
    };
    wait_until("the restore is in the log", async || find().await.is_some()).await;
    find().await.unwrap()
}

#[tokio::test]
async fn a_restored_folder_goes_on_where_the_log_ended() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let manifest = Manifest::read(&backup).unwrap();
    assert_eq!(manifest.last_seq, world.engine.log().last_seq());
    post(&world, 10..20).await;
    let restored = restored(&backup, world.folder()).await;
    let data = world.shut_down().await;
    let world = World::on(restored).await;
    assert!(restore_in_log(&world).await > manifest.last_seq);
    assert_ne!(
        world.engine.lineage().as_str(),
        manifest.instance.get(..8).unwrap(),
        "it is another instance"
    );
    drop((world.shut_down().await, data));
}

#[tokio::test]
async fn files_from_before_and_after_a_restore_are_never_used_together() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let restored = restored(&backup, world.folder()).await;
    // Both go on, until each is further than the other was, in positions and in starts.
    post(&world, 10..30).await;
    let before = world.restart().await.shut_down().await;
    let world = World::on(restored).await;
    post(&world, 30..80).await;
    let after = world.restart().await.shut_down().await;
    for (log, store) in [
        (before.path(), after.path()),
        (after.path(), before.path()),
        (backup.as_path(), after.path()),
        (after.path(), backup.as_path()),
    ] {
        let mixed = tempfile::tempdir().unwrap();
        copy(log, LOG_FILE, mixed.path());
        copy(store, STORE_FILE, mixed.path());
        copy(before.path(), KEY_FILE, mixed.path());
        let refused = when_unlocked(async || Engine::open(config(mixed.path()), Clock::machine()).await)
            .await
            .err();
        assert!(
            matches!(refused, Some(OpenError::Mismatch(Mismatch::LogForeign))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_restored_stream_puts_its_batches_under_new_keys() {
    let storage = Storage::start().await;
    let runs = |config| with_runs_of(std::time::Duration::from_millis(20), config);
    let world = World::with(runs).await;
    world.add(&named(storage.draft(ObjectLayout::Batches))).await;
    let has_all = |ids: std::ops::Range<usize>| {
        let objects = storage.objects();
        let text: String = objects.into_values().map(unpacked).collect();
        ids.into_iter().all(|id| text.contains(&format!("\"e{id}\"")))
    };
    post(&world, 0..10).await;
    wait_until("the first events are in the bucket", async || has_all(0..10)).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let restored = restored(&backup, world.folder()).await;
    post(&world, 10..20).await;
    wait_until("the lost events are in the bucket", async || has_all(10..20)).await;
    let data = world.shut_down().await;
    let before = storage.objects();

    let world = World::on_with(restored, runs).await;
    post(&world, 20..30).await;
    wait_until("the new events are in the bucket", async || has_all(20..30)).await;
    let ending = format!(".{}.jsonl.gz", world.engine.lineage());
    drop((world.shut_down().await, data));
    for (key, body) in storage.objects() {
        match before.get(&key) {
            Some(earlier) => assert!(*earlier == body, "{key} was overwritten"),
            None => assert!(key.ends_with(&ending), "{key}"),
        }
    }
}

/// The log has lost an event, and somebody posts another one with its id: its object would get the same key.
#[tokio::test]
async fn a_restored_stream_overwrites_no_object_that_it_cannot_read() {
    let storage = Storage::start().await;
    storage.server.deny_reading();
    let world = World::new().await;
    world.add(&named(storage.draft(ObjectLayout::Events))).await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let post = async |world: &World, text: &str| {
        let event = serde_json::json!({"id": "1", "event_type": "test", "entity_type": "Project", "entity_id": 7,
            "created_at": "2023-09-11T14:25:09.820Z", "details": {"custom_message": text}});
        world.engine.ingest("tests", event.to_string().into()).await.unwrap();
    };
    let has = |text: &str| {
        storage
            .objects()
            .values()
            .any(|body| String::from_utf8_lossy(body).contains(text))
    };
    post(&world, "lost").await;
    wait_until("the event is in the bucket", async || has("lost")).await;
    let restored = restored(&backup, world.folder()).await;
    let data = world.shut_down().await;

    let world = World::on(restored).await;
    post(&world, "posted later").await;
    wait_until("the other event is in the bucket", async || has("posted later")).await;
    assert!(has("lost"), "it was overwritten");
    drop((world.shut_down().await, data));
}

/// SQLite can't count the events then, but the server runs.
#[tokio::test]
async fn a_log_with_a_damaged_index_is_backed_up_and_restored() {
    let world = World::new().await;
    for first in (0..4_000).step_by(500) {
        post(&world, first..first + 500).await;
    }
    let data = world.shut_down().await;
    damage_index(&data.path().join(LOG_FILE));
    let world = World::on(data).await;
    let parent = tempfile::tempdir().unwrap();
    let backup = parent.path().join("backup");
    let created = create_backup(world.folder(), &backup, &Clock::machine()).await.unwrap();
    assert_eq!(created.manifest.events, None);
    assert!(!created.damage.is_empty());
    let verified = verify_backup(&backup).await.unwrap();
    assert_eq!(verified.manifest, created.manifest);
    assert!(!verified.problems.is_empty());
    let restored = restored(&backup, world.folder()).await;
    let data = world.shut_down().await;
    let world = World::on(restored).await;
    post(&world, 4_000..4_001).await;
    assert!(restore_in_log(&world).await > created.manifest.last_seq);
    drop((world.shut_down().await, data));
}

/// Overwrites the page with the oldest entries of the index by time.
fn damage_index(path: &Path) {
    let log = Connection::open(path).unwrap();
    let first = "SELECT pageno FROM dbstat WHERE name = 'events_by_time' AND pagetype = 'leaf' ORDER BY path LIMIT 1";
    let page: u32 = log.query_row(first, [], |row| row.get(0)).unwrap();
    let bytes: u32 = log.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
    log.close().unwrap();
    let mut file = fs::read(path).unwrap();
    let start = usize::try_from(u64::from(page - 1) * u64::from(bytes)).unwrap();
    file[start..start + usize::try_from(bytes).unwrap()].fill(0xff);
    fs::write(path, file).unwrap();
}

/// SQLite would take it for a part of the database, which the digest does not cover.
#[tokio::test]
async fn a_write_ahead_log_beside_a_backup_is_ignored() {
    let world = World::new().await;
    post(&world, 0..10).await;
    let data = world.shut_down().await;
    let (_parent, backup) = backup_of(data.path()).await;
    let copy = data.path().join("copy.db");
    fs::copy(backup.join(LOG_FILE), &copy).unwrap();
    let writer = Connection::open(&copy).unwrap();
    writer
        .execute_batch("PRAGMA journal_mode = WAL; DELETE FROM events")
        .unwrap();
    let wal = fs::read(crate::wal::wal_of(&copy)).unwrap();
    assert!(wal.len() > 32);
    fs::write(crate::wal::wal_of(&backup.join(LOG_FILE)), wal).unwrap();
    drop(writer);
    assert_eq!(verify_backup(&backup).await.unwrap().problems, []);
    let restored = restored(&backup, data.path()).await;
    let log = Connection::open(restored.path().join(LOG_FILE)).unwrap();
    let events: i64 = log
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .unwrap();
    assert!(events >= 10, "{events}");
}

fn unpacked(body: Vec<u8>) -> String {
    std::io::read_to_string(flate2::read::GzDecoder::new(body.as_slice())).unwrap()
}

#[tokio::test]
async fn a_key_file_may_have_the_keys_of_an_interrupted_rotation() {
    let world = World::new().await;
    let (_parent, backup) = backup_of(world.folder()).await;
    let data = world.shut_down().await;
    let needed = key_file::read(&data.path().join(KEY_FILE)).unwrap().unwrap();
    let other = KeyText::new(&STANDARD.encode([7; 32]));
    let given = data.path().join("given.key");
    for keys in [[&needed[0], &other], [&other, &needed[0]]] {
        key_file::write(&given, &keys).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = RestoreKey::File(given.clone());
        restore_backup(&backup, folder.path(), key, &Clock::machine())
            .await
            .unwrap();
        assert_eq!(
            fs::read(folder.path().join(KEY_FILE)).unwrap(),
            fs::read(data.path().join(KEY_FILE)).unwrap()
        );
    }
    key_file::write(&given, &[&other, &other]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = restore_backup(&backup, folder.path(), RestoreKey::File(given), &Clock::machine()).await;
    assert!(matches!(refused, Err(BackupError::OtherKey { .. })));
}
