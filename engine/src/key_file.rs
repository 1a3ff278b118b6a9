//! `secret.key`: the encryption key of the instance, readable by its owner alone.
//!
//! The file contains one key in base64. While the key is rotated, it contains two lines: the key so far, and the next one. The store
//! knows the id of the key that its secrets are encrypted with (`instance.key_id`), which changes in the transaction that encrypts
//! them again. So whichever moment a rotation ends at, the file contains the key that the store needs. The next start removes
//! the other one. Before any of that, the key so far is copied to `secret.key.<id>`: backups that were made before need it.
//!
//! The file is replaced as a whole: written beside it, synchronised, and renamed.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::vault::{KeyError, KeyId, Vault, random};

const MODE: u32 = 0o600;

/// What the name of a file ends with while it is written.
const UNFINISHED: &str = ".new";

/// A key as it stands in the file. It has no `Debug` that would show it.
pub(crate) struct KeyText(String);

impl KeyText {
    /// A new random key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub(crate) fn generate() -> Result<Self, KeyError> {
        let key = random::<32>().map_err(|_| KeyError::NoRandomness)?;
        Ok(Self(STANDARD.encode(key)))
    }

    /// A key that somebody chose.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// # Errors
    /// [`KeyError::Malformed`].
    pub(crate) fn vault(&self) -> Result<Vault, KeyError> {
        Vault::from_base64(&self.0)
    }
}

/// The keys in the file, mostly one; `None` if there is no file.
///
/// # Errors
/// [`KeyError`] if the file can't be read or understood.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<KeyText>>, KeyError> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| damaged(path))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(path, source)),
    };
    let keys: Vec<KeyText> = text.lines().map(KeyText::new).filter(|key| !key.0.is_empty()).collect();
    let are_keys = keys.iter().all(|key| key.vault().is_ok());
    if are_keys && (1..=2).contains(&keys.len()) {
        Ok(Some(keys))
    } else {
        Err(damaged(path))
    }
}

/// The key with this id, or the first one if no id is known.
///
/// # Errors
/// [`KeyError`] if a key is malformed, which [`read`] has ruled out.
pub(crate) fn find(keys: Vec<KeyText>, wanted: Option<KeyId>) -> Result<Option<KeyText>, KeyError> {
    for key in keys {
        if wanted.is_none_or(|wanted| key.vault().is_ok_and(|vault| vault.id() == wanted)) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Makes the file with this key, which is on disk when this returns. A file that is there is left as it is.
///
/// # Errors
/// [`KeyError::File`], also if the file is there.
pub(crate) fn create(path: &Path, key: &KeyText) -> Result<(), KeyError> {
    let make = || {
        let mut file = File::options().write(true).create_new(true).mode(MODE).open(path)?;
        file.write_all(key.0.as_bytes())?;
        file.sync_all()
    };
    make().map_err(|source| failed(path, source))
}

/// Copies a key that is about to be replaced to a file of its own, which is on disk when this returns.
///
/// # Errors
/// [`KeyError::File`].
pub(crate) fn keep(path: &Path, key: &KeyText) -> Result<(), KeyError> {
    write(&beside(path, &format!(".{}", key.vault()?.id())), &[key])
}

/// Replaces the file by one with these keys, which is on disk when this returns.
///
/// # Errors
/// [`KeyError::File`]; the file is as it was, or has the new keys.
pub(crate) fn write(path: &Path, keys: &[&KeyText]) -> Result<(), KeyError> {
    let lines: Vec<&str> = keys.iter().map(|key| key.0.as_str()).collect();
    replace(path, &lines.join("\n")).map_err(|source| failed(path, source))
}

/// Removes what a rotation that was interrupted has left in the file and beside it. Returns whether there was anything.
///
/// # Errors
/// [`KeyError::File`]; the file has the key that is needed all the same.
pub(crate) fn tidy(path: &Path, needed: KeyId) -> Result<bool, KeyError> {
    let mut left = false;
    for file in unfinished_beside(path).map_err(|source| failed(path, source))? {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&file, error)),
            removed => left |= removed.is_ok(),
        }
    }
    let keys = read(path)?.unwrap_or_default();
    if keys.len() < 2 {
        return Ok(left);
    }
    if let Some(key) = find(keys, Some(needed))? {
        write(path, &[&key])?;
    }
    Ok(true)
}

