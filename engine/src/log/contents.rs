//! Whether `events.db` was overwritten in place, for example by copying a backup over it while the server runs.
//!
//! Device and inode stay the same then, and ordinary connections can't notice it: they read the pages that changed last, such as
//! those with the instance and the last position, from the write-ahead log. So the file is read without the write-ahead log
//! (`immutable`). In it,
//!
//! - the instance is ours,
//! - the version of the schema is the one that was found when it was opened: `VACUUM INTO` gives a copy another one, and
//! - the last position is not below the one that an earlier checkpoint has written to it.
//!
//! A copy for which all of this is true is not older than the last checkpoint, and the write-ahead log completes it.

use std::{
    os::unix::ffi::OsStrExt,
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig};

use crate::storage::Contents;

/// What the file contains without its write-ahead log.
#[derive(Debug)]
struct Found {
    /// `None` in a log that was never opened beside a store.
    instance: Option<String>,
    schema_version: i64,
    last_seq: i64,
}

/// What the file has to contain.
#[derive(Debug)]
pub(super) struct LogContents {
    uri: String,
    instance: Option<String>,
    schema_version: i64,
    reached: AtomicI64,
}

impl LogContents {
    /// Copies the write-ahead log into the file first, so that the file is complete. `None` if another process that reads the log
    /// prevents that.
    pub(super) fn of(path: &Path, writer: &Connection) -> rusqlite::Result<Option<Self>> {
        if !complete(writer)? {
            return Ok(None);
        }
        let uri = uri(path);
        let found = read(&uri)?;
        Ok(Some(Self {
            uri,
            instance: found.instance,
            schema_version: found.schema_version,
            reached: AtomicI64::new(found.last_seq),
        }))
    }
}

impl LogContents {
    /// The last position in the file, if the file is ours.
    fn last_seq(&self) -> Option<i64> {
        match read(&self.uri) {
            Ok(found) => Some(found.last_seq).filter(|last_seq| {
                found.instance == self.instance
                    && found.schema_version == self.schema_version
                    && self.reached.load(Ordering::Acquire) <= *last_seq
            }),
            Err(error) => {
                tracing::debug!(error = %error, "events.db can't be read without its write-ahead log.");
                None
            }
        }
    }
}

impl Contents for LogContents {
    fn are_ours(&self) -> bool {
        self.last_seq().is_some()
    }

    fn are_ours_from_now_on(&self) -> bool {
        let last_seq = self.last_seq();
        if let Some(last_seq) = last_seq {
            self.reached.fetch_max(last_seq, Ordering::AcqRel);
        }
        last_seq.is_some()
    }
}

/// Copies the write-ahead log into the file, without waiting. False if another process that reads the log prevents that.
pub(super) fn complete(writer: &Connection) -> rusqlite::Result<bool> {
    writer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (is_busy, frames, copied): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(!is_busy && frames == copied)
    })
}

/// Opens a database without its write-ahead log and without locks.
pub(crate) fn open_alone(uri: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri, flags)?;
    // Else SQLite refuses a file that is smaller than its first page says, as an incomplete checkpoint can leave it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    Ok(connection)
}

/// SQLite does not close the file while that would end the locks of other connections.
fn read(uri: &str) -> rusqlite::Result<Found> {
    let connection = open_alone(uri)?;
    let instance = connection.query_row("SELECT id FROM instance", [], |row| row.get(0));
    Ok(Found {
        instance: instance.optional()?,
        schema_version: connection.pragma_query_value(None, "schema_version", |row| row.get(0))?,
        last_seq: connection.query_row("SELECT last_seq FROM positions", [], |row| row.get(0))?,
    })
}

/// The file alone, without its write-ahead log and without locks.
pub(crate) fn uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::{Arc, atomic::AtomicBool},
    };

    use domain::{
        Timestamp,
        event::{AuditEvent, EventId, Received},
    };

    use super::*;
    use crate::log::EventLog;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_760_000_000_000);

    fn large_event(id: usize) -> AuditEvent {
        let received = Received {
            received_at: NOW,
            fresh_id: || EventId::parse("unused").unwrap(),
        };
        let text = "x".repeat(1 << 20);
        let body = format!(r#"{{"event_type":"test","id":"{id}","details":{{"text":"{text}"}}}}"#);
        AuditEvent::parse(&body, &received).unwrap()
    }

    /// Also of checkpoints that a reader keeps from being complete.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn own_checkpoints_are_not_taken_for_a_file_that_was_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let log = EventLog::open(&path, u64::MAX).await.unwrap();
        let has_ended = Arc::new(AtomicBool::new(false));
        let (checking, ends) = (log.clone(), Arc::clone(&has_ended));
        let checking = std::thread::spawn(move || {
            while !ends.load(Ordering::Acquire) {
                checking.check_in_place().unwrap();
            }
        });
        let reader = Connection::open(&path).unwrap();
        for id in 0..100 {
            match id {
                20 => reader.execute_batch("BEGIN; SELECT * FROM positions").unwrap(),
                80 => reader.execute_batch("COMMIT").unwrap(),
                _ => {}
            }
            log.append("tests", NOW, vec![large_event(id)]).await.unwrap();
            log.check_in_place().unwrap();
        }
        has_ended.store(true, Ordering::Release);
        checking.join().unwrap();
        assert!(
            fs::metadata(&path).unwrap().len() > 60 << 20,
            "checkpoints have copied it"
        );
        log.close().await;
    }
}
