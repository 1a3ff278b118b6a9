//! The data folder: its permissions, its lock, and which files are there before anything is opened.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Access, AtFlags, CWD},
    io::Errno,
};

use crate::{
    open_error::OpenError,
    pairing::Mismatch,
    storage::make_private,
    wal::{shm_of, wal_of},
};

pub(crate) const LOG_FILE: &str = "events.db";
pub(crate) const STORE_FILE: &str = "audit-streams.db";
pub(crate) const KEY_FILE: &str = "secret.key";
pub(crate) const LOCK_FILE: &str = "server.lock";
/// Present until a backup is restored as a whole.
pub(crate) const RESTORE_MARKER: &str = "restore.incomplete";

/// Only the owner may enter the folder, and read and write what is in it.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// What the names of our files begin with.
pub(crate) const OUR_FILES: [&str; 5] = [LOG_FILE, STORE_FILE, KEY_FILE, LOCK_FILE, RESTORE_MARKER];

/// Made by the system at the root of a volume.
pub(crate) const LOST_AND_FOUND: &str = "lost+found";

/// A data folder that is there.
pub(crate) struct DataFolder {
    path: PathBuf,
}

/// How long the lock is waited for. Most commands, and a server that starts, hold it only briefly.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_secs(3);
pub(crate) const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// Held as long as a server or a command uses the folder.
///
/// The folder itself is locked, since a file in it can be deleted and made anew, and the lock file too, since network
/// filesystems can't lock a folder, or a file that is not open for writing. The lock on the file is shared until [`Self::serve`], which
/// tells a running server from a command and from a server that is starting. Where only one of the two can be locked, it keeps two
/// processes apart alone: then its lock is never shared, and whoever holds it counts as a server.
pub(crate) struct FolderLock {
    path: PathBuf,
    folder: Locked,
    file: Locked,
    _folder: File,
    opened_file: Option<File>,
}

impl FolderLock {
    /// False on a filesystem without locks, where a server may be running.
    pub(crate) const fn is_held(&self) -> bool {
        matches!(self.folder, Locked::Held) || matches!(self.file, Locked::Held)
    }

    /// From now on, the holder counts as a server that runs.
    ///
    /// # Errors
    /// [`OpenError::Busy`] while another process looks whether a server runs, which takes a moment.
    pub(crate) fn serve(&self) -> Result<(), OpenError> {
        let (Locked::Held, Locked::Held, Some(file)) = (&self.folder, &self.file, &self.opened_file) else {
            return Ok(());
        };
        // If that fails, Linux has dropped the shared lock on the file. The folder is still locked.
        match locked(file.try_lock()) {
            Ok(Locked::Held) => Ok(()),
            Ok(_) => Err(OpenError::Busy {
                path: self.path.display().to_string(),
            }),
            Err(source) => Err(data_dir_error(&self.path, source)),
        }
    }
}

impl DataFolder {
    /// Makes the folder if it is not there, and lets nobody but its owner into it.
    pub(crate) fn prepare(path: &Path) -> Result<Self, OpenError> {
        let folder = Self { path: path.to_owned() };
        fs::create_dir_all(path).map_err(|source| folder.failed(source))?;
        folder.check_restored()?;
        folder.restrict_access()?;
        Ok(folder)
    }

