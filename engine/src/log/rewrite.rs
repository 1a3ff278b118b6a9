//! Writing a write-ahead log to the disk once more, as it is.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::wal::wal_of;

const CHUNK: usize = 1 << 20;

/// What prevented that.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RewriteError {
    /// The database can't be locked.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The write-ahead log can't be read, written or synchronised.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Writes the write-ahead log of a database over itself and synchronises it, while nobody else can write to it. Its bytes do not change,
/// whenever that ends.
///
/// # Errors
/// [`RewriteError`].
pub(crate) fn rewrite_wal(database: &Path) -> Result<(), RewriteError> {
    let wal = wal_of(database);
    let is_empty = |path: &Path| fs::metadata(path).map_or(true, |metadata| metadata.len() == 0);
    // SQLite removes the write-ahead log of an empty database.
    if is_empty(&wal) || is_empty(database) {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    write_again(&wal)?;
    Ok(connection.execute_batch("ROLLBACK")?)
}

fn write_again(path: &Path) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(path)?;
    let (mut buffer, mut offset) = (vec![0; CHUNK], 0_u64);
    loop {
        let read = file.read_at(&mut buffer, offset)?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        file.write_all_at(chunk, offset)?;
        offset = offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_ahead_log_stays_as_it_is_and_nobody_writes_to_it_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        // Nothing to write again.
        rewrite_wal(&path).unwrap();
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE numbers (number INTEGER, text TEXT); PRAGMA wal_autocheckpoint = 0",
            )
            .unwrap();
        for number in 0..400 {
            let text = "x".repeat(8_000);
            writer
                .execute("INSERT INTO numbers VALUES (?, ?)", rusqlite::params![number, text])
                .unwrap();
        }
        let before = fs::read(wal_of(&path)).unwrap();
        assert!(before.len() > 3 * CHUNK);
        rewrite_wal(&path).unwrap();
        assert!(fs::read(wal_of(&path)).unwrap() == before);
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        let refused = rewrite_wal(&path);
        assert!(matches!(refused, Err(RewriteError::Database(_))), "{refused:?}");
        writer.execute_batch("COMMIT").unwrap();
        let numbers: i64 = writer
            .query_row("SELECT count(*) FROM numbers", [], |row| row.get(0))
            .unwrap();
        assert_eq!(numbers, 400);
    }
}
