//! The CAs of the operator's file, as all connections trust them: streams, connection tests, alerts by webhook and by e-mail.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::{Error, pki_types::CertificateDer};

use super::ca_file::CaFile;

/// Read again when the file changes. While it can't be read, what was read last stays in use, everywhere. Clones share it.
#[derive(Clone)]
pub(super) struct ExtraRoots(Arc<Mutex<State>>);

struct State {
    file: CaFile,
    /// `None` until the file was read.
    roots: Option<Vec<CertificateDer<'static>>>,
    /// Of the file that `roots` was read from.
    fingerprint: u64,
    /// Grows with every change of `roots`.
    revision: u64,
    /// Why the file can't be read now, as it was logged.
    failure: Option<String>,
}

impl ExtraRoots {
    pub(super) fn new(file: CaFile) -> Self {
        Self(Arc::new(Mutex::new(State {
            file,
            roots: None,
            fingerprint: 0,
            revision: 0,
            failure: None,
        })))
    }

    /// # Errors
    /// If the file could never be read.
    pub(super) fn roots(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let mut state = self.lock();
        state.refresh();
        state.roots.clone().ok_or_else(|| {
            let failure = state.failure.as_deref().unwrap_or_default();
            Error::General(format!("the CA file {failure}"))
        })
    }

    pub(super) fn revision(&self) -> u64 {
        let mut state = self.lock();
        state.refresh();
        state.revision
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A file that failed is read again each time: what kept it from being read may not show in the file.
    fn refresh(&mut self) {
        let mut hasher = DefaultHasher::new();
        hash_file(self.file.path(), &mut hasher);
        let fingerprint = hasher.finish();
        if self.failure.is_none() && self.roots.is_some() && self.fingerprint == fingerprint {
            return;
        }
        match self.file.read() {
            Ok(roots) => {
                if self.roots.as_ref() != Some(&roots) {
                    self.revision += 1;
                }
                (self.roots, self.fingerprint, self.failure) = (Some(roots), fingerprint, None);
            }
            Err(error) => {
                let failure = error.to_string();
                if self.failure.as_ref() != Some(&failure) {
                    tracing::warn!(
                        error = failure,
                        "The CA file can't be read; what was read from it before stays in use."
                    );
                }
                self.failure = Some(failure);
            }
        }
    }
}

/// Links are followed: a certificate is replaced where the link points to.
pub(super) fn hash_file(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let metadata = fs::metadata(path).ok();
    let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    (metadata.map(|metadata| metadata.len()), changed).hash(hasher);
}

#[cfg(test)]
mod tests {
    use super::{super::test_ca::Ca, *};

    #[test]
    fn what_was_read_last_stays_until_the_file_can_be_read_again() {
        let (one, other, folder) = (Ca::new(), Ca::new(), tempfile::tempdir().unwrap());
        let path = folder.path().join("ca.pem");
        fs::write(&path, one.pem()).unwrap();
        let roots = ExtraRoots::new(CaFile::open(path.clone()).unwrap());
        assert_eq!((roots.roots().unwrap(), roots.revision()), (vec![one.root()], 1));
        for broken in [
            Some(""),
            Some("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"),
            None,
        ] {
            match broken {
                Some(text) => fs::write(&path, text).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let shared = roots.clone();
            assert_eq!((shared.roots().unwrap(), shared.revision()), (vec![one.root()], 1));
        }
        fs::write(&path, format!("{}{}", one.pem(), other.pem())).unwrap();
        let both = vec![one.root(), other.root()];
        assert_eq!((roots.roots().unwrap(), roots.revision()), (both, 2));
    }

    #[test]
    fn a_file_that_was_never_read_is_an_error() {
        let (ca, folder) = (Ca::new(), tempfile::tempdir().unwrap());
        let path = folder.path().join("ca.pem");
        fs::write(&path, ca.pem()).unwrap();
        let roots = ExtraRoots::new(CaFile::open(path.clone()).unwrap());
        fs::remove_file(&path).unwrap();
        let failed = roots.roots().unwrap_err().to_string();
        assert!(failed.contains("the CA file can't be read"), "{failed}");
        fs::write(&path, ca.pem()).unwrap();
        assert_eq!(roots.roots(), Ok(vec![ca.root()]));
    }
}
