//! Opening the data folder for the engine. No content changes before everything that can be lost by a change is checked, in this order.
//!
//! 1. The folder is locked, if need be after a command that locks it for a moment, and the process may read and write its files.
//! 2. The files are synchronised with the disk.
//! 3. The store is there if the log is.
//! 4. No write-ahead log has lost committed transactions (`wal`), or belongs to another file.
//! 5. The write-ahead log of the store is written to the disk once more, which does not change its bytes.
//! 6. The store has what is noted in `server.lock`. From here on, SQLite may copy its write-ahead log into it.
//! 7. The write-ahead log of the log is written to the disk once more.
//! 8. The key is the one that the store needs, and every secret can be decrypted.
//! 9. The log belongs to the store, and has what is noted (`pairing`).

use std::{fs::File, io::ErrorKind, path::Path, sync::Arc};

use tokio::time::{Instant, sleep};

use crate::{
    error_chain::error_chain,
    folder::{DataFolder, FolderLock, KEY_FILE, LOCK_FILE, LOCK_INTERVAL, LOCK_PATIENCE, LOG_FILE, STORE_FILE},
    key_file::{self, KeyText},
    log::{RewriteError, is_damaged, is_empty, log_generation, open_unchanged, rewrite_wal},
    note::{self, Note, Noted},
    open_error::OpenError,
    pairing::Mismatch,
    storage::make_private,
    store::{Database, InspectionError, StoreError, StoreHead, inspect, store_generation},
    vault::{KeyId, Vault},
    wal::{self, Wal, wal_of},
};

/// A locked data folder whose store is open.
pub(crate) struct OpenFolder {
    pub(crate) folder: DataFolder,
    pub(crate) lock: FolderLock,
    pub(crate) database: Database,
    /// What an earlier server noted, if it counts for this store.
    pub(crate) noted: Option<Noted>,
    /// Where this server notes it.
    pub(crate) note: Arc<Note>,
}

/// A store that is open beside a server, or without one.
pub(crate) struct StoreAlone {
    pub(crate) database: Database,
    /// Held if no server runs on the folder.
    pub(crate) _lock: Option<FolderLock>,
}

/// Locks the folder, checks its files, and opens the store.
///
/// # Errors
/// [`OpenError`], naming what could not be opened; nothing is lost from the files.
pub(crate) async fn open_folder(
    path: &Path,
    encryption_key: Option<&str>,
    accepts_mismatch: bool,
) -> Result<OpenFolder, OpenError> {
    let folder = DataFolder::prepare(path)?;
    let lock = soon(true, || folder.lock()).await?;
    // Again: a restore may have begun before the folder was locked.
    folder.check_restored()?;
    folder.check_access(encryption_key.is_none())?;
    synchronise(&folder)?;
    if !accepts_mismatch {
        folder.check_store()?;
    }
    let noted = read_note(&folder)?;
    for file in [LOG_FILE, STORE_FILE] {
        check_wal(&folder, file, noted.as_ref(), accepts_mismatch)?;
    }
    write_wal_again(&folder, STORE_FILE)?;
    let head = check_store(&folder, noted.as_ref(), accepts_mismatch)?;
    write_wal_again(&folder, LOG_FILE)?;
    let is_noted = noted.is_some();
    let noted = noted.filter(|noted| {
        head.as_ref()
            .is_some_and(|head| noted.is_about(&head.instance, head.generation))
    });
    let vault = find_vault(&folder, encryption_key, head.as_ref())?;
    let lock_file = folder.file(LOCK_FILE);
    let is_void = is_noted && noted.is_none();
    let note = Note::open(&lock_file, is_void).map_err(|source| file_error(&lock_file, source))?;
    let database = open_store(&folder, vault).await?;
    // Every stored secret is opened once, so that a wrong key stops the start and not the streams.
    database.list_destinations().await?;
    database.alert_settings().await?;
    Ok(OpenFolder {
        folder,
        lock,
        database,
        noted,
        note: Arc::new(note),
    })
}

