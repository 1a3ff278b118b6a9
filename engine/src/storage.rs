//! Whether a database file is in its place and can be written, as `/readyz` reports it.
//!
//! A file that is deleted or replaced while it is open can still be written, but after a restart everything in it would be
//! gone. So the paths are compared with the files that were opened. While they differ, nothing is written, and nothing is read
//! either: connections open a file by its path, and what is absent from another file was not removed from ours.
//!
//! The log can also be overwritten in place, which leaves device and inode as they are: `contents` finds that.
//!
//! The last write decides. After one that failed, a small write is tried every second ([`watch`]), so that a server that
//! nobody writes to recovers too.

mod contents;
mod missing;
mod watch;

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
};

pub(crate) use self::contents::Contents;
use self::contents::KnownContents;
pub(crate) use self::missing::files_are_missing;
pub(crate) use self::watch::{Due, GenerationError, begin_generation, note_changes, watch};

/// How a part of the engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    Running,
    Stopped,
    /// The last write failed.
    CannotStore,
    /// The files were deleted, replaced or overwritten.
    FilesMissing,
}

/// Makes an empty file that only its owner can read and write, if there is none. SQLite gives the files that it makes beside a
/// database the same permissions.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    const MODE: u32 = 0o600;
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path);
    match made {
        // The mode again, whatever the umask took away from it.
        Ok(file) => file.set_permissions(fs::Permissions::from_mode(MODE)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A database's files as they were opened: device and inode of each.
#[derive(Debug)]
struct OpenFiles(Vec<(PathBuf, (u64, u64))>);

impl OpenFiles {
    /// With the write-ahead log and its index, which SQLite has made by then.
    fn of(database: &Path) -> io::Result<Self> {
        let files = ["", "-wal", "-shm"].into_iter().map(|suffix| {
            let mut path = database.as_os_str().to_owned();
            path.push(suffix);
            let path = PathBuf::from(path);
            let identity = identity(&path)?;
            Ok((path, identity))
        });
        files.collect::<io::Result<_>>().map(Self)
    }

    fn are_in_place(&self) -> bool {
        let Self(files) = self;
        files
            .iter()
            .all(|(path, opened)| identity(path).is_ok_and(|found| found == *opened))
    }
}

/// Never opens the file: closing it again would end SQLite's locks on it.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// How the last write to a file ended, and whether the file is still there.
#[derive(Debug)]
pub(crate) struct WriteState {
    file: &'static str,
    fails: AtomicBool,
    opened: OnceLock<OpenFiles>,
    contents: OnceLock<KnownContents>,
    /// Locked while a transaction may change the file, so that nobody judges it by a half of the change.
    writing: Mutex<()>,
    is_missing: AtomicBool,
}

impl WriteState {
    pub(crate) const fn new(file: &'static str) -> Self {
        Self {
            file,
            fails: AtomicBool::new(false),
            opened: OnceLock::new(),
            contents: OnceLock::new(),
            writing: Mutex::new(()),
            is_missing: AtomicBool::new(false),
        }
    }

    /// The database at this path is open, and was read from.
    pub(crate) fn opened(&self, database: &Path) -> io::Result<()> {
        let files = OpenFiles::of(database)?;
        self.opened.get_or_init(|| files);
        Ok(())
    }

    /// From now on, contents that this process did not write are noticed. Every transaction has to hold [`Self::writing`].
    pub(crate) fn watch_contents(&self, path: &Path, contents: impl Contents + 'static) {
        let known = KnownContents::new(path, contents);
        self.contents.get_or_init(|| known);
    }

    /// To be held while a transaction runs, and not while [`Self::files_are_in_place`] is called.
    pub(crate) fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contents_are_ours(&self) -> bool {
        let Some(contents) = self.contents.get() else {
            return true;
        };
        if contents.are_unchanged() {
            return true;
        }
        match self.writing.try_lock() {
            Ok(_writing) => contents.check(),
            Err(TryLockError::Poisoned(_writing)) => contents.check(),
            // A long checkpoint must not delay everybody.
            Err(TryLockError::WouldBlock) => contents.seem_ours() || self.check_when_written(contents),
        }
    }

    fn check_when_written(&self, contents: &KnownContents) -> bool {
        let _writing = self.writing();
        contents.check()
    }

    /// Compares the paths with the files that were opened.
    pub(crate) fn files_are_in_place(&self) -> bool {
        let in_place = self.opened.get().is_none_or(OpenFiles::are_in_place) && self.contents_are_ours();
        let was_missing = self.is_missing.swap(!in_place, Ordering::AcqRel);
        if !in_place && !was_missing {
            tracing::error!(
                file = self.file,
                "The file, its -wal or its -shm was deleted, replaced or overwritten while the server runs. Nothing more is \
                 stored, and streams wait: stop the server, restore the data folder from a backup, and start it again."
            );
        }
        if in_place && was_missing {
            tracing::info!(file = self.file, "The file is back in place.");
        }
        in_place
    }

    pub(crate) fn succeeded(&self) {
        if self.fails.swap(false, Ordering::AcqRel) {
            tracing::info!(file = self.file, "The file is writable again.");
        }
    }

    /// A failure that lasts is logged once.
    pub(crate) fn failed(&self) {
        if !self.fails.swap(true, Ordering::AcqRel) {
            tracing::error!(
                file = self.file,
                "The file is not writable; /readyz responds with 503 until it is."
            );
        }
    }

    pub(crate) fn fails(&self) -> bool {
        self.fails.load(Ordering::Acquire)
    }

    pub(crate) fn part(&self) -> PartState {
        if self.is_missing.load(Ordering::Acquire) {
            PartState::FilesMissing
        } else if self.fails() {
            PartState::CannotStore
        } else {
            PartState::Running
        }
    }
}