    /// A folder that is there and stays as it is.
    pub(crate) fn existing(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Lets nobody but the owner into it.
    ///
    /// A folder that holds other files too, such as `/tmp`, is left as it is.
    pub(crate) fn restrict_access(&self) -> Result<(), OpenError> {
        self.tighten().map_err(|source| self.failed(source))
    }

    fn tighten(&self) -> io::Result<()> {
        let mut is_ours_alone = true;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            if OUR_FILES.iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
                // Nobody could enter a folder with this mode.
                if !entry.file_type()?.is_dir() {
                    restrict(&entry.path(), FILE_MODE)?;
                }
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
                "The data folder contains other files, so its permissions are not changed: other users can list its \
                 files. Give the server a separate folder."
            );
        }
        Ok(())
    }

    pub(crate) fn has_store(&self) -> Result<bool, OpenError> {
        Ok(self.size_of(STORE_FILE)?.is_some_and(|bytes| bytes > 0))
    }

    pub(crate) fn has_log(&self) -> Result<bool, OpenError> {
        Ok(self.size_of(LOG_FILE)?.is_some())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Locks the folder until the lock is dropped, for a command or for a server that is starting.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if a server runs on the folder, and [`OpenError::Busy`] if a command uses it.
    pub(crate) fn lock(&self) -> Result<FolderLock, OpenError> {
        let folder = File::open(&self.path).map_err(|source| self.failed(source))?;
        let path = self.file(LOCK_FILE);
        make_private(&path).map_err(|source| self.failed(source))?;
        let file = File::options().read(true).write(true).open(&path);
        self.lock_both(folder, Some(file.map_err(|source| self.failed(source))?))
    }

    /// The same without making a file. A lock file that is not there is not locked, as by no server. Waits for other commands.
    ///
    /// # Errors
    /// As [`Self::lock`].
    pub(crate) fn lock_unchanged(&self) -> Result<FolderLock, OpenError> {
        let give_up = Instant::now() + LOCK_PATIENCE;
        loop {
            match self.try_lock_unchanged() {
                Err(OpenError::Busy { .. }) if Instant::now() < give_up => sleep(LOCK_INTERVAL),
                ended => return ended,
            }
        }
    }

    fn try_lock_unchanged(&self) -> Result<FolderLock, OpenError> {
        let folder = File::open(&self.path).map_err(|source| self.failed(source))?;
        let path = self.file(LOCK_FILE);
        // NFS locks only what is open for writing.
        let opened = File::options().read(true).write(true).open(&path);
        match opened.or_else(|_| File::open(&path)) {
            Ok(file) => self.lock_both(folder, Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.lock_both(folder, None),
            Err(source) => Err(self.failed(source)),
        }
    }

    /// A filesystem that can't lock one of the two keeps no server from starting: the other lock is enough.
    fn lock_both(&self, folder: File, file: Option<File>) -> Result<FolderLock, OpenError> {
        let folder_lock = locked(folder.try_lock()).map_err(|source| self.failed(source))?;
        let file_lock = match (&file, &folder_lock) {
            (None, _) => Ok(Locked::Missing),
            (Some(file), Locked::Unsupported(_)) => locked(file.try_lock()),
            (Some(file), _) => locked(file.try_lock_shared()),
        };
        let file_lock = file_lock.map_err(|source| self.failed(source))?;
        let path = || self.path.display().to_string();
        match (&folder_lock, &file_lock) {
            (_, Locked::ByAnother) => return Err(OpenError::InUse { path: path() }),
            // Nothing tells the other one from a server.
            (Locked::ByAnother, Locked::Unsupported(_)) => return Err(OpenError::InUse { path: path() }),
            (Locked::ByAnother, _) => return Err(OpenError::Busy { path: path() }),
            (Locked::Unsupported(error), Locked::Held) => tracing::warn!(
                path = %self.path.display(), error = %error,
                "The filesystem can't lock the data folder. Only the lock on server.lock keeps a second server from it: don't \
                 delete that file."
            ),
            (Locked::Held, Locked::Unsupported(error)) => tracing::warn!(
                path = %self.path.display(), error = %error,
                "The filesystem can't lock server.lock. Only the lock on the data folder keeps a second server from it."
            ),
            (Locked::Unsupported(error), _) => tracing::warn!(
                path = %self.path.display(), error = %error,
                "The filesystem of the data folder does not support locks. Nothing keeps a second server from this folder, and \
                 two servers damage it: make sure that only one is started."
            ),
            _ => {}
        }
        Ok(FolderLock {
            path: self.path.clone(),
            folder: folder_lock,
            file: file_lock,
            _folder: folder,
            opened_file: file,
        })
    }

    /// Whether the process may read and write the folder and the databases, and read the key if it is used. Without opening them:
    /// closing a database would end SQLite's locks on it.
    pub(crate) fn check_access(&self, uses_key_file: bool) -> Result<(), OpenError> {
        require(&self.path, BOTH.union(Access::EXEC_OK))?;
        for database in [LOG_FILE, STORE_FILE].map(|name| self.file(name)) {
            for path in [wal_of(&database), shm_of(&database), database] {
                require(&path, BOTH)?;
            }
        }
        if uses_key_file {
            require(&self.file(KEY_FILE), Access::READ_OK)?;
        }
        Ok(())
    }

    /// Whether the databases can be read without changing anything. SQLite locks one that has a write-ahead log, and needs permission
    /// to write for that.
    pub(crate) fn check_access_for_reading(&self) -> Result<(), OpenError> {
        for database in [LOG_FILE, STORE_FILE].map(|name| self.file(name)) {
            let wal = wal_of(&database);
            let has_wal = fs::metadata(&wal).is_ok_and(|metadata| metadata.len() > 0);
            let access = if has_wal { BOTH } else { Access::READ_OK };
            require(&wal, access)?;
            require(&database, access)?;
        }
        Ok(())
    }

    /// Refuses a folder in which a backup was restored only in part.
    pub(crate) fn check_restored(&self) -> Result<(), OpenError> {
        match self.size_of(RESTORE_MARKER)? {
            Some(_) => Err(OpenError::RestoreIncomplete {
                path: self.path.display().to_string(),
            }),
            None => Ok(()),
        }
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

    fn failed(&self, source: io::Error) -> OpenError {
        data_dir_error(&self.path, source)
    }
}

fn data_dir_error(path: &Path, source: io::Error) -> OpenError {
    OpenError::DataDir {
        path: path.display().to_string(),
        source,
    }
}

const BOTH: Access = Access::READ_OK.union(Access::WRITE_OK);

fn require(path: &Path, access: Access) -> Result<(), OpenError> {
    match rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS) {
        Err(error) if is_refusal(error) => Err(OpenError::NoAccess {
            path: path.display().to_string(),
            source: error.into(),
        }),
        _ => Ok(()),
    }
}

/// Whether the error says that the process may not use the file, and not that it can't ask: sandboxes answer EPERM to system
/// calls that they don't know. What is wrong apart from that is reported when the file is opened.
const fn is_refusal(error: Errno) -> bool {
    matches!(error, Errno::ACCESS | Errno::ROFS)
}

/// What became of an attempt to lock a file.
enum Locked {
    Held,
    /// Another process holds the lock.
    ByAnother,
    Unsupported(io::Error),
    /// There is no file.
    Missing,
}

fn locked(attempt: Result<(), TryLockError>) -> io::Result<Locked> {
    match attempt {
        Ok(()) => Ok(Locked::Held),
        Err(TryLockError::WouldBlock) => Ok(Locked::ByAnother),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(Locked::Unsupported(error)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the error says that the filesystem has no locks of this kind, and not that another server holds one. NFS answers
/// EBADF for what is not open for writing, and ENOLCK without a lock service.
fn is_unsupported(error: &io::Error) -> bool {
    let unsupported = [
        Errno::NOTSUP,
        Errno::OPNOTSUPP,
        Errno::INVAL,
        Errno::NOSYS,
        Errno::BADF,
        Errno::NOLCK,
    ];
    unsupported
        .map(Errno::raw_os_error)
        .contains(&error.raw_os_error().unwrap_or(0))
}

fn mode_of(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
}

/// Removes all other permissions. Logs a warning if the process is not the owner.
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    if mode_of(path)? & !mode == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(
                path = %path.display(),
                "Users other than the owner may have access to this path, and only the owner can change its permissions."
            );
            Ok(())
        }
        changed => changed,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;

    /// A handle that the kernel refuses to lock with EBADF, as NFS refuses a folder.
    fn without_locks(path: &Path) -> File {
        const O_PATH: i32 = 0o10_000_000;
        let file = File::options().read(true).custom_flags(O_PATH).open(path).unwrap();
        let Err(TryLockError::Error(error)) = file.try_lock() else {
            panic!("it can be locked")
        };
        assert!(is_unsupported(&error), "{error}");
        file
    }

    /// A child that another test has started has copies of the locks that were dropped here, until it executes its program.
    fn when_free<T>(attempt: impl Fn() -> Result<T, OpenError>) -> T {
        let give_up = Instant::now() + Duration::from_secs(180);
        loop {
            match attempt() {
                Err(OpenError::InUse { .. } | OpenError::Busy { .. }) if Instant::now() < give_up => {
                    sleep(Duration::from_millis(5));
                }
                ended => return ended.unwrap(),
            }
        }
    }

    fn lock_file(folder: &DataFolder) -> File {
        let path = folder.file(LOCK_FILE);
        make_private(&path).unwrap();
        File::options().read(true).write(true).open(path).unwrap()
    }

    #[test]
    fn without_locks_on_folders_the_lock_file_keeps_a_second_server_away() {
        let directory = tempfile::tempdir().unwrap();
        let folder = DataFolder::prepare(directory.path()).unwrap();
        let lock = folder
            .lock_both(without_locks(directory.path()), Some(lock_file(&folder)))
            .unwrap();
        let second = folder.lock_both(without_locks(directory.path()), Some(lock_file(&folder)));
        assert!(matches!(second, Err(OpenError::InUse { .. })));
        drop(lock);
        when_free(|| folder.lock_both(without_locks(directory.path()), Some(lock_file(&folder))));
    }

    #[test]
    fn without_locks_on_the_lock_file_whoever_has_locked_the_folder_counts_as_a_server() {
        let directory = tempfile::tempdir().unwrap();
        let folder = DataFolder::prepare(directory.path()).unwrap();
        drop(lock_file(&folder));
        let attempt = || {
            let unlocked = without_locks(&folder.file(LOCK_FILE));
            folder.lock_both(File::open(directory.path()).unwrap(), Some(unlocked))
        };
        let server = attempt().unwrap();
        server.serve().unwrap();
        assert!(matches!(attempt(), Err(OpenError::InUse { .. })));
        drop(server);
        assert!(when_free(attempt).is_held());
    }

    #[test]
    fn a_command_is_told_from_a_server() {
        let directory = tempfile::tempdir().unwrap();
        let folder = DataFolder::prepare(directory.path()).unwrap();
        for makes_file in [false, true] {
            let command = when_free(|| match makes_file {
                true => folder.lock(),
                false => folder.try_lock_unchanged(),
            });
            assert_eq!(folder.file(LOCK_FILE).exists(), makes_file);
            for second in [folder.lock(), folder.try_lock_unchanged()] {
                assert!(matches!(second, Err(OpenError::Busy { .. })));
            }
            drop(command);
            fs::remove_file(folder.file(LOCK_FILE)).unwrap();
        }
        let server = when_free(|| folder.lock());
        when_free(|| server.serve());
        for second in [folder.lock(), folder.try_lock_unchanged()] {
            assert!(matches!(second, Err(OpenError::InUse { .. })));
        }
        // The folder is still locked.
        fs::remove_file(folder.file(LOCK_FILE)).unwrap();
        assert!(matches!(folder.lock(), Err(OpenError::Busy { .. })));
        drop(server);
        assert!(when_free(|| folder.lock()).is_held());
    }

    #[test]
    fn without_any_locks_a_server_starts_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let folder = DataFolder::prepare(directory.path()).unwrap();
        drop(lock_file(&folder));
        let unlocked = without_locks(&folder.file(LOCK_FILE));
        folder
            .lock_both(without_locks(directory.path()), Some(unlocked))
            .unwrap();
    }

    #[test]
    fn a_sandbox_that_rejects_the_question_keeps_no_server_from_starting() {
        for error in [Errno::PERM, Errno::NOSYS, Errno::NOENT, Errno::INVAL, Errno::IO] {
            assert!(!is_refusal(error), "{error}");
        }
        assert!(is_refusal(Errno::ACCESS) && is_refusal(Errno::ROFS));
    }

    #[test]
    fn other_errors_are_not_taken_for_a_lack_of_locks() {
        for error in [Errno::WOULDBLOCK, Errno::INTR, Errno::IO, Errno::ACCESS] {
            assert!(!is_unsupported(&error.into()), "{error}");
        }
    }
}
