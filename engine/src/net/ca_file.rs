//! Certificates of CAs that the operator trusts for all connections of the instance, beside those of the machine.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::tls_options::trusted_root;

/// A file of certificates in PEM form, which has been read once. Clones share its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFile(Arc<Path>);

/// The file is of no use. The messages follow the name of the setting.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    #[error("can't be read: {0}")]
    Unreadable(io::Error),
    #[error("has no certificate in PEM form")]
    Empty,
    #[error("is damaged: certificate {0} can't be read")]
    Damaged(usize),
}

impl CaFile {
    /// # Errors
    /// [`CaFileError`] if there is nothing in the file that could be trusted.
    pub fn open(path: PathBuf) -> Result<Self, CaFileError> {
        let file = Self(path.into());
        file.read()?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The certificates as they are in the file now, at least one.
    pub(super) fn read(&self) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
        let text = std::fs::read(&self.0).map_err(CaFileError::Unreadable)?;
        let mut roots = Vec::new();
        for (certificate, number) in CertificateDer::pem_slice_iter(&text).zip(1..) {
            let certificate = certificate.map_err(|_| CaFileError::Damaged(number))?;
            trusted_root(&certificate).ok_or(CaFileError::Damaged(number))?;
            roots.push(certificate);
        }
        match roots.is_empty() {
            true => Err(CaFileError::Empty),
            false => Ok(roots),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::test_ca::Ca, *};

    #[test]
    fn a_file_without_a_whole_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let opened = |text: &str| {
            std::fs::write(&path, text).unwrap();
            CaFile::open(path.clone()).map_err(|error| error.to_string())
        };
        let ca = Ca::new().pem();
        assert_eq!(opened(&format!("# ours\n{ca}{ca}")).unwrap().read().unwrap().len(), 2);
        assert_eq!(opened("ours").unwrap_err(), "has no certificate in PEM form");
        let damaged = format!("{ca}-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n");
        assert_eq!(opened(&damaged).unwrap_err(), "is damaged: certificate 2 can't be read");
        let missing = CaFile::open(folder.path().join("none")).unwrap_err().to_string();
        assert!(missing.starts_with("can't be read: "), "{missing}");
    }
}
