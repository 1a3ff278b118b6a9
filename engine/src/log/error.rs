//! What can go wrong in the log.

/// The log could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("a connection to the log failed")]
    Connection(#[from] rusqlite::Error),
    #[error("the log can't be searched")]
    Search(#[from] sqlx::Error),
    #[error("the log was written by a newer version of this program (schema {found}, known up to {known})")]
    TooNew { found: i64, known: i64 },
    #[error("the log's writer could not be started")]
    Thread(#[from] std::io::Error),
    #[error("the log's writer has stopped")]
    Stopped,
    #[error("event {seq} in the log can't be read by this version")]
    Unreadable { seq: i64 },
}

/// Events were not appended; nothing of the request is in the log, unless the error is `Failed` at the moment of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error("the log has more waiting than it can take")]
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
