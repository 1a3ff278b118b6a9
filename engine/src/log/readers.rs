//! Connections that events are read on for delivery, one a read, on threads that may block.
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
    /// None once the log is closed.
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
            let connection = readers.take()?;
            let read = read(&connection)?;
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
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        // SQLite opens the write-ahead log with the first statement. From then on the connection keeps to these files.
        connection.query_row("SELECT last_seq FROM positions", [], |_| Ok(()))?;
        self.check_files()?;
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
