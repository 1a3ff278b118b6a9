//! Accepting that a write-ahead log has lost something: never, if the pages of the database don't match then.

use std::{
    fs,
    path::{Path, PathBuf},
};

use domain::ids::Seq;
use rusqlite::{Connection, config::DbConfig};

use crate::{
    Engine, EngineConfig, OpenError,
    clock::Clock,
    it::world::{World, config, when_unlocked},
    note::{self, Note, Noted},
};

const LOG: &str = "events.db";
const STORE: &str = "audit-streams.db";

/// A table that may have any rows, and its two columns.
const TABLES: [(&str, &str); 2] = [
    (STORE, "log_minutes (minute, last_seq)"),
    (LOG, "skipped_positions (first_seq, last_seq)"),
];

async fn open(folder: &Path, accepts_mismatched_files: bool) -> Result<Engine, OpenError> {
    let config = EngineConfig {
        accepts_mismatched_files,
        ..config(folder)
    };
    when_unlocked(async || Engine::open(config.clone(), Clock::machine()).await).await
}

fn wal_of(folder: &Path, file: &str) -> PathBuf {
    folder.join(format!("{file}-wal"))
}

fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
    connection
}

/// Leaves a write-ahead log whose transactions were copied into the file, and can't be read without its first transaction. Returns how
/// long it was after that one.
fn write_twice(path: &Path, wal: &Path, table: &str) -> usize {
    let (writer, first, second) = (connect(path), connect(path), connect(path));
    let copy = |how: &str| {
        let copied = format!("PRAGMA wal_checkpoint({how})");
        writer.query_row(&copied, [], |_| Ok(())).unwrap();
    };
    let insert = |from: i64, to: i64| {
        let sql = format!(
            "WITH RECURSIVE numbers (number) AS (SELECT {from} UNION ALL SELECT number + 1 FROM numbers WHERE number < {to}) \
             INSERT INTO {table} SELECT number, number FROM numbers"
        );
        writer.execute_batch(&sql).unwrap();
    };
    let (name, _) = table.split_once(' ').unwrap();
    let read = format!("BEGIN; SELECT count(*) FROM {name}");
    insert(1, 40_000);
    copy("TRUNCATE");
    insert(40_001, 60_000);
    let length = fs::read(wal).unwrap().len();
    // A reader keeps SQLite from using the file from its beginning again.
    first.execute_batch(&read).unwrap();
    copy("PASSIVE");
    // Of the pages that this sets free, the first, which is older than this write-ahead log, is used for something else.
    writer.execute_batch(&format!("DELETE FROM {name}")).unwrap();
    second.execute_batch(&read).unwrap();
    first.execute_batch("COMMIT").unwrap();
    copy("PASSIVE");
    insert(1, 1);
    length
}

/// Leaves a write-ahead log without whose second transaction all pages are well formed, but an index is newer than its table. Returns
/// how long it was after the first one.
fn update_twice(path: &Path, wal: &Path, _: &str) -> usize {
    let (writer, reader) = (connect(path), connect(path));
    let copy = |how: &str| {
        let copied = format!("PRAGMA wal_checkpoint({how})");
        writer.query_row(&copied, [], |_| Ok(())).unwrap();
    };
    let make = "CREATE TABLE pairs (number INTEGER PRIMARY KEY, name TEXT, note TEXT); CREATE INDEX pairs_by_name ON pairs (name); \
                INSERT INTO pairs VALUES (1, 'a', 'first')";
    writer.execute_batch(make).unwrap();
    copy("TRUNCATE");
    writer.execute_batch("UPDATE pairs SET note = 'other'").unwrap();
    let length = fs::read(wal).unwrap().len();
    writer.execute_batch("UPDATE pairs SET name = 'b'").unwrap();
    // A reader keeps SQLite from using the file from its beginning again.
    reader.execute_batch("BEGIN; SELECT count(*) FROM pairs").unwrap();
    copy("PASSIVE");
    writer.execute_batch("UPDATE pairs SET note = 'last'").unwrap();
    length
}

/// Has the note say that there was more.
fn note_more(lock_file: &Path) {
    let noted = note::read(lock_file).unwrap().unwrap();
    Note::open(lock_file, false).unwrap().begin(Noted {
        changes: noted.changes + 1,
        reached: Seq::new(noted.reached.get() + 1),
        ..noted
    });
}

/// Writes to a database and its write-ahead log, with rows in a table, and returns the length of the latter after the first transaction.
type Writes = fn(&Path, &Path, &str) -> usize;

#[tokio::test]
async fn a_loss_is_not_accepted_if_the_pages_do_not_match() {
    let ways: [Writes; 2] = [write_twice, update_twice];
    for (file, table) in TABLES {
        for writes in ways {
            for is_cut in [false, true] {
                check_refused(file, table, writes, is_cut).await;
            }
        }
    }
}

async fn check_refused(file: &str, table: &str, writes: Writes, is_cut: bool) {
    let case = format!("{file}, cut off: {is_cut}");
    let folder = World::new().await.shut_down().await;
    let path = folder.path();
    let wal = wal_of(path, file);
    let first = writes(&path.join(file), &wal, table);
    let mut bytes = fs::read(&wal).unwrap();
    if is_cut {
        bytes.truncate(first);
        note_more(&path.join("server.lock"));
    } else {
        bytes[first + 100] ^= 1;
    }
    fs::write(&wal, &bytes).unwrap();
    let before = fs::read(path.join(file)).unwrap();
    for accepts in [false, true, true] {
        let refused = open(path, accepts).await.map(drop).unwrap_err();
        match refused {
            OpenError::Damaged { file: damaged, .. } if accepts => assert_eq!(damaged, file, "{case}"),
            OpenError::WalDamaged { .. } if !accepts && !is_cut => {}
            OpenError::Mismatch(mismatch) if !accepts && is_cut => assert!(mismatch.is_loss(), "{mismatch}"),
            other => panic!("{case}, {accepts}: {other:?}"),
        }
        assert!(fs::read(path.join(file)).unwrap() == before, "{case}: written");
        assert!(
            fs::read(&wal).unwrap() == bytes,
            "{case}: the write-ahead log has changed"
        );
    }
}
