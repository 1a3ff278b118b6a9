//! Pools of connections that are opened only while the files are in place.

use std::{io, sync::Arc};

use sqlx::sqlite::SqlitePoolOptions;

use crate::storage::WriteState;

/// Has a pool open no connection to another file at the same path.
pub(crate) fn guarded(pool: SqlitePoolOptions, files: &Arc<WriteState>) -> SqlitePoolOptions {
    let files = Arc::clone(files);
    pool.after_connect(move |connection, _| {
        let files = Arc::clone(&files);
        Box::pin(async move {
            // Only now SQLite opens the write-ahead log.
            sqlx::query("SELECT count(*) FROM sqlite_schema")
                .execute(connection)
                .await?;
            if files.files_are_in_place() {
                Ok(())
            } else {
                Err(sqlx::Error::Io(io::Error::other("the file was deleted or replaced")))
            }
        })
    })
}