/// A transaction whose fsync failed is in the file after a start, and a power cut could still take it away. Nothing may be noted,
/// delivered or acknowledged because of it before it is on disk.
fn synchronise(folder: &DataFolder) -> Result<(), OpenError> {
    let files = [LOG_FILE, STORE_FILE].map(|name| folder.file(name));
    for path in files.into_iter().flat_map(|file| [wal_of(&file), file]) {
        match File::open(&path).and_then(|file| file.sync_all()) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            synchronised => synchronised.map_err(|source| OpenError::NotSynchronised {
                path: path.display().to_string(),
                source,
            })?,
        }
    }
    Ok(())
}

/// Linux counts pages that it could not write as written, so the next fsync succeeds without them. A transaction whose fsync failed may
/// therefore be in the page cache alone. It is written once more, here, before anything copies it into the database: a checkpoint that a
/// power failure interrupts would leave a part of a transaction in the database, and none of it in the write-ahead log. The checkpoint may
/// also not be possible, for example because the disk is full. Pages of the database that could not be written are still in the
/// write-ahead log.
fn write_wal_again(folder: &DataFolder, file: &'static str) -> Result<(), OpenError> {
    let database = folder.file(file);
    let wal = wal_of(&database);
    match rewrite_wal(&database) {
        Ok(()) => Ok(()),
        // A filesystem that never writes in place needs room for that.
        Err(RewriteError::File(error)) if is_full(&error) => {
            tracing::warn!(
                path = %wal.display(), error = %error,
                "The write-ahead log can't be written to the disk once more, because the disk is full. If the disk has failed before, a \
                 power failure can take back its last transactions until there is room."
            );
            Ok(())
        }
        Err(RewriteError::File(source)) => Err(OpenError::NotSynchronised {
            path: wal.display().to_string(),
            source,
        }),
        Err(RewriteError::Database(error)) => Err(InspectionError::from(error).of(file)),
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// From now on, commands take the holder of the lock for a server that runs.
///
/// # Errors
/// As [`FolderLock::serve`].
pub(crate) async fn serve(lock: &FolderLock) -> Result<(), OpenError> {
    soon(false, || lock.serve()).await
}

/// Waits for commands that use the folder, and `for_servers` as well.
async fn soon<T>(for_servers: bool, mut attempt: impl FnMut() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let give_up = Instant::now() + LOCK_PATIENCE;
    loop {
        match attempt() {
            Err(OpenError::Busy { .. }) if Instant::now() < give_up => {}
            Err(OpenError::InUse { .. }) if for_servers && Instant::now() < give_up => {}
            ended => return ended,
        }
        sleep(LOCK_INTERVAL).await;
    }
}

/// Opens the store for a command that touches nothing encrypted. If no server runs on the folder, the store is treated as at a start:
/// the command would remove its write-ahead log. While a server runs, the write-ahead log can't be examined, because it
/// changes. A server that is starting, and other commands, are waited for.
///
/// # Errors
/// [`OpenError`], naming what could not be opened.
pub(crate) async fn open_store_alone(path: &Path) -> Result<StoreAlone, OpenError> {
    let folder = DataFolder::prepare(path)?;
    folder.check_access(false)?;
    folder.check_store()?;
    let lock = match soon(false, || folder.lock()).await {
        Ok(lock) => Some(lock).filter(FolderLock::is_held),
        Err(OpenError::InUse { .. }) => None,
        Err(error) => return Err(error),
    };
    folder.check_restored()?;
    if lock.is_some() {
        synchronise(&folder)?;
        let noted = read_note(&folder)?;
        check_wal(&folder, STORE_FILE, noted.as_ref(), false)?;
        write_wal_again(&folder, STORE_FILE)?;
        check_store(&folder, noted.as_ref(), false)?;
    }
    let database = open_store(&folder, Vault::unused()?).await?;
    Ok(StoreAlone { database, _lock: lock })
}

/// Does what is left of a rotation of the encryption key that was interrupted. The server starts all the same if that fails.
pub(crate) async fn finish_rotation(folder: &DataFolder, database: &Database, has_key_file: bool) {
    match database.finish_rewrite().await {
        Ok(false) => {}
        Ok(true) => tracing::info!(
            "The rotation of the encryption key was interrupted. audit-streams.db was written anew: nothing in it is left that the \
             previous key decrypts."
        ),
        Err(error) => tracing::warn!(
            error = error_chain(&error),
            "The rotation of the encryption key was interrupted, and audit-streams.db can't be written anew: it may contain remains that \
             the previous key decrypts. The next start tries again."
        ),
    }
    if has_key_file {
        tidy_key(folder, database.key_id());
    }
}

/// Removes what it has left in `secret.key` and beside it.
fn tidy_key(folder: &DataFolder, needed: KeyId) {
    match key_file::tidy(&folder.file(KEY_FILE), needed) {
        Ok(false) => {}
        Ok(true) => {
            tracing::info!(
                "The rotation of the encryption key was interrupted. secret.key has only the key that is used."
            );
        }
        Err(error) => tracing::warn!(
            error = error_chain(&error),
            "The rotation of the encryption key was interrupted, and what it has left can't be removed. The next start tries again."
        ),
    }
}

pub(crate) fn read_note(folder: &DataFolder) -> Result<Option<Noted>, OpenError> {
    let path = folder.file(LOCK_FILE);
    note::read(&path).map_err(|source| file_error(&path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::File {
        path: path.display().to_string(),
        source,
    }
}

async fn open_store(folder: &DataFolder, vault: Vault) -> Result<Database, OpenError> {
    let path = folder.file(STORE_FILE);
    make_private(&path).map_err(|source| OpenError::Store(StoreError::File(source)))?;
    Ok(Database::open(&path, vault).await?)
}

/// Before SQLite reads a write-ahead log, and leaves out what follows damage. A write-ahead log of another file is never accepted.
pub(crate) fn check_wal(
    folder: &DataFolder,
    file: &'static str,
    noted: Option<&Noted>,
    accepts_mismatch: bool,
) -> Result<(), OpenError> {
    let path = wal_of(&folder.file(file));
    let wal = wal::examine(&path).map_err(|source| file_error(&path, source))?;
    let error = if let Some(damage) = wal.damage {
        OpenError::WalDamaged { file, damage }
    } else if is_foreign(folder, file, &wal, noted)? {
        Mismatch::WalForeign { file }.into()
    } else {
        return Ok(());
    };
    if !accepts_mismatch || matches!(error, OpenError::Mismatch(_)) {
        return Err(error);
    }
    tracing::warn!(
        file,
        error = error_chain(&error),
        "The write-ahead log is used as far as it can be because of --accept-mismatched-files."
    );
    check_pages(folder, file)
}

/// Whether the file is an older copy, and the write-ahead log beside it is another one's: the generation that is noted was in
/// the file itself. The files of a backup have no write-ahead logs.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn is_foreign(folder: &DataFolder, file: &str, wal: &Wal, noted: Option<&Noted>) -> Result<bool, OpenError> {
    if wal.frames == 0 {
        return Ok(false);
    }
    let path = folder.file(file);
    if !wal::is_used_by(&path).map_err(|source| file_error(&path, source))? {
        return Ok(true);
    }
    let Some(noted) = noted else { return Ok(false) };
    let found = if file == LOG_FILE {
        log_generation(&path)
    } else {
        store_generation(&path)
    };
    Ok(found.is_some_and(|(instance, generation)| instance == noted.instance && generation < noted.generation))
}

/// Pages that were copied into the file after the end of what is left of the write-ahead log don't fit to those in it. Then nothing
/// must be written.
fn check_pages(folder: &DataFolder, file: &'static str) -> Result<(), OpenError> {
    let path = folder.file(file);
    let is_empty = std::fs::metadata(&path).map_or(true, |metadata| metadata.len() == 0);
    if is_empty {
        return Ok(());
    }
    match open_unchanged(&path).and_then(|connection| is_damaged(&connection)) {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::Damaged {
            file,
            source: "its pages don't fit together".into(),
        }),
        Err(error) => Err(InspectionError::from(error).of(file)),
    }
}

/// Compares the store with the note. Returns what it says about itself.
fn check_store(
    folder: &DataFolder,
    noted: Option<&Noted>,
    accepts_mismatch: bool,
) -> Result<Option<StoreHead>, OpenError> {
    let path = folder.file(STORE_FILE);
    let judge = |head: Option<&StoreHead>| {
        if let (Some(noted), Some(head)) = (noted, head) {
            noted.check_store(&head.instance, head.generation, head.changes)?;
        }
        Ok(head.cloned())
    };
    let judged: Result<_, Mismatch> = inspect(&path, judge).map_err(|error| error.of(STORE_FILE))?;
    match judged {
        Err(mismatch) if accepts_mismatch => {
            check_pages(folder, STORE_FILE)?;
            mismatch.accept();
            let accept = |head: Option<&StoreHead>| Ok::<_, Mismatch>(head.cloned());
            Ok(inspect(&path, accept).map_err(|error| error.of(STORE_FILE))??)
        }
        judged => Ok(judged?),
    }
}

/// The key from the environment, or else the one in the file that the store needs; a new one for a new store.
fn find_vault(folder: &DataFolder, encryption_key: Option<&str>, head: Option<&StoreHead>) -> Result<Vault, OpenError> {
    let needed = head.and_then(|head| head.key);
    if let Some(key) = encryption_key {
        let vault = Vault::from_base64(key)?;
        let present = vault.id();
        return match needed {
            Some(needed) if needed != present => Err(OpenError::WrongKey { needed, present }),
            _ => Ok(vault),
        };
    }
    let path = folder.file(KEY_FILE);
    match key_file::read(&path)? {
        Some(keys) => choose(&keys, needed),
        None if has_secrets(folder, head)? => Err(OpenError::KeyMissing { needed }),
        None => {
            let key = KeyText::generate()?;
            key_file::create(&path, &key)?;
            Ok(key.vault()?)
        }
    }
}

/// Whether something may be encrypted in the store. A command or a start that was killed may have made the file, and nothing in it.
fn has_secrets(folder: &DataFolder, head: Option<&StoreHead>) -> Result<bool, OpenError> {
    if let Some(head) = head {
        return Ok(!head.is_new);
    }
    let path = folder.file(STORE_FILE);
    let is_new = !folder.has_store()?
        || !folder.has_log()? && is_empty(&path).map_err(|error| InspectionError::from(error).of(STORE_FILE))?;
    Ok(!is_new)
}

/// The key that is needed, or the first one if none is known to be.
fn choose(keys: &[KeyText], needed: Option<KeyId>) -> Result<Vault, OpenError> {
    let mut other = None;
    for key in keys {
        let vault = key.vault()?;
        match needed {
            Some(needed) if needed != vault.id() => {
                other.get_or_insert(OpenError::WrongKey {
                    needed,
                    present: vault.id(),
                });
            }
            _ => return Ok(vault),
        }
    }
    Err(other.unwrap_or(OpenError::KeyMissing { needed }))
}

impl InspectionError {
    /// What it means for the start.
    fn of(self, file: &'static str) -> OpenError {
        match self {
            error if error.is_damage() => OpenError::Damaged {
                file,
                source: error.into(),
            },
            error if error.is_full_disk() => OpenError::DiskFull {
                file,
                source: error.into(),
            },
            error => OpenError::Inspection {
                file,
                source: error.into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> OpenError {
        OpenError::Busy { path: String::new() }
    }

    fn in_use() -> OpenError {
        OpenError::InUse { path: String::new() }
    }

    /// Time passes only while nothing else is to be done.
    #[tokio::test(start_paused = true)]
    async fn commands_are_waited_for_and_servers_only_if_asked() {
        let after = async |for_servers: bool, mut errors: Vec<OpenError>| {
            soon(for_servers, || errors.pop().map_or(Ok(()), Err)).await
        };
        assert!(after(false, vec![busy(), busy()]).await.is_ok());
        assert!(after(true, vec![in_use(), busy()]).await.is_ok());
        let refused = after(false, vec![in_use()]).await;
        assert!(matches!(refused, Err(OpenError::InUse { .. })));
        // Not for ever.
        let begun = Instant::now();
        let refused = soon::<()>(true, || Err(busy())).await;
        assert!(matches!(refused, Err(OpenError::Busy { .. })));
        assert!(begun.elapsed() >= LOCK_PATIENCE);
    }
}
