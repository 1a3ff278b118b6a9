//! What can go wrong in the log.

use rusqlite::{ErrorCode, ffi};

use crate::pairing::Mismatch;

/// The log could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("a connection to the log failed")]
    Connection(#[from] rusqlite::Error),
    #[error("the log can't be searched")]
    Search(#[from] sqlx::Error),
    #[error(
        "another version of Audit Streams wrote the log, and this version can't read it: its layout is {found}, not {known}. \
         Start the version that wrote it, or give this one an empty data folder"
    )]
    OtherLayout { found: i64, known: i64 },
    #[error("the file has the tables of a log of Audit Streams, but the version of their layout is missing")]
    NoLayout,
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error("the file is a database, but not a log of Audit Streams")]
    NotALog,
    #[error("the file is shorter than its pages")]
    CutOff,
    #[error("its pages don't fit together, after a part of the write-ahead log was lost")]
    Pages,
    #[error("the file can't be inspected")]
    File(#[source] std::io::Error),
    #[error("the log's writer could not be started")]
    Thread(#[from] std::io::Error),
    #[error("the log's writer has stopped")]
    Stopped,
    #[error("events.db was deleted, replaced or overwritten while the server runs")]
    FilesMissing,
    #[error("event {seq} in the log can't be read by this version")]
    Unreadable { seq: i64 },
}

impl LogError {
    /// The file is damaged, cut off, or no database at all.
    pub(crate) fn is_damage(&self) -> bool {
        let error = match self {
            Self::CutOff | Self::Pages => return true,
            Self::Connection(error) => error,
            _ => return false,
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }

    /// The disk is full, or could not be written.
    pub(crate) fn is_failed_write(&self) -> bool {
        let Self::Connection(error) = self else { return false };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure)
        )
    }

    /// There is no room for the file, or for those that SQLite needs beside it.
    pub(crate) fn is_full_disk(&self) -> bool {
        let Self::Connection(error) = self else { return false };
        let code = error.sqlite_error().map(|error| error.extended_code);
        code.is_some_and(|code| [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE].contains(&code))
    }
}

/// Events were not appended; nothing of the request is in the log, unless the error is `Failed` at the moment of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error("the queue of the log is full")]
    Busy,
    #[error("the log has reached its size limit, and it holds events that have not been delivered yet")]
    Full,
    #[error("the disk is full")]
    DiskFull,
    #[error("the log could not be written")]
    Failed,
    #[error("the log's writer has stopped")]
    Stopped,
}
