//! Whether a database file still has the contents that this process gave it.
//!
//! Comparing size and time of change is enough as long as nothing has changed. When something has, it mostly was a checkpoint of
//! our own, so the contents decide.

use std::{
    fmt, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// What a file has to contain.
pub(crate) trait Contents: fmt::Debug + Send + Sync {
    /// Reads the file. False if it can't be read, or was not written by this process.
    fn are_ours(&self) -> bool;

    /// The same while nothing is written: from now on the file has to be as far as it is now.
    fn are_ours_from_now_on(&self) -> bool;
}

/// Size, and time of the last change in seconds and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp(u64, i64, i64);

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self(metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
    }
}

/// Contents, and the stamp of the file when they were last found to be ours.
#[derive(Debug)]
pub(super) struct KnownContents {
    path: PathBuf,
    contents: Box<dyn Contents>,
    checked: Mutex<Option<Stamp>>,
}

impl KnownContents {
    pub(super) fn new(path: &Path, contents: impl Contents + 'static) -> Self {
        Self {
            path: path.to_owned(),
            contents: Box::new(contents),
            checked: Mutex::default(),
        }
    }

    /// Whether nothing was written since the contents were ours.
    pub(super) fn are_unchanged(&self) -> bool {
        let checked = *self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        checked.is_some_and(|checked| Stamp::of(&self.path).is_ok_and(|found| found == checked))
    }

    /// Reads the contents while this process may be writing: true is certain.
    pub(super) fn seem_ours(&self) -> bool {
        self.contents.are_ours()
    }

    /// Reads the contents. Nothing in this process may write meanwhile.
    pub(super) fn check(&self) -> bool {
        // Before the contents are read: what changes meanwhile is noticed the next time.
        let Ok(stamp) = Stamp::of(&self.path) else { return false };
        let are_ours = self.contents.are_ours_from_now_on();
        if are_ours {
            *self.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        }
        are_ours
    }
}
