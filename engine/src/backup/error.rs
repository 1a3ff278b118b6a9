//! Why a backup was not made, is not valid, or was not restored.

use std::{fmt, io, path::Path};

use crate::{
    error_chain::error_chain,
    log::LogError,
    open_error::OpenError,
    pairing::Mismatch,
    store::VerifyError,
    vault::{DoesNotOpen, KeyError},
};

/// A backup could not be made, verified or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path} exists already; a backup is written to a new folder, and nothing is overwritten")]
    OutputExists { path: String },
    #[error(
        "{path} exists already: a backup under this name is being made, or was interrupted. If no other backup is running, \
         delete this folder and try again"
    )]
    OutputIncomplete { path: String },
    #[error("{path} has no folder name")]
    OutputUnnamed { path: String },
    #[error("{path} is in the data folder; write the backup to another folder, best on another disk")]
    OutputInside { path: String },
    #[error(
        "the disk of {path} has {free} MiB free, and {needed} MiB are needed, of which 64 MiB stay free. Nothing was written"
    )]
    NoRoom { path: String, needed: u64, free: u64 },
    #[error("{path} can't be read or written")]
    File { path: String, source: io::Error },
    #[error("the backup {path} is complete, but the name of its folder may be lost in a power failure; run `sync`")]
    NotSynchronized { path: String, source: io::Error },
    #[error("the data folder has no {file}, or no server has used it yet; a backup needs both databases")]
    NothingToBackUp { file: &'static str },
    #[error("the databases in the data folder can't be read")]
    Databases(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("{file} can't be copied")]
    Copy {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(transparent)]
    Contents(#[from] BackupProblem),
    #[error("the manifest can't be written")]
    Manifest(#[from] serde_json::Error),
    #[error("{error}; {path}, which is incomplete, could not be deleted: {reason}")]
    Leftover {
        error: Box<BackupError>,
        path: String,
        reason: io::Error,
    },
    #[error("the encryption key can't be used")]
    Key(#[from] KeyError),
    #[error("there is no key file {path}")]
    NoKeyFile { path: String },
    #[error(
        "the secrets in the backup are encrypted with the key {needed}, but {given} was given; without its key, a backup \
         can't be restored"
    )]
    OtherKey { needed: String, given: String },
    #[error(
        "{secrets} secrets in the backup can't be decrypted, and a server would not start; the first error is: {first}"
    )]
    Secrets { secrets: usize, first: DoesNotOpen },
    #[error("{path} is not a valid backup:{}", Listed(.problems))]
    NotValid { path: String, problems: Vec<BackupProblem> },
    #[error(
        "another restore into {path} is running, or was interrupted. If no other restore is running, delete what is in the \
         folder and try again"
    )]
    AnotherRestore { path: String },
    #[error("{path} is not empty; a backup is restored into a new or empty folder")]
    NotEmpty { path: String },
    #[error(transparent)]
    Folder(#[from] OpenError),
    #[error("the restored {file} can't be written")]
    Restored {
        file: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the process is stopping")]
    Stopped,
}

/// One thing that is wrong with a backup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupProblem {
    #[error("it is incomplete: making it was interrupted, or is still in progress")]
    Incomplete,
    #[error("{reason}")]
    Manifest { reason: String },
    #[error("{file} is missing")]
    Missing { file: &'static str },
    #[error("{file} can't be read: {reason}")]
    Unreadable { file: &'static str, reason: String },
    #[error("{file} has {found} bytes instead of {expected}")]
    OtherSize {
        file: &'static str,
        found: u64,
        expected: u64,
    },
    #[error("{file} is damaged or was changed: its SHA-256 is not the one in manifest.json")]
    OtherContents { file: &'static str },
    #[error("{file} was written by another version of Audit Streams. Restore the backup with the version that made it")]
    OtherVersion { file: &'static str },
    #[error("{what} is {found} in the files, but {stated} in manifest.json")]
    Disagrees {
        what: &'static str,
        found: String,
        stated: String,
    },
    #[error("events.db and audit-streams.db don't belong together, or have lost something: {0}")]
    Mismatch(#[from] Mismatch),
}

/// Each on a line.
struct Listed<'problems>(&'problems [BackupProblem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(problems) = self;
        problems
            .iter()
            .try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}

impl BackupError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        |source| Self::File { path, source }
    }
}

impl BackupProblem {
    pub(super) fn of_log(file: &'static str) -> impl Fn(LogError) -> Self {
        move |error| match error {
            LogError::OtherLayout { .. } | LogError::NoLayout => Self::OtherVersion { file },
            error => Self::unreadable(file, &error),
        }
    }

    pub(super) fn of_store(file: &'static str) -> impl Fn(VerifyError) -> Self {
        move |error| match error {
            VerifyError::OtherVersion => Self::OtherVersion { file },
            error => Self::unreadable(file, &error),
        }
    }

    pub(super) fn unreadable(file: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Unreadable {
            file,
            reason: error_chain(error),
        }
    }
}
