//! The data folder: its lock, and which files are there before anything is opened.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{engine::OpenError, pairing::Mismatch};

pub(crate) const LOG_FILE: &str = "events.db";
pub(crate) const STORE_FILE: &str = "audit-streams.db";
pub(crate) const KEY_FILE: &str = "secret.key";
const LOCK_FILE: &str = "server.lock";

/// A data folder that is there.
pub(crate) struct DataFolder {
    path: PathBuf,
}

/// Held as long as a server runs on the folder.
///
/// The folder itself is locked, since a file in it can be deleted and made anew, and the lock file too, which is all that
/// older versions look at.
pub(crate) struct FolderLock {
    _folder: File,
    _file: File,
}

impl DataFolder {
    /// Makes the folder if it is not there.
    pub(crate) fn prepare(path: &Path) -> Result<Self, OpenError> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(path).map_err(|source| folder.failed(source))?;
        Ok(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Locks the folder until the lock is dropped.
    pub(crate) fn lock(&self) -> Result<FolderLock, OpenError> {
        let folder = File::open(&self.path).map_err(|source| self.failed(source))?;
        self.try_lock(&folder)?;
        let file = File::create(self.file(LOCK_FILE)).map_err(|source| self.failed(source))?;
        self.try_lock(&file)?;
        Ok(FolderLock {
            _folder: folder,
            _file: file,
        })
    }

    /// Refuses a folder in which a log has lost its store: it must not be taken for a new one.
    pub(crate) fn check_store(&self) -> Result<(), OpenError> {
        let has_store = self.size_of(STORE_FILE)?.is_some_and(|bytes| bytes > 0);
        if !has_store && self.size_of(LOG_FILE)?.is_some() {
            return Err(OpenError::Mismatch(Mismatch::StoreMissing));
        }
        Ok(())
    }

    fn size_of(&self, name: &str) -> Result<Option<u64>, OpenError> {
        match fs::metadata(self.file(name)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.failed(source)),
        }
    }

    fn try_lock(&self, file: &File) -> Result<(), OpenError> {
        match file.try_lock() {
            Ok(()) => Ok(()),
            Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse {
                path: self.path.display().to_string(),
            }),
            Err(fs::TryLockError::Error(source)) => Err(self.failed(source)),
        }
    }

    fn failed(&self, source: io::Error) -> OpenError {
        OpenError::DataDir {
            path: self.path.display().to_string(),
            source,
        }
    }
}
