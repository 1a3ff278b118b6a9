//! Why the engine could not start.

use crate::{
    log::LogError,
    pairing::{Mismatch, RESTORE},
    store::StoreError,
    vault::{KeyError, KeyId},
    wal::WalDamage,
};

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("can't create or use the data folder {path}")]
    DataDir { path: String, source: std::io::Error },
    #[error(
        "a restore into {path} was interrupted. Delete what is in the folder, and run `audit-streams backup restore` again"
    )]
    RestoreIncomplete { path: String },
    #[error("another server is running on the data folder {path}")]
    InUse { path: String },
    #[error(
        "the data folder {path} is used by another command, such as `check`, by a server that is starting, or by one whose server.lock was \
         deleted. Wait until the command has ended, or stop the server"
    )]
    Busy { path: String },
    #[error("the encryption key can't be used")]
    Key(#[from] KeyError),
    #[error(
        "the process can't read and write {path}. Run it as the owner of the data folder, and make the folder writable"
    )]
    NoAccess { path: String, source: std::io::Error },
    #[error("can't synchronise {path} with the disk. Check the disk of the data folder, and start the server again")]
    NotSynchronised { path: String, source: std::io::Error },
    #[error("can't read {path}")]
    File { path: String, source: std::io::Error },
    #[error(
        "the encryption key{} is missing: the folder holds secrets, but no secret.key, and AUDIT_STREAMS_ENCRYPTION_KEY \
         is not set. Put secret.key back, which backups do not contain. A key that was replaced by `audit-streams rotate-key` is in \
         secret.key followed by its id, such as secret.key.0123abcd",
        with_space(needed)
    )]
    KeyMissing { needed: Option<KeyId> },
    #[error(
        "the encryption key is the wrong one: the secrets in audit-streams.db are encrypted with the key {needed}, but secret.key, or \
         AUDIT_STREAMS_ENCRYPTION_KEY, has the key {present}. Put back the key {needed}. If `audit-streams rotate-key` has replaced it, it is in \
         secret.key.{needed}"
    )]
    WrongKey { needed: KeyId, present: KeyId },
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error(
        "{file} is damaged, cut off, or no database. {}. Or repair a copy of the file with the sqlite3 program's .recover command. To go on \
         without what is in it, move it and its -wal file away and start once with --accept-mismatched-files",
        RESTORE
    )]
    Damaged {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "{file}-wal is damaged: {damage}. What these transactions have stored would be lost. {}. To go on without it, start once with \
         --accept-mismatched-files",
        RESTORE
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
