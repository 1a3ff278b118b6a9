//! What can go wrong in the store.

use crate::vault::{DoesNotOpen, KeyError};

/// A failure of the store: not of what was asked of it, and so nothing that a caller can mend.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused a statement")]
    Database(#[from] sqlx::Error),
    #[error("the process is stopping")]
    Stopped,
    #[error("the database could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("a secret could not be sealed")]
    Seal(#[from] KeyError),
    #[error("a secret could not be opened")]
    Open(#[from] DoesNotOpen),
    #[error("the row {table} {id} holds what this version can't read: {what}")]
    Unreadable {
        table: &'static str,
        id: i64,
        what: &'static str,
    },
}

/// Whether the statement broke the uniqueness of these columns, written as SQLite does: `table.column, table.column`.
pub(super) fn is_taken(error: &sqlx::Error, columns: &str) -> bool {
    let sqlx::Error::Database(database) = error else {
        return false;
    };
    database.is_unique_violation() && database.message().ends_with(columns)
}
