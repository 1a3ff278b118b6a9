//! Folders and files that are on disk before they count.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{
    error::BackupError,
    manifest::{FileFacts, hex},
};

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

const CHUNK: usize = 1 << 20;

/// Bytes that are written before they are sent to the disk.
const SYNCED_AT_A_TIME: u64 = 8 << 20;

/// What stays free on the disk at least, so that a server whose data is on it goes on.
const RESERVE: u64 = 64 << 20;

/// The folder that a path is in.
pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Whether the disk of a folder has room for so many bytes.
///
/// # Errors
/// [`BackupError::NoRoom`], or [`BackupError::File`] if the folder can't be read.
pub(super) fn check_room(folder: &Path, bytes: u64) -> Result<(), BackupError> {
    let disk = rustix::fs::statvfs(folder).map_err(|error| BackupError::file(folder)(error.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let needed = bytes.saturating_add(RESERVE);
    // Some network filesystems don't say how large they are.
    if disk.f_blocks > 0 && free < needed {
        return Err(BackupError::NoRoom {
            path: folder.display().to_string(),
            needed: needed >> 20,
            free: free >> 20,
        });
    }
    Ok(())
}

/// Makes a folder that only its owner can use, whatever the umask. It must not exist.
pub(super) fn make_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER_MODE).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(FOLDER_MODE))
}

/// Synchronises the names in a folder with the disk.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes a new file that only its owner can use, whatever the umask.
fn create_private(path: &Path) -> io::Result<File> {
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)?;
    file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

/// Writes a new file that only its owner can use, and synchronises it with the disk.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Computes the size and the digest of a file.
pub(super) fn facts_of(path: &Path) -> io::Result<FileFacts> {
    pass(File::open(path)?, |_| Ok(()))
}

/// Makes a private copy that is on disk when this returns. Returns what was copied.
pub(super) fn copy_private(source: &Path, target: &Path) -> io::Result<FileFacts> {
    let mut copy = create_private(target)?;
    let mut unsynced = 0;
    let facts = pass(File::open(source)?, |chunk| {
        copy.write_all(chunk)?;
        unsynced += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if unsynced >= SYNCED_AT_A_TIME {
            copy.sync_data()?;
            unsynced = 0;
        }
        Ok(())
    })?;
    copy.sync_all()?;
    Ok(facts)
}

fn pass(mut file: File, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<FileFacts> {
    let (mut digest, mut bytes) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        digest.update(chunk);
        each(chunk)?;
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    Ok(FileFacts {
        bytes,
        sha256: hex(&digest.finalize()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_does_not_fit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        check_room(folder.path(), 1).unwrap();
        let refused = check_room(folder.path(), u64::MAX).unwrap_err();
        assert!(matches!(refused, BackupError::NoRoom { .. }), "{refused}");
        assert!(check_room(&folder.path().join("missing"), 1).is_err());
    }

    #[test]
    fn a_name_without_a_folder_is_in_the_present_one() {
        for (path, parent) in [("a", "."), ("b/a", "b"), ("/a", "/"), ("../a", "..")] {
            assert_eq!(parent_of(Path::new(path)), Path::new(parent));
        }
    }
}
