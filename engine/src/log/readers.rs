//! Connections for reading events, for delivery and searches: one per read, on threads that may block.
//!
//! They are on rusqlite like the writer, because sqlx hands each row from thread to thread: on a stream that catches up that
//! costs more than reading it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags};

use super::LogError;
use crate::storage::WriteState;

/// Kept open for the next reads; more streams than this rarely read at the same moment.
const IDLE_CONNECTIONS: usize = 8;

pub(super) struct Readers {
    path: PathBuf,
    files: Arc<WriteState>,
    /// `None` once the log is closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: &Path, files: Arc<WriteState>) -> Self {
        Self {
            path: path.to_owned(),
            files,
            idle: Mutex::new(Some(Vec::new())),
        }
    }

    /// # Errors
    /// [`LogError`] if the disk can't be read, or the log's files are not in their place: what is absent from another file was
    /// not removed from this one.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            readers.check_files()?;
            let read = readers
                .take()
                .and_then(|connection| read(&connection).map(|read| (read, connection)));
            // What another file lacks, or which error it leads to, says nothing about ours.
            readers.check_files()?;
            let (read, connection) = read?;
            readers.put_back(connection);
            Ok(read)
        });
        reading.await.unwrap_or(Err(LogError::Stopped))
    }

    /// Reads that are under way end as they would have.
    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn take(&self) -> Result<Connection, LogError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = idle.as_mut().ok_or(LogError::Stopped)?.pop() {
            return Ok(connection);
        }
        drop(idle);
        let opened = self.open();
        // Also after an error: another file may be no database.
        self.check_files()?;
        opened
    }

    fn open(&self) -> Result<Connection, LogError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        // SQLite opens the write-ahead log with the first statement. From then on the connection keeps to these files.
        connection.query_row("SELECT last_seq FROM positions", [], |_| Ok(()))?;
        Ok(connection)
    }

    fn check_files(&self) -> Result<(), LogError> {
        if self.files.files_are_in_place() {
            Ok(())
        } else {
            Err(LogError::FilesMissing)
        }
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(idle) = idle.as_mut().filter(|idle| idle.len() < IDLE_CONNECTIONS) {
            idle.push(connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rusqlite::{Error, ffi};

    use super::*;
    use crate::log::EventLog;

    async fn open(folder: &Path) -> EventLog {
        EventLog::open(&folder.join("events.db"), u64::MAX).await.unwrap()
    }

    #[tokio::test]
    async fn a_connection_to_another_file_fails_as_missing_and_not_as_damaged() {
        for contents in ["no database", ""] {
            let folder = tempfile::tempdir().unwrap();
            let log = open(folder.path()).await;
            let (path, other) = (folder.path().join("events.db"), folder.path().join("other"));
            fs::write(&other, contents.repeat(10_000)).unwrap();
            fs::rename(&other, &path).unwrap();
            let taken = log.readers.take().unwrap_err();
            assert!(matches!(taken, LogError::FilesMissing), "{taken:?}");
        }
    }

    #[tokio::test]
    async fn what_a_file_gives_that_is_overwritten_during_the_read_does_not_count() {
        let corrupt = || Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None);
        let results: [fn(Error) -> Result<(), LogError>; 2] = [|_| Ok(()), |error| Err(error.into())];
        for result in results {
            let folder = tempfile::tempdir().unwrap();
            let log = open(folder.path()).await;
            let path = folder.path().join("events.db");
            let read = log.readers.read(move |_| {
                let mut overwrite = std::process::Command::new("sh");
                overwrite.args(["-c", r#"seq 10000 > "$0""#]).arg(&path);
                assert!(overwrite.status().unwrap().success());
                result(corrupt())
            });
            let read = read.await.unwrap_err();
            assert!(matches!(read, LogError::FilesMissing), "{read:?}");
        }
    }
}
