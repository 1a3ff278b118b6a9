//! Backups of a data folder: both databases as they were at one moment, and a manifest. Never the encryption key.
//!
//! A backup is made beside a running server, or one that is stopped. It is written under another name and renamed when all of it
//! is on disk; an interrupted one is never taken for a backup. `create` makes one, `verify` finds damage, and `restore` makes a
//! new data folder of it.
//!
//! A restored folder is that of a server that was killed at the moment of the backup: streams continue from their cursors then, and
//! send again what they have delivered since. What was stored after that moment is not in the folder. So that it can't be mixed with
//! the files, cursors and objects of the instance that went on after the backup, it is another instance, with an id of its own
//! (`lineage`). An audit event records the restore; it waits in the restored store and is added to the log after those that were waiting
//! there already.

mod create;
mod error;
mod files;
mod manifest;
mod restore;
mod verify;

pub use self::{
    create::{CreatedBackup, create_backup},
    error::{BackupError, BackupProblem},
    manifest::Manifest,
    restore::{RestoreKey, restore_backup},
    verify::{VerifiedBackup, verify_backup},
};

#[cfg(test)]
mod tests;
