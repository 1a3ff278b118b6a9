//! Why the engine could not start.

use crate::{log::LogError, pairing::Mismatch, store::StoreError, vault::KeyError};

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("can't create or use the data folder {path}")]
    DataDir { path: String, source: std::io::Error },
    #[error("another server is running on the data folder {path}")]
    InUse { path: String },
    #[error("the encryption key can't be used")]
    Key(#[from] KeyError),
    #[error(
        "the encryption key is missing: the folder holds secrets, but no secret.key, and AUDIT_STREAMS_ENCRYPTION_KEY \
         is not set"
    )]
    KeyMissing,
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error(
        "{file} is damaged, cut off, or no database. Restore both events.db and audit-streams.db from the same backup, or \
         repair the file with the sqlite3 program's .recover command. To go on without what is in it, move it away and start \
         once with --accept-mismatched-files"
    )]
    Damaged {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "the disk is full, and without some room {file} can't be opened. Free at least 1 MiB on the disk of the data folder, and \
         start the server again"
    )]
    DiskFull {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("events.db can't be opened")]
    Log(#[source] LogError),
    #[error("audit-streams.db can't be opened")]
    Store(#[source] StoreError),
}
