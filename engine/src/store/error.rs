//! What can go wrong in the store.

use sqlx::{error::DatabaseError, migrate::MigrateError};

use crate::vault::{DoesNotOpen, KeyError};

/// A failure of the store: not of what was asked of it, and so nothing that a caller can mend.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database rejected a statement")]
    Database(#[from] sqlx::Error),
    #[error("audit-streams.db was deleted or replaced while the server runs")]
    FilesMissing,
    #[error("the file is a database, but not one of Audit Streams")]
    NotAStore,
    #[error(
        "another version of Audit Streams wrote the file, and this version can't read it. Start the version that wrote it, or \
         give this one an empty data folder"
    )]
    OtherVersion,
    #[error("the file can't be created")]
    File(#[source] std::io::Error),
    #[error("another process uses the file")]
    UsedByAnother,
    #[error("the process is stopping")]
    Stopped,
    #[error("the database could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("a secret could not be encrypted")]
    Seal(#[from] KeyError),
    #[error("a secret could not be decrypted")]
    Open(#[from] DoesNotOpen),
    #[error("row {id} of the table {table} contains a value that this version can't read: {what}")]
    Unreadable {
        table: &'static str,
        id: i64,
        what: &'static str,
    },
}

impl StoreError {
    /// The file is damaged, cut off, or no database at all.
    pub(crate) fn is_damage(&self) -> bool {
        const SQLITE_CORRUPT: u32 = 11;
        const SQLITE_NOTADB: u32 = 26;
        let code = self.database_error().and_then(sqlite_code);
        code.is_some_and(|code| [SQLITE_CORRUPT, SQLITE_NOTADB].contains(&code))
    }

    /// The disk is full, or could not be written.
    pub(crate) fn is_failed_write(&self) -> bool {
        let code = self.database_error().and_then(sqlite_code);
        code.is_some_and(|code| [SQLITE_IOERR, SQLITE_FULL].contains(&code))
    }

    /// There is no room for the file, or for those that SQLite needs beside it.
    pub(crate) fn is_full_disk(&self) -> bool {
        const SQLITE_IOERR_SHMSIZE: u32 = SQLITE_IOERR | (19 << 8);
        let code = self.database_error().and_then(extended_code);
        code.is_some_and(|code| [SQLITE_FULL, SQLITE_IOERR_SHMSIZE].contains(&code))
    }

    fn database_error(&self) -> Option<&dyn DatabaseError> {
        match self {
            Self::Database(error) | Self::Migration(MigrateError::Execute(error)) => error.as_database_error(),
            _ => None,
        }
    }
}

const SQLITE_IOERR: u32 = 10;
const SQLITE_FULL: u32 = 13;

/// SQLite's result code: the low byte of the extended one.
pub(super) fn sqlite_code(error: &dyn DatabaseError) -> Option<u32> {
    extended_code(error).map(|code| code & 0xff)
}

fn extended_code(error: &dyn DatabaseError) -> Option<u32> {
    error.code()?.parse().ok()
}

/// Whether the statement broke the uniqueness of these columns, written as SQLite does: `table.column, table.column`.
pub(super) fn is_taken(error: &sqlx::Error, columns: &str) -> bool {
    let sqlx::Error::Database(database) = error else {
        return false;
    };
    database.is_unique_violation() && database.message().ends_with(columns)
}
