//! Opening the data folder for the engine: what is checked before anything is changed, in this order.
//!
//! 1. The folder is locked, and the process may read and write its files.
//! 2. The store is there if the log is.
//! 3. No write-ahead log has lost committed transactions (`wal`).
//! 4. The store has what is noted in `server.lock`, and the key is the one that it needs.
//! 5. Every secret can be decrypted.
//! 6. The log belongs to the store, and has what is noted (`pairing`).

use std::{path::Path, sync::Arc};

use crate::{
    folder::{DataFolder, FolderLock, KEY_FILE, LOCK_FILE, LOG_FILE, STORE_FILE},
    key_file::{self, KeyText},
    note::{self, Note, Noted},
    open_error::OpenError,
    pairing::Mismatch,
    storage::make_private,
    store::{Database, InspectionError, StoreError, StoreHead, inspect},
    vault::{KeyError, KeyId, Vault},
    wal::{self, wal_of},
};

/// A locked data folder whose store is open.
pub(crate) struct OpenFolder {
    pub(crate) folder: DataFolder,
    pub(crate) lock: FolderLock,
    pub(crate) database: Database,
    /// What an earlier server noted, if it is about this store.
    pub(crate) noted: Option<Noted>,
    /// Where this server notes it.
    pub(crate) note: Arc<Note>,
}

/// Locks the folder, checks its files, and opens the store.
///
/// # Errors
/// [`OpenError`], naming what could not be opened; the databases are as they were.
pub(crate) async fn open_folder(
    path: &Path,
    encryption_key: Option<&str>,
    accepts_mismatch: bool,
) -> Result<OpenFolder, OpenError> {
    let folder = DataFolder::prepare(path)?;
    let lock = folder.lock()?;
    folder.check_access()?;
    if !accepts_mismatch {
        folder.check_store()?;
    }
    let failed = |source| OpenError::DataDir {
        path: path.display().to_string(),
        source,
    };
    let lock_file = folder.file(LOCK_FILE);
    let noted = note::read(&lock_file).map_err(failed)?;
    check_wals(&folder, accepts_mismatch)?;
    let head = check_store(&folder, noted.as_ref(), accepts_mismatch)?;
    let noted = noted.filter(|noted| {
        head.as_ref()
            .is_some_and(|head| noted.is_about(&head.instance, head.generation))
    });
    let key = head.as_ref().and_then(|head| head.key);
    let vault = find_vault(&folder, encryption_key, key, true)?;
    let note = Arc::new(Note::open(&lock_file).map_err(failed)?);
    let database = open_store(&folder, vault).await?;
    // Every stored secret is opened once, so that a wrong key stops the start and not the streams.
    database.list_destinations().await?;
    database.alert_settings().await?;
    Ok(OpenFolder {
        folder,
        lock,
        database,
        noted,
        note,
    })
}

/// Opens the store beside a server that may be running. The key is not compared with the one that the store needs: the caller
/// touches nothing that is encrypted.
///
/// # Errors
/// [`OpenError`], naming what could not be opened.
pub(crate) async fn open_store_alone(path: &Path, encryption_key: Option<&str>) -> Result<Database, OpenError> {
    let folder = DataFolder::prepare(path)?;
    folder.check_access()?;
    folder.check_store()?;
    let vault = match encryption_key {
        Some(key) => Vault::from_base64(key)?,
        None => find_vault(&folder, None, None, false)?,
    };
    open_store(&folder, vault).await
}

async fn open_store(folder: &DataFolder, vault: Vault) -> Result<Database, OpenError> {
    let path = folder.file(STORE_FILE);
    make_private(&path).map_err(|source| OpenError::Store(StoreError::File(source)))?;
    Ok(Database::open(&path, vault).await?)
}

/// Before SQLite reads a write-ahead log, and leaves out what follows damage.
fn check_wals(folder: &DataFolder, accepts_mismatch: bool) -> Result<(), OpenError> {
    for file in [LOG_FILE, STORE_FILE] {
        let path = wal_of(&folder.file(file));
        let examined = wal::examine(&path).map_err(|source| OpenError::File {
            path: path.display().to_string(),
            source,
        })?;
        match examined.damage {
            Some(damage) if accepts_mismatch => tracing::warn!(
                file,
                damage = %damage,
                "The write-ahead log of the file is damaged; what follows the damage is given up because of \
                 --accept-mismatched-files."
            ),
            Some(damage) => return Err(OpenError::WalDamaged { file, damage }),
            None => {}
        }
    }
    Ok(())
}

/// Compares the store with the note. Returns what it says about itself.
fn check_store(
    folder: &DataFolder,
    noted: Option<&Noted>,
    accepts_mismatch: bool,
) -> Result<Option<StoreHead>, OpenError> {
    let judge = |head: Option<&StoreHead>| {
        if let (Some(noted), Some(head)) = (noted, head)
            && let Err(mismatch) = noted.check_store(&head.instance, head.generation, head.changes)
        {
            if !accepts_mismatch {
                return Err(mismatch);
            }
            mismatch.accept();
        }
        Ok(head.cloned())
    };
    let judged: Result<_, Mismatch> = inspect(&folder.file(STORE_FILE), judge)?;
    Ok(judged?)
}

/// The key from the environment, or else the one in the file that the store needs; a new one if there is no store. With `tidies`, a
/// key that an interrupted rotation has left in the file is removed.
fn find_vault(
    folder: &DataFolder,
    encryption_key: Option<&str>,
    needed: Option<KeyId>,
    tidies: bool,
) -> Result<Vault, OpenError> {
    let path = folder.file(KEY_FILE);
    if let Some(key) = encryption_key {
        return check_key(Vault::from_base64(key)?, needed);
    }
    if tidies {
        key_file::remove_unfinished(&path)?;
    }
    let Some(keys) = key_file::read(&path)? else {
        if folder.has_store()? {
            return Err(OpenError::KeyMissing { needed });
        }
        let key = KeyText::generate()?;
        key_file::write(&path, &[&key])?;
        return Ok(key.vault()?);
    };
    let is_rotation = keys.len() > 1;
    let ids = keys
        .iter()
        .map(|key| Ok(key.vault()?.id()))
        .collect::<Result<Vec<_>, KeyError>>()?;
    let Some(key) = key_file::find(keys, needed)? else {
        return Err(wrong_key(needed, ids.first().copied()));
    };
    if is_rotation && tidies && needed.is_some() {
        key_file::write(&path, &[&key])?;
        tracing::info!("The rotation of the encryption key was interrupted. secret.key has only the key that is used.");
    }
    Ok(key.vault()?)
}

fn check_key(vault: Vault, needed: Option<KeyId>) -> Result<Vault, OpenError> {
    if needed.is_some_and(|needed| needed != vault.id()) {
        return Err(wrong_key(needed, Some(vault.id())));
    }
    Ok(vault)
}

fn wrong_key(needed: Option<KeyId>, present: Option<KeyId>) -> OpenError {
    match (needed, present) {
        (Some(needed), Some(present)) => OpenError::WrongKey { needed, present },
        (needed, _) => OpenError::KeyMissing { needed },
    }
}

impl From<InspectionError> for OpenError {
    fn from(error: InspectionError) -> Self {
        let file = STORE_FILE;
        match error {
            error if error.is_damage() => Self::Damaged {
                file,
                source: error.into(),
            },
            error if error.is_full_disk() => Self::DiskFull {
                file,
                source: error.into(),
            },
            error => Self::Inspection {
                file,
                source: error.into(),
            },
        }
    }
}
