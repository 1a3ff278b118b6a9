//! Whether a backup is valid.

use std::{fs, io, path::Path};

use tokio::task::spawn_blocking;

use super::{
    error::{BackupError, BackupProblem},
    files::facts_of,
    manifest::{FileFacts, INCOMPLETE, Manifest},
};
use crate::{
    check::{Problem, check_databases},
    error_chain::error_chain,
    folder::{LOG_FILE, STORE_FILE},
    log::LogFile,
    note::Noted,
    pairing::LogSide,
    store::{StoreFile, StoreHead, VerifyError},
    vault::{KeyId, Vault},
};

/// A backup that is as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBackup {
    /// What it contains.
    pub manifest: Manifest,
    /// What `check` finds in its databases: it was in the data folder when the backup was made.
    pub problems: Vec<Problem>,
}

/// Checks that a backup is complete and as it was made: the manifest, the size and digest of each file, and that they agree with
/// each other. Then the databases are examined as by `check`. Nothing is changed.
///
/// # Errors
/// [`BackupError::NotValid`] with everything that is wrong.
pub async fn verify_backup(folder: &Path) -> Result<VerifiedBackup, BackupError> {
    let folder = folder.to_owned();
    let verified = spawn_blocking(move || {
        let manifest = verify(&folder)?;
        let problems = check_databases(&folder.join(LOG_FILE), &folder.join(STORE_FILE));
        Ok(VerifiedBackup { manifest, problems })
    });
    verified.await.map_err(|_| BackupError::Stopped)?
}

/// Checks that a backup is as it was made.
pub(super) fn verify(folder: &Path) -> Result<Manifest, BackupError> {
    let not_valid = |problems| BackupError::NotValid {
        path: folder.display().to_string(),
        problems,
    };
    fs::metadata(folder).map_err(BackupError::file(folder))?;
    let manifest = read_manifest(folder).map_err(|problem| not_valid(vec![problem]))?;
    let mut problems = Vec::new();
    for (file, stated) in [(LOG_FILE, &manifest.log), (STORE_FILE, &manifest.store)] {
        problems.extend(file_problem(&folder.join(file), file, stated));
    }
    if problems.is_empty() {
        match Databases::open(folder) {
            Ok(databases) => {
                compare(&manifest, &databases, &mut problems);
                problems.extend(databases.check(None).err());
            }
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(manifest),
        false => Err(not_valid(problems)),
    }
}

fn read_manifest(folder: &Path) -> Result<Manifest, BackupProblem> {
    let name = folder.file_name().unwrap_or_default();
    if name.to_string_lossy().ends_with(INCOMPLETE) {
        return Err(BackupProblem::Incomplete);
    }
    Manifest::read(folder).map_err(|error| BackupProblem::Manifest {
        reason: error_chain(&error),
    })
}

/// Whether the file is the one of the manifest.
fn file_problem(path: &Path, file: &'static str, stated: &FileFacts) -> Option<BackupProblem> {
    let bytes = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(BackupProblem::Missing { file }),
        Err(error) => return Some(BackupProblem::unreadable(file, &error)),
    };
    if bytes != stated.bytes {
        return Some(BackupProblem::OtherSize {
            file,
            found: bytes,
            expected: stated.bytes,
        });
    }
    match facts_of(path) {
        Err(error) => Some(BackupProblem::unreadable(file, &error)),
        Ok(found) if found != *stated => Some(BackupProblem::OtherContents { file }),
        Ok(_) => None,
    }
}

/// The manifest with what is in the files.
fn compare(manifest: &Manifest, databases: &Databases, problems: &mut Vec<BackupProblem>) {
    let mut compare = |what, found: &dyn ToString, stated: &dyn ToString| {
        let (found, stated) = (found.to_string(), stated.to_string());
        if found != stated {
            problems.push(BackupProblem::Disagrees { what, found, stated });
        }
    };
    compare(
        "the last position of the log",
        &databases.log.last_seq,
        &manifest.last_seq,
    );
    // Another version of SQLite may count by another index, and reach a damaged page or not.
    if let (Some(found), Some(stated)) = (databases.events, manifest.events) {
        compare("the number of events", &found, &stated);
    }
    compare("the layout of events.db", &databases.log_layout, &manifest.log_layout);
    compare("the id of the instance", &databases.head.instance, &manifest.instance);
    compare(
        "the schema of audit-streams.db",
        &databases.store_schema,
        &manifest.store_schema,
    );
    compare("the encryption key", &databases.key, &manifest.encryption_key);
}

