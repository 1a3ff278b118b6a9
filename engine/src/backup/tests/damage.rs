//! Backups that are damaged, or were made of a damaged data folder.

use std::{fs, path::Path};

use rusqlite::Connection;

use super::{backup_of, copy, post, restore_in_log, restored};
use crate::{
    backup::{
        BackupError, Manifest, RestoreKey, create_backup, files::facts_of, manifest::MANIFEST_FILE, restore_backup,
        verify_backup,
    },
    clock::Clock,
    error_chain,
    folder::{KEY_FILE, LOG_FILE, STORE_FILE},
    it::world::World,
    wal::wal_of,
};

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
    // Whether the events can be counted may depend on the version of SQLite.
    forge(&backup, |manifest| manifest.events = None);
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
    let wal = fs::read(wal_of(&copy)).unwrap();
    assert!(wal.len() > 32);
    fs::write(wal_of(&backup.join(LOG_FILE)), wal).unwrap();
    drop(writer);
    assert_eq!(verify_backup(&backup).await.unwrap().problems, []);
    let restored = restored(&backup, data.path()).await;
    let log = Connection::open(restored.path().join(LOG_FILE)).unwrap();
    let events: i64 = log
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .unwrap();
    assert!(events >= 10, "{events}");
}
