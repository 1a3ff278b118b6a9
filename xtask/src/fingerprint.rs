//! Content hashes: what names a web asset, and what tells whether a step's inputs have changed since it last ran.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The hash of some bytes as 16 hexadecimal digits: enough to tell apart the versions of one file.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)).chars().take(16).collect()
}

/// Collects the inputs of a step into one hash.
#[derive(Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.part(text.as_bytes());
        self
    }

    pub(crate) fn file(mut self, file: &Path) -> Result<Self> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        self.part(&bytes);
        Ok(self)
    }

    /// Every file below a folder, by name and content. A folder that does not exist counts as empty.
    pub(crate) fn folder(mut self, folder: &Path) -> Result<Self> {
        for file in files_below(folder)? {
            let name = file
                .strip_prefix(folder)
                .unwrap_or(&file)
                .to_string_lossy()
                .into_owned();
            self.part(name.as_bytes());
            self = self.file(&file)?;
        }
        Ok(self)
    }

    pub(crate) fn finish(self) -> String {
        hex(&self.0.finalize())
    }

    /// The length goes in first, so that no two different lists of parts make the same hash.
    fn part(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_string());
        self.0.update(b":");
        self.0.update(bytes);
    }
}

/// Whether the stamp at `file` holds this fingerprint.
pub(crate) fn stamp_matches(file: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|stamp| stamp == fingerprint)
}

/// All files below a folder in a stable order.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_changes_with_content_name_and_boundary() {
        let dir = tempfile::tempdir().unwrap();
        let print = || Fingerprint::default().folder(dir.path()).unwrap().finish();
        let empty = print();
        fs::write(dir.path().join("a"), "1").unwrap();
        let one = print();
        fs::rename(dir.path().join("a"), dir.path().join("b")).unwrap();
        let renamed = print();
        fs::write(dir.path().join("b"), "2").unwrap();
        let changed = print();
        let all = [&empty, &one, &renamed, &changed];
        assert!(
            all.iter()
                .enumerate()
                .all(|(i, a)| all.iter().skip(i + 1).all(|b| a != b)),
            "{all:?}"
        );
        assert_ne!(
            Fingerprint::default().text("ab").text("c").finish(),
            Fingerprint::default().text("a").text("bc").finish()
        );
    }

    #[test]
    fn the_short_hash_is_sixteen_hexadecimal_digits() {
        assert_eq!(short_hash(b""), "e3b0c44298fc1c14");
    }
}
