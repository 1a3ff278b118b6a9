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
        .chain((0..length).step_by(1_999))
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
        let mut wal = written.wal.clone();
        wal[offset] ^= [1_u8, 0x80, 0xff][offset % 3];
        let (judged, found) = written.judge(&wal);
        match judged.damage {
            None => assert!(found >= 7, "byte {offset}: {found} of 8"),
            Some(_) => assert!(found < 8, "byte {offset} is harmless"),
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

/// Pseudo-random numbers, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

/// What a power cut leaves of a commit: of its blocks, any may be on disk, and the file may have any length up to the end.
fn torn(before: &[u8], after: &[u8], block: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut torn = before.to_vec();
    torn.resize(after.len().max(before.len()), 0);
    for start in (0..after.len()).step_by(block) {
        let end = (start + block).min(after.len());
        if numbers.below(2) == 0 {
            torn[start..end].copy_from_slice(&after[start..end]);
        }
    }
    let shortest = before.len().min(torn.len());
    torn.truncate(shortest + numbers.below(torn.len() - shortest + 1));
    torn
}

/// No commit that a power cut has torn is called damage, and those before it are there.
fn assert_power_cuts_are_harmless(written: &Written, before: &[u8], committed: i64) {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for round in 0..80 {
        let block = if round % 2 == 0 { 512 } else { 4_096 };
        let torn = torn(before, &written.wal, block, &mut numbers);
        let (wal, found) = written.judge(&torn);
        assert_eq!(wal.damage, None, "round {round}");
        assert!(found >= committed, "round {round}: {found} of {committed}");
    }
}

fn insert_large(connection: &mut Connection, number: i64) {
    let transaction = connection.transaction().unwrap();
    for row in 0..6 {
        let text = "y".repeat(3_500);
        let values = (number - 5 + row, text);
        transaction
            .execute("INSERT INTO numbers VALUES (?, ?)", values)
            .unwrap();
    }
    transaction.commit().unwrap();
}

fn wal_so_far(connection: &Connection) -> Vec<u8> {
    fs::read(wal_of(Path::new(connection.path().unwrap()))).unwrap()
}

#[test]
fn a_power_cut_during_a_commit_is_not_damage() {
    let mut before = Vec::new();
    let written = Written::by(|connection| {
        (1..=5).for_each(|number| insert(connection, number));
        before = wal_so_far(connection);
        insert_large(connection, 20);
    });
    assert!(written.wal.len() > before.len() + 5 * FRAME);
    assert_power_cuts_are_harmless(&written, &before, 5);
}

/// Whole transactions of the earlier use stand where the commit is written, and behind it.
#[test]
fn a_power_cut_over_an_earlier_use_is_not_damage() {
    let mut before = Vec::new();
    let written = Written::by(|connection| {
        (1..=30).for_each(|number| insert(connection, number));
        let copied = "PRAGMA wal_checkpoint(RESTART)";
        connection.query_row(copied, [], |_| Ok(())).unwrap();
        (31..=33).for_each(|number| insert(connection, number));
        before = wal_so_far(connection);
        insert_large(connection, 50);
    });
    assert_eq!(written.wal.len(), before.len());
    assert!(written.wal != before);
    assert_power_cuts_are_harmless(&written, &before, 33);
}

/// A commit that failed, for example because the disk did not confirm it, has left all its frames; the next one is written over them.
#[test]
fn a_power_cut_over_a_commit_that_failed_is_not_damage() {
    let mut before = Vec::new();
    let mut written = Written::by(|connection| {
        (1..=5).for_each(|number| insert(connection, number));
        before = wal_so_far(connection);
    });
    let commit = |write: &dyn Fn(&mut Connection)| {
        let copy = tempfile::tempdir().unwrap();
        fs::write(path(&copy, "db"), &written.database).unwrap();
        fs::write(path(&copy, "db-wal"), &before).unwrap();
        let mut connection = Connection::open(path(&copy, "db")).unwrap();
        connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
            .unwrap();
        write(&mut connection);
        wal_so_far(&connection)
    };
    let failed = commit(&|connection| insert_large(connection, 20));
    let mut next = commit(&|connection| insert(connection, 7));
    assert!(next.len() < failed.len());
    next.extend_from_slice(&failed[next.len()..]);
    written.wal = next;
    assert_power_cuts_are_harmless(&written, &failed, 5);
    let (wal, found) = written.judge(&written.wal);
    assert_eq!((wal.damage, found), (None, 7));
}
