//! Write-ahead logs that SQLite itself has written, damaged in every place, against what SQLite reads from them.

use std::{fs, path::PathBuf};

use rusqlite::{Connection, config::DbConfig};

use super::*;

const PAGE: usize = 4_096;
const FRAME: usize = 24 + PAGE;

/// A database whose transactions are all in its write-ahead log, and copies of both files.
struct Written {
    folder: tempfile::TempDir,
    database: Vec<u8>,
    wal: Vec<u8>,
}

impl Written {
    fn by(write: impl FnOnce(&mut Connection)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(folder.path().join("db")).unwrap();
        connection
            .execute_batch(
                "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
                 CREATE TABLE numbers (number INTEGER PRIMARY KEY, text TEXT); PRAGMA wal_checkpoint(TRUNCATE);",
            )
            .unwrap();
        write(&mut connection);
        let (database, wal) = (path(&folder, "db"), path(&folder, "db-wal"));
        Self {
            database: fs::read(database).unwrap(),
            wal: fs::read(wal).unwrap(),
            folder,
        }
    }

    /// Transactions of one to three frames each.
    fn with_transactions(count: i64) -> Self {
        Self::by(|connection| (1..=count).for_each(|number| insert(connection, number)))
    }

    /// What is said about this write-ahead log, and how many transactions SQLite finds in it.
    fn judge(&self, wal: &[u8]) -> (Wal, i64) {
        let copy = tempfile::tempdir().unwrap();
        fs::write(path(&copy, "db"), &self.database).unwrap();
        fs::write(path(&copy, "db-wal"), wal).unwrap();
        let judged = examine(&path(&copy, "db-wal")).unwrap();
        let connection = Connection::open(path(&copy, "db")).unwrap();
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .unwrap();
        let found = connection.query_row("SELECT coalesce(max(number), 0) FROM numbers", [], |row| row.get(0));
        (judged, found.unwrap())
    }
}

fn path(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

fn insert(connection: &Connection, number: i64) {
    let text = "x".repeat(usize::try_from(number % 3).unwrap() * 4_000 + 10);
    connection
        .execute("INSERT INTO numbers VALUES (?, ?)", (number, text))
        .unwrap();
}

/// Offsets at which something may be different: each boundary of a frame or its header with its neighbours, and some of each page.
fn offsets(length: usize) -> impl Iterator<Item = usize> {
    let frames = (0..=(length - 32) / FRAME).map(|frame| 32 + frame * FRAME);
    let near = frames.flat_map(|start| {
        (0..24)
            .map(move |byte| start + byte)
            .chain([start.wrapping_sub(1), start + 24, start + 25])
    });
    (0..32)
        .chain(near)
        .chain((0..length).step_by(977))
        .filter(move |offset| *offset < length)
}

#[test]
fn what_sqlite_has_written_is_intact() {
    let written = Written::with_transactions(12);
    let (wal, found) = written.judge(&written.wal);
    assert_eq!((wal.damage, found), (None, 12));
    assert_eq!(wal.frames, u64::try_from((written.wal.len() - 32) / FRAME).unwrap());
    assert_eq!(wal.bytes, u64::try_from(written.wal.len()).unwrap());
    assert_eq!(examine(&written.folder.path().join("missing")).unwrap(), Wal::default());
}

#[test]
fn a_wal_that_was_cut_off_is_not_called_damaged() {
    let written = Written::with_transactions(6);
    for length in offsets(written.wal.len()) {
        let (wal, _) = written.judge(&written.wal[..length]);
        assert_eq!(wal.damage, None, "{length}");
    }
}

/// If SQLite loses two transactions or more, the loss is noticed; the last one may be one that was never committed.
#[test]
fn damage_is_noticed_wherever_transactions_follow() {
    let written = Written::with_transactions(8);
    for offset in offsets(written.wal.len()) {
        for harm in [1_u8, 0x80, 0xff] {
            let mut wal = written.wal.clone();
            wal[offset] ^= harm;
            let (judged, found) = written.judge(&wal);
            match judged.damage {
                None => assert!(found >= 7, "byte {offset}: {found} of 8"),
                Some(_) => assert!(found < 8, "byte {offset} is harmless"),
            }
        }
    }
}

#[test]
fn zeroed_and_overwritten_stretches_are_noticed() {
    let written = Written::with_transactions(8);
    for (start, length) in [
        (0, 32),
        (0, 5_000),
        (32, FRAME),
        (40, 16),
        (6_000, 9_000),
        (32, 3 * FRAME),
    ] {
        for fill in [0, 0xa5] {
            let mut wal = written.wal.clone();
            wal[start..start + length].fill(fill);
            let (judged, found) = written.judge(&wal);
            assert!(judged.damage.is_some(), "{start}+{length}: {found} of 8");
        }
    }
}

/// Frames of an earlier use of the file stay behind those of the present one.
#[test]
fn what_an_earlier_use_has_left_is_not_damage() {
    let written = Written::by(|connection| {
        (1..=20).for_each(|number| insert(connection, number));
        let copied = "PRAGMA wal_checkpoint(RESTART)";
        connection.query_row(copied, [], |_| Ok(())).unwrap();
        (21..=23).for_each(|number| insert(connection, number));
    });
    let (wal, found) = written.judge(&written.wal);
    assert_eq!((wal.damage, found), (None, 23));
    assert!(wal.bytes > 32 + (wal.frames + 5) * 4_120);
    // A torn end of the present use, in front of whole transactions of the earlier one.
    let mut torn = written.wal.clone();
    let last = 32 + usize::try_from(wal.frames - 1).unwrap() * FRAME;
    torn[last + 100] ^= 1;
    let (wal, found) = written.judge(&torn);
    assert_eq!((wal.damage, found), (None, 22));
}

/// A large transaction writes frames before it is committed; after a rollback they stay behind the next transactions.
#[test]
fn what_a_rollback_has_left_is_not_damage() {
    let written = Written::by(|connection| {
        connection.execute_batch("PRAGMA cache_size = 5").unwrap();
        insert(connection, 1);
        let transaction = connection.transaction().unwrap();
        (100..200).for_each(|number| insert(&transaction, number));
        transaction.rollback().unwrap();
        insert(connection, 2);
    });
    let (wal, found) = written.judge(&written.wal);
    assert_eq!((wal.damage, found), (None, 2));
    assert!(wal.bytes > 32 + (wal.frames + 10) * 4_120, "{wal:?}");
}
