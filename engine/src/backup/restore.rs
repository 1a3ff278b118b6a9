//! Making a data folder of a backup.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::instance_event::{Author, InstanceEvent};
use tokio::task::spawn_blocking;

use super::{
    error::{BackupError, BackupProblem},
    files::{check_room, copy_private, make_private_folder, parent_of, sync_folder, write_private},
    manifest::{FileFacts, Manifest},
    verify::{Databases, verify},
};
use crate::{
    clock::Clock,
    folder::{DataFolder, KEY_FILE, LOG_FILE, LOST_AND_FOUND, OUR_FILES, RESTORE_MARKER, STORE_FILE},
    instance_events::Recorded,
    key_file::{self, KeyText},
    log::rename_instance,
    store::begin_anew,
};

/// The key that the secrets in a backup were encrypted with.
pub enum RestoreKey {
    /// A key file; the key is put into the new folder.
    File(PathBuf),
    /// The server will get the same key from its environment.
    Environment(String),
}

/// Makes a data folder of a backup, after verifying it, in a folder that is new or empty. The server can be started on it when this
/// returns, and records an audit event about the restore.
///
/// Until everything is on disk, the folder contains a marker, with which no server starts on it.
///
/// # Errors
/// [`BackupError`]; what was made is removed.
pub async fn restore_backup(
    backup: &Path,
    data_dir: &Path,
    key: RestoreKey,
    clock: &Clock,
) -> Result<Manifest, BackupError> {
    let (backup, data_dir, clock) = (backup.to_owned(), data_dir.to_owned(), clock.clone());
    let restored = spawn_blocking(move || restore(&backup, &data_dir, &key, &clock));
    restored.await.map_err(|_| BackupError::Stopped)?
}

fn restore(backup: &Path, data_dir: &Path, key: &RestoreKey, clock: &Clock) -> Result<Manifest, BackupError> {
    check_empty(data_dir)?;
    let manifest = verify(backup)?;
    let key_text = find_key(key, &manifest)?;
    Databases::open(backup)?.check_key(&key_text.vault()?)?;
    let unfinished = Unfinished::begin(data_dir)?;
    let key_text = matches!(key, RestoreKey::File(_)).then_some(&key_text);
    match unfinished.fill(backup, &manifest, key_text, clock) {
        Ok(()) => Ok(manifest),
        Err(error) => Err(unfinished.discard(error)),
    }
}

fn check_empty(data_dir: &Path) -> Result<(), BackupError> {
    let entries = match fs::read_dir(data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BackupError::file(data_dir)(error)),
    };
    DataFolder::existing(data_dir).check_restored()?;
    for entry in entries {
        let entry = entry.map_err(BackupError::file(data_dir))?;
        if entry.file_name() != LOST_AND_FOUND {
            return Err(BackupError::NotEmpty {
                path: data_dir.display().to_string(),
            });
        }
    }
    Ok(())
}

/// The key that the backup needs. A file has two while the key is rotated.
fn find_key(key: &RestoreKey, manifest: &Manifest) -> Result<KeyText, BackupError> {
    let keys = match key {
        RestoreKey::Environment(key) => vec![KeyText::new(key)],
        RestoreKey::File(path) => key_file::read(path)?.ok_or_else(|| BackupError::NoKeyFile {
            path: path.display().to_string(),
        })?,
    };
    let mut given = Vec::new();
    for key in keys {
        let id = key.vault()?.id().to_string();
        if id == manifest.encryption_key {
            return Ok(key);
        }
        given.push(id);
    }
    Err(BackupError::OtherKey {
        needed: manifest.encryption_key.clone(),
        given: given.join(" and "),
    })
}

/// A data folder in which a backup is being restored.
struct Unfinished {
    path: PathBuf,
    /// Whether there was no folder before.
    is_new: bool,
}

impl Unfinished {
    /// Makes the folder if it is not there, and the marker before anything else.
    fn begin(data_dir: &Path) -> Result<Self, BackupError> {
        let is_new = match make_private_folder(data_dir) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(BackupError::file(data_dir)(error)),
        };
        let marker = data_dir.join(RESTORE_MARKER);
        let unfinished = Self {
            path: data_dir.to_owned(),
            is_new,
        };
        let marked = sync_folder(parent_of(data_dir))
            .and_then(|()| write_private(&marker, "A backup is being restored into this folder.\n"))
            .and_then(|()| sync_folder(data_dir));
        match marked {
            Ok(()) => Ok(unfinished),
            // Another restore has made it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupError::file(&marker)(error)),
            Err(error) => Err(unfinished.discard(BackupError::file(&marker)(error))),
        }
    }

    fn fill(
        &self,
        backup: &Path,
        manifest: &Manifest,
        key: Option<&KeyText>,
        clock: &Clock,
    ) -> Result<(), BackupError> {
        check_room(&self.path, manifest.log.bytes.saturating_add(manifest.store.bytes))?;
        let folder = DataFolder::existing(&self.path);
        folder.restrict_access()?;
        let _lock = folder.lock()?;
        for (file, stated) in [(LOG_FILE, &manifest.log), (STORE_FILE, &manifest.store)] {
            copy(backup, file, &folder.file(file), stated)?;
        }
        self.begin_anew(manifest, clock)?;
        if let Some(key) = key {
            key_file::write(&folder.file(KEY_FILE), &[key])?;
        }
        self.finish().map_err(BackupError::file(&self.path))
    }

    /// Makes the restored files another instance, and stores the audit event about the restore: the server adds it to the log when it
    /// starts.
    fn begin_anew(&self, manifest: &Manifest, clock: &Clock) -> Result<(), BackupError> {
        let event = InstanceEvent::restored(manifest.created_at, manifest.last_seq, manifest.instance.clone());
        let event = Recorded::new(event, &Author::command_line(), clock.now());
        let id = begin_anew(&self.path.join(STORE_FILE), &event).map_err(|error| failed(STORE_FILE, error))?;
        rename_instance(&self.path.join(LOG_FILE), &id).map_err(|error| failed(LOG_FILE, error))
    }

    /// Everything is on disk before the marker goes.
    fn finish(&self) -> io::Result<()> {
        sync_folder(&self.path)?;
        fs::remove_file(self.path.join(RESTORE_MARKER))?;
        sync_folder(&self.path)
    }

    /// Removes what was made, the marker last.
    fn discard(&self, error: BackupError) -> BackupError {
        match self.remove() {
            Ok(()) => error,
            Err(reason) => BackupError::Leftover {
                error: Box::new(error),
                path: self.path.display().to_string(),
                reason,
            },
        }
    }

    fn remove(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let is_ours = OUR_FILES.iter().any(|ours| name.to_string_lossy().starts_with(ours));
            if is_ours && name != RESTORE_MARKER {
                fs::remove_file(self.path.join(name))?;
            }
        }
        match fs::remove_file(self.path.join(RESTORE_MARKER)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match self.is_new {
            true => fs::remove_dir(&self.path),
            false => Ok(()),
        }
    }
}

/// What is read now is compared with the manifest once more: it must be what was verified.
fn copy(backup: &Path, file: &'static str, target: &Path, stated: &FileFacts) -> Result<(), BackupError> {
    let found = copy_private(&backup.join(file), target).map_err(BackupError::file(target))?;
    if found == *stated {
        return Ok(());
    }
    Err(BackupError::NotValid {
        path: backup.display().to_string(),
        problems: vec![BackupProblem::OtherContents { file }],
    })
}

fn failed(file: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> BackupError {
    BackupError::Restored {
        file,
        source: error.into(),
    }
}