/// The databases of a backup.
pub(super) struct Databases {
    pub(super) log: LogSide,
    pub(super) log_layout: i64,
    /// `None` if a page that has to be read for that is damaged.
    pub(super) events: Option<i64>,
    pub(super) head: StoreHead,
    pub(super) store_schema: i64,
    /// What the secrets are encrypted with.
    pub(super) key: KeyId,
    log_file: LogFile,
    store: StoreFile,
}

impl Databases {
    /// # Errors
    /// [`BackupProblem`] if this version can't read one of them.
    pub(super) fn open(folder: &Path) -> Result<Self, BackupProblem> {
        let of_log = BackupProblem::of_log(LOG_FILE);
        let log_file = LogFile::open_copy(&folder.join(LOG_FILE)).map_err(&of_log)?;
        let empty = |file| BackupProblem::Unreadable {
            file,
            reason: "no server has used it yet".to_owned(),
        };
        let log = log_file.side().map_err(&of_log)?.ok_or_else(|| empty(LOG_FILE))?;
        let events = log_file.count().map_err(&of_log)?;
        let of_store = BackupProblem::of_store(STORE_FILE);
        let store = StoreFile::open_copy(&folder.join(STORE_FILE)).map_err(&of_store)?;
        let store_schema = store.schema().map_err(&of_store)?;
        let head = store.head().map_err(&of_store)?;
        let head = head.ok_or_else(|| of_store(VerifyError::OtherVersion))?;
        if store_schema != StoreFile::newest_schema() {
            return Err(of_store(VerifyError::OtherVersion));
        }
        Ok(Self {
            log,
            log_layout: log_file.layout(),
            events,
            key: head.key.ok_or_else(|| empty(STORE_FILE))?,
            head,
            store_schema,
            log_file,
            store,
        })
    }

    /// What SQLite finds wrong in the pages of the log, if its events can't be counted.
    ///
    /// # Errors
    /// [`BackupProblem`].
    pub(super) fn damage(&self) -> Result<Vec<String>, BackupProblem> {
        match self.events {
            Some(_) => Ok(Vec::new()),
            None => self.log_file.damaged_pages().map_err(BackupProblem::of_log(LOG_FILE)),
        }
    }

    /// Whether they belong together, and have what is noted.
    ///
    /// # Errors
    /// [`BackupProblem`].
    pub(super) fn check(&self, noted: Option<&Noted>) -> Result<(), BackupProblem> {
        let StoreHead {
            instance,
            generation,
            changes,
            ..
        } = &self.head;
        let noted = noted.filter(|noted| noted.is_about(instance, *generation));
        let mut side = self.store.side().map_err(BackupProblem::of_store(STORE_FILE))?;
        if let Some(noted) = noted {
            noted.check_store(instance, *generation, *changes)?;
            side.noted_reached = Some(noted.reached);
        }
        Ok(side.check(Some(&self.log))?)
    }

    /// Decrypts every secret.
    ///
    /// # Errors
    /// [`BackupError::OtherKey`] or [`BackupError::Secrets`].
    pub(super) fn check_key(&self, vault: &Vault) -> Result<(), BackupError> {
        if self.key != vault.id() {
            return Err(BackupError::OtherKey {
                needed: self.key.to_string(),
                given: vault.id().to_string(),
            });
        }
        let opened = self.store.open_secrets(vault);
        let (_, closed) = opened.map_err(BackupProblem::of_store(STORE_FILE))?;
        match closed.first() {
            Some(first) => Err(BackupError::Secrets {
                secrets: closed.len(),
                first: first.error,
            }),
            None => Ok(()),
        }
    }
}
