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
    folder::{
        DataFolder, FolderLock, KEY_FILE, LOCK_FILE, LOG_FILE, LOST_AND_FOUND, OUR_FILES, RESTORE_MARKER, STORE_FILE,
    },
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
    DataFolder::existing(data_dir).check_restored()?;
    check_has_only(data_dir, &[LOST_AND_FOUND])
}

fn check_has_only(data_dir: &Path, names: &[&str]) -> Result<(), BackupError> {
    let entries = match fs::read_dir(data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BackupError::file(data_dir)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(BackupError::file(data_dir))?;
        if !names.iter().any(|name| entry.file_name() == *name) {
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

/// A data folder in which a backup is being restored. It is locked, and everything in it is of this restore.
struct Unfinished {
    path: PathBuf,
    /// Whether there was no folder before.
    is_new: bool,
    _lock: FolderLock,
}

impl Unfinished {
    /// Makes the folder if it is not there, and the marker before anything else. No server starts on the folder from then on.
    fn begin(data_dir: &Path) -> Result<Self, BackupError> {
        let is_new = match make_private_folder(data_dir) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(BackupError::file(data_dir)(error)),
        };
        let marker = data_dir.join(RESTORE_MARKER);
        let marked = sync_folder(parent_of(data_dir))
            .and_then(|()| write_private(&marker, "A backup is being restored into this folder.\n"))
            .and_then(|()| sync_folder(data_dir));
        let locked = match marked {
            Ok(()) => lock_empty(data_dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::AnotherRestore {
                    path: data_dir.display().to_string(),
                });
            }
            Err(error) => Err(BackupError::file(&marker)(error)),
        };
        match locked {
            Ok(lock) => Ok(Self {
                path: data_dir.to_owned(),
                is_new,
                _lock: lock,
            }),
            Err(error) => Err(with_leftover(error, data_dir, remove_marker(data_dir, is_new))),
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
        with_leftover(error, &self.path, self.remove())
    }

    fn remove(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let is_ours = OUR_FILES.iter().any(|ours| name.to_string_lossy().starts_with(ours));
            if is_ours && name != RESTORE_MARKER {
                fs::remove_file(self.path.join(name))?;
            }
        }
        remove_marker(&self.path, self.is_new)
    }
}

/// Locks the folder, and looks again, now that the marker is in it: a server may have been started on it while the backup was verified.
fn lock_empty(data_dir: &Path) -> Result<FolderLock, BackupError> {
    let lock = DataFolder::existing(data_dir).lock()?;
    check_has_only(data_dir, &[LOST_AND_FOUND, RESTORE_MARKER, LOCK_FILE])?;
    Ok(lock)
}

/// Also removes the folder if it is new and nothing else is in it.
fn remove_marker(data_dir: &Path, is_new: bool) -> io::Result<()> {
    match fs::remove_file(data_dir.join(RESTORE_MARKER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if !is_new {
        return Ok(());
    }
    match fs::remove_dir(data_dir) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => removed,
    }
}

fn with_leftover(error: BackupError, path: &Path, removed: io::Result<()>) -> BackupError {
    match removed {
        Ok(()) => error,
        Err(reason) => BackupError::Leftover {
            error: Box::new(error),
            path: path.display().to_string(),
            reason,
        },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open_error::OpenError;

    fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        files.sort_unstable();
        files
    }

    /// What a server has in a folder that was empty when the restore began.
    fn used_folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in [LOG_FILE, STORE_FILE, KEY_FILE, LOCK_FILE] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        folder
    }

    #[test]
    fn nothing_of_a_server_that_has_stopped_is_removed() {
        let folder = used_folder();
        let before = contents(folder.path());
        let refused = Unfinished::begin(folder.path()).err();
        assert!(matches!(refused, Some(BackupError::NotEmpty { .. })), "{refused:?}");
        assert!(contents(folder.path()) == before);
    }

    #[test]
    fn nothing_of_a_server_that_runs_is_removed() {
        let folder = used_folder();
        let before = contents(folder.path());
        let lock = DataFolder::existing(folder.path()).lock().unwrap();
        lock.serve().unwrap();
        let refused = Unfinished::begin(folder.path()).err();
        assert!(
            matches!(refused, Some(BackupError::Folder(OpenError::InUse { .. }))),
            "{refused:?}"
        );
        assert!(contents(folder.path()) == before);
    }

    #[test]
    fn a_restore_that_fails_leaves_a_folder_as_it_was() {
        let parent = tempfile::tempdir().unwrap();
        let (new, empty) = (parent.path().join("new"), parent.path().join("empty"));
        fs::create_dir(&empty).unwrap();
        for (folder, stays) in [(&new, false), (&empty, true)] {
            let unfinished = Unfinished::begin(folder).unwrap();
            fs::write(folder.join(LOG_FILE), "half").unwrap();
            let error = unfinished.discard(BackupError::Stopped);
            assert!(matches!(error, BackupError::Stopped), "{error:?}");
            assert_eq!(folder.exists(), stays);
        }
        assert_eq!(contents(&empty), []);
    }

    #[test]
    fn a_second_restore_into_the_same_folder_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let first = Unfinished::begin(folder.path()).unwrap();
        let refused = Unfinished::begin(folder.path()).err().unwrap();
        assert!(matches!(refused, BackupError::AnotherRestore { .. }), "{refused}");
        assert!(
            refused.to_string().contains("delete what is in the folder"),
            "{refused}"
        );
        drop(first);
    }
}
