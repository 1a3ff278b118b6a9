//! Copies of the two databases as they were at one moment, while a server may be writing to them.
//!
//! A read transaction keeps what it reads as it is, so each file is copied within one. That nothing was written to the store
//! between the beginnings of the two transactions is checked afterwards, and they are begun again until it is so: then both
//! files are as they were at the beginning of the second one. No lock is taken, so writers never wait for a copy.
//!
//! While the transactions are open, SQLite can't begin the write-ahead logs anew, and they grow. What was written meanwhile is
//! moved into the databases here, so that the server's next commit does not have to do all of it.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
    config::DbConfig,
};

use crate::{storage::make_private, wal::wal_of};

/// How many times the transactions are begun at most. The store would have to be written each time within the fraction of a
/// millisecond that lies between them.
const ATTEMPTS: usize = 1_000;

/// Pages that are copied before they are sent to the disk: with much more, the server's own writes would wait for these.
const PAGES_AT_A_TIME: i32 = 256;

/// How long the copy waits for a checkpoint or a recovery of the server.
const BUSY: Duration = Duration::from_secs(60);

/// A database could not be read, or its copy not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error("SQLite rejected an operation")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a file could not be written")]
    File(#[from] io::Error),
    #[error("audit-streams.db is written too often to copy both databases from the same moment; try again")]
    NeverAtRest,
    #[error("the database was locked for a minute")]
    Locked,
}

/// A database as it was at one moment, for as long as this exists.
pub(crate) struct Snapshot {
    path: PathBuf,
    connection: Connection,
    wal_bytes: u64,
}

/// The store and the log at the same moment.
pub(crate) struct Snapshots {
    pub(crate) store: Snapshot,
    pub(crate) log: Snapshot,
}

impl Snapshots {
    /// # Errors
    /// [`SnapshotError`]; nothing was changed.
    pub(crate) fn take(store: &Path, log: &Path) -> Result<Self, SnapshotError> {
        Self::take_between(store, log, || {})
    }

    /// Calls `between` between the beginnings of the two transactions.
    fn take_between(store: &Path, log: &Path, mut between: impl FnMut()) -> Result<Self, SnapshotError> {
        let watch = connect(store)?;
        let (store, log) = (Snapshot::prepare(store)?, Snapshot::prepare(log)?);
        for _ in 0..ATTEMPTS {
            let before = data_version(&watch)?;
            store.begin()?;
            between();
            log.begin()?;
            if data_version(&watch)? == before {
                return Ok(Self { store, log });
            }
            store.end()?;
            log.end()?;
        }
        Err(SnapshotError::NeverAtRest)
    }
}

impl Snapshot {
    fn prepare(path: &Path) -> Result<Self, SnapshotError> {
        Ok(Self {
            path: path.to_owned(),
            connection: connect(path)?,
            wal_bytes: wal_bytes(path)?,
        })
    }

    fn begin(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN")?;
        // The transaction begins with the first statement that reads.
        let tables = "SELECT count(*) FROM sqlite_schema";
        self.connection.query_row(tables, [], |_| Ok(()))
    }

    fn end(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("COMMIT")
    }

    /// Makes the copy, which is on disk when this returns. There must be no file at the path.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), SnapshotError> {
        make_private(path)?;
        let file = File::options().read(true).write(true).open(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut target = Connection::open_with_flags(path, flags)?;
        // A copy that fails is thrown away.
        target.pragma_update(None, "journal_mode", "OFF")?;
        target.pragma_update(None, "synchronous", "OFF")?;
        let copying = Backup::new(&self.connection, &mut target)?;
        let mut moved_at = Instant::now();
        loop {
            match copying.step(PAGES_AT_A_TIME)? {
                StepResult::Done => break,
                StepResult::More => {
                    file.sync_data()?;
                    moved_at = Instant::now();
                }
                // A checkpoint or a recovery is in progress.
                _ if moved_at.elapsed() < BUSY => std::thread::sleep(Duration::from_millis(1)),
                _ => return Err(SnapshotError::Locked),
            }
        }
        drop(copying);
        target.close().map_err(|(_, error)| error)?;
        leave_wal_mode(path)?;
        Ok(file.sync_all()?)
    }

