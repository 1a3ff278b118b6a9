//! Why the engine could not start.

use crate::{
    log::LogError,
    pairing::Mismatch,
    store::StoreError,
    vault::{KeyError, KeyId},
    wal::WalDamage,
};

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
        "the process can't read and write {path}. Run it as the owner of the data folder, and make the folder writable"
    )]
    NoAccess { path: String, source: std::io::Error },
    #[error("can't read {path}")]
    File { path: String, source: std::io::Error },
    #[error(
        "the encryption key{} is missing: the folder holds secrets, but no secret.key, and AUDIT_STREAMS_ENCRYPTION_KEY \
         is not set. Put secret.key back, which backups do not contain",
        with_space(needed)
    )]
    KeyMissing { needed: Option<KeyId> },
    #[error(
        "the encryption key is the wrong one: the secrets in audit-streams.db are encrypted with the key {needed}, but secret.key, or \
         AUDIT_STREAMS_ENCRYPTION_KEY, has the key {present}. Put back the key {needed}"
    )]
    WrongKey { needed: KeyId, present: KeyId },
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error(
        "{file} is damaged, cut off, or no database. Restore both events.db and audit-streams.db from the same backup \
         (`audit-streams backup restore`), or repair the file with the sqlite3 program's .recover command; `audit-streams check` \
         examines the folder. To go on without what is in it, move it away and start once with --accept-mismatched-files"
    )]
    Damaged {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "{file}-wal is damaged: {damage}. They would be lost, and with them acknowledged events. Restore a backup into an empty folder \
         (`audit-streams backup restore`); `audit-streams check` examines the folder. To go on without what follows the damage, \
         start once with --accept-mismatched-files"
    )]
    WalDamaged { file: &'static str, damage: WalDamage },
    #[error(
        "the disk is full, and without some room {file} can't be opened. Free at least 1 MiB on the disk of the data folder, and \
         start the server again"
    )]
    DiskFull {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{file} can't be opened; `audit-streams check` examines the data folder")]
    Inspection {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("events.db can't be opened; `audit-streams check` examines the data folder")]
    Log(#[source] LogError),
    #[error("audit-streams.db can't be opened; `audit-streams check` examines the data folder")]
    Store(#[source] StoreError),
}

fn with_space(key: &Option<KeyId>) -> String {
    key.map(|key| format!(" {key}")).unwrap_or_default()
}
