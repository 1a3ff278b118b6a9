//! The data folder: its permissions, its lock, and which files are there before anything is opened.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{engine::OpenError, pairing::Mismatch, storage::make_private};

pub(crate) const LOG_FILE: &str = "events.db";
pub(crate) const STORE_FILE: &str = "audit-streams.db";
pub(crate) const KEY_FILE: &str = "secret.key";
const LOCK_FILE: &str = "server.lock";

/// Only the owner may enter the folder, and read and write what is in it.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// What the names of our files begin with.
const OUR_FILES: [&str; 4] = [LOG_FILE, STORE_FILE, KEY_FILE, LOCK_FILE];

/// Made by the system at the root of a volume.
const LOST_AND_FOUND: &str = "lost+found";

/// A data folder that is there.
pub(crate) struct DataFolder {
    path: PathBuf,
}

/// Held as long as a server runs on the folder.
///
/// The folder itself is locked, since a file in it can be deleted and made anew, and the lock file too.
pub(crate) struct FolderLock {
    _folder: File,
    _file: File,
}

impl DataFolder {
    /// Makes the folder if it is not there, and lets nobody but its owner into it.
    pub(crate) fn prepare(path: &Path) -> Result<Self, OpenError> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(path).map_err(|source| folder.failed(source))?;
        folder.tighten().map_err(|source| folder.failed(source))?;
        Ok(folder)
    }

    /// A folder that holds other files too, such as `/tmp`, is left as it is.
    fn tighten(&self) -> io::Result<()> {
        let mut is_ours_alone = true;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            if OUR_FILES.iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
                restrict(&entry.path(), FILE_MODE)?;
            } else if name != LOST_AND_FOUND {
                is_ours_alone = false;
            }
        }
        if is_ours_alone {
            return restrict(&self.path, FOLDER_MODE);
        }
        if mode_of(&self.path)? & !FOLDER_MODE != 0 {
            tracing::warn!(
                path = %self.path.display(),
                "The data folder holds other files too, so its permissions stay as they are: others can see which files \
                 there are. Give the server a folder of its own."
            );
        }
        Ok(())
    }

    pub(crate) fn has_store(&self) -> Result<bool, OpenError> {
        Ok(self.size_of(STORE_FILE)?.is_some_and(|bytes| bytes > 0))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Locks the folder until the lock is dropped.
    pub(crate) fn lock(&self) -> Result<FolderLock, OpenError> {
        let folder = File::open(&self.path).map_err(|source| self.failed(source))?;
        self.try_lock(&folder)?;
        let path = self.file(LOCK_FILE);
        make_private(&path).map_err(|source| self.failed(source))?;
        let file = File::open(&path).map_err(|source| self.failed(source))?;
        self.try_lock(&file)?;
        Ok(FolderLock {
            _folder: folder,
            _file: file,
        })
    }

    /// Refuses a folder in which a log has lost its store: it must not be taken for a new one.
    pub(crate) fn check_store(&self) -> Result<(), OpenError> {
        if !self.has_store()? && self.size_of(LOG_FILE)?.is_some() {
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

fn mode_of(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
}

/// Takes away every permission beyond these. Who is not the owner can't, and is told.
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    if mode_of(path)? & !mode == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(
                path = %path.display(),
                "Others than the owner may have access to this, and only the owner can change that."
            );
            Ok(())
        }
        changed => changed,
    }
}