    /// Ends the snapshot. What a server has written since it began is moved into the database.
    pub(crate) fn release(self) -> Result<(), SnapshotError> {
        self.end()?;
        if wal_bytes(&self.path)? > self.wal_bytes {
            let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
            self.connection.query_row(checkpoint, [], |_| Ok(()))?;
        }
        Ok(())
    }
}

/// A copy is one file, and says so: put beside the write-ahead log of the database, it is not taken for it (`wal`).
fn leave_wal_mode(path: &Path) -> Result<(), SnapshotError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(path, flags)?;
    let mode: String = copy.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
    match mode.as_str() {
        "delete" => Ok(copy.close().map_err(|(_, error)| error)?),
        _ => Err(SnapshotError::Locked),
    }
}

/// A connection through which nothing is written, but that can move the write-ahead log into the database.
fn connect(path: &Path) -> Result<Connection, SnapshotError> {
    // Never makes the file.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", "ON")?;
    // What a server that was killed has left is the server's to recover. Empty files, which only this connection needs, go.
    let keeps_wal = wal_bytes(path)? > 0;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps_wal)?;
    Ok(connection)
}

/// Changes with each transaction that another connection commits.
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

fn wal_bytes(database: &Path) -> io::Result<u64> {
    match fs::metadata(wal_of(database)) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{damaged_pages, open_unchanged};

    struct Files {
        folder: tempfile::TempDir,
        store: Connection,
        log: Connection,
    }

    impl Files {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let [store, log] = ["store", "log"].map(|name| {
                let file = Connection::open(folder.path().join(name)).unwrap();
                file.pragma_update(None, "journal_mode", "WAL").unwrap();
                file.pragma_update(None, "synchronous", "OFF").unwrap();
                file.execute_batch("CREATE TABLE commits (number INTEGER)").unwrap();
                file
            });
            Self { folder, store, log }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn take_between(&self, between: impl FnMut()) -> Snapshots {
            Snapshots::take_between(&self.path("store"), &self.path("log"), between).unwrap()
        }

        /// Copies both, and returns how many commits are in the copy of the store and in that of the log.
        fn copy(&self, snapshots: Snapshots) -> (i64, i64) {
            let commits = |snapshot: Snapshot, name| {
                let path = self.path(name);
                snapshot.copy_to(&path).unwrap();
                snapshot.release().unwrap();
                let copy = open_unchanged(&path).unwrap();
                assert_eq!(damaged_pages(&copy).unwrap(), [""; 0]);
                copy.query_row("SELECT count(*) FROM commits", [], |row| row.get(0))
                    .unwrap()
            };
            (
                commits(snapshots.store, "store copy"),
                commits(snapshots.log, "log copy"),
            )
        }
    }

    fn commit(file: &Connection) {
        assert_eq!(file.execute("INSERT INTO commits VALUES (1)", []).unwrap(), 1);
    }

    #[test]
    fn both_are_of_one_moment_whatever_is_committed_between_their_beginnings() {
        let files = Files::new();
        let mut commits = 0;
        let snapshots = files.take_between(|| {
            if commits < 3 {
                commits += 1;
                commit(&files.log);
                commit(&files.store);
            }
        });
        commit(&files.log);
        commit(&files.store);
        assert_eq!(files.copy(snapshots), (3, 3));
    }

    #[test]
    fn a_commit_to_the_log_alone_does_not_matter() {
        let files = Files::new();
        let mut begun = 0;
        let snapshots = files.take_between(|| {
            begun += 1;
            commit(&files.log);
        });
        commit(&files.log);
        assert_eq!((begun, files.copy(snapshots)), (1, (0, 1)));
    }

    #[test]
    fn a_store_that_is_always_written_is_reported() {
        let files = Files::new();
        let paths = (files.path("store"), files.path("log"));
        let taken = Snapshots::take_between(&paths.0, &paths.1, || commit(&files.store));
        assert!(matches!(taken, Err(SnapshotError::NeverAtRest)));
    }
}