/// What [`replace`] has left of the file, and of copies of earlier keys.
fn unfinished_beside(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![unfinished(path), unfinished(&target_of(path)?)];
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(found);
    };
    let start = format!("{}.", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(&start) && name.ends_with(UNFINISHED) {
            found.push(path);
        }
    }
    Ok(found)
}

/// A link stays one: what it points to is replaced.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        target => target,
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = &target_of(path)?;
    let new = unfinished(path);
    let replaced = write_new(&new, path, text).and_then(|()| fs::rename(&new, path));
    if let Err(error) = replaced {
        // It may contain keys.
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(error = %error, path = %new.display(), "What was written of a key file can't be removed. It may contain keys.");
        }
        return Err(error);
    }
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn write_new(new: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(new)?;
    // Again, whatever the umask or an earlier file has made of the mode.
    file.set_permissions(fs::Permissions::from_mode(MODE))?;
    leave_to_owner(&file, path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The file belongs to the owner of the one that it replaces, or of the folder: if root runs a command, the server must still be able to read it.
fn leave_to_owner(file: &File, path: &Path) -> io::Result<()> {
    let owner = match (fs::metadata(path), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => fs::metadata(folder)?,
        (replaced, _) => replaced?,
    };
    if owner.uid() == file.metadata()?.uid() {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}

fn unfinished(path: &Path) -> PathBuf {
    beside(path, UNFINISHED)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn damaged(path: &Path) -> KeyError {
    KeyError::DamagedFile {
        path: path.display().to_string(),
    }
}

fn failed(path: &Path, source: io::Error) -> KeyError {
    KeyError::File {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(key: &KeyText) -> KeyId {
        key.vault().unwrap().id()
    }

    #[test]
    fn keys_come_back_and_the_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        assert!(read(&path).unwrap().is_none());
        let (one, other) = (KeyText::generate().unwrap(), KeyText::generate().unwrap());
        write(&path, &[&one, &other]).unwrap();
        let keys = || read(&path).unwrap().unwrap();
        assert_eq!(keys().iter().map(id).collect::<Vec<_>>(), [id(&one), id(&other)]);
        let found = |wanted| find(keys(), wanted).unwrap().as_ref().map(id);
        assert_eq!(found(None), Some(id(&one)));
        assert_eq!(found(Some(id(&other))), Some(id(&other)));
        write(&path, &[&other]).unwrap();
        assert_eq!(find(keys(), Some(id(&one))).unwrap().as_ref().map(id), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// Only root can give files away.
    #[test]
    fn what_root_writes_belongs_to_the_owner_of_the_file_or_the_folder() {
        const USER: u32 = 65_534;
        let folder = tempfile::tempdir().unwrap();
        if std::os::unix::fs::chown(folder.path(), Some(USER), Some(USER)).is_err() {
            assert_ne!(
                fs::metadata(folder.path()).unwrap().uid(),
                0,
                "root can't give a folder away"
            );
            return;
        }
        let path = folder.path().join("secret.key");
        for _ in 0..2 {
            write(&path, &[&KeyText::generate().unwrap()]).unwrap();
            let made = fs::metadata(&path).unwrap();
            assert_eq!((made.uid(), made.gid()), (USER, USER));
        }
    }

    #[test]
    fn a_link_stays_a_link_and_a_file_that_is_there_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("secret.key"), folder.path().join("target"));
        let (one, other) = (KeyText::generate().unwrap(), KeyText::generate().unwrap());
        create(&target, &one).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        write(&path, &[&one, &other]).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        let unfinished = ["target.new", "secret.key.0123abcd.new"].map(|name| folder.path().join(name));
        for path in &unfinished {
            fs::write(path, "half a key").unwrap();
        }
        assert!(tidy(&path, id(&other)).unwrap());
        assert!(!unfinished.iter().any(|path| path.exists()));
        assert!(!tidy(&path, id(&other)).unwrap());
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert!(matches!(create(&path, &one), Err(KeyError::File { .. })));
        let keys = read(&target).unwrap().unwrap();
        assert_eq!(keys.iter().map(id).collect::<Vec<_>>(), [id(&other)]);
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, MODE);
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let keys = [KeyText::generate().unwrap(), KeyText::generate().unwrap()];
        write(&path, &[&keys[0], &keys[1]]).unwrap();
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            // After 44 characters and the end of the line, the first key is whole.
            assert_eq!(read(&path).is_ok(), [44, 45].contains(&length), "{length}");
        }
        fs::write(&path, [0xff; 44]).unwrap();
        assert!(matches!(read(&path), Err(KeyError::DamagedFile { .. })));
    }
}
