//! How the connections of one destination are trusted, beyond what those of all are.

use std::{fmt, sync::Arc};

use domain::destination::TlsSettings;
use rustls::{
    Error, RootCertStore,
    client::ResolvesClientCert,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};

/// What a destination says about TLS. Clones share the key; `Debug` does not show it.
#[derive(Clone, Default)]
pub(crate) struct TlsOptions {
    /// CAs that are trusted in addition.
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) identity: Option<Arc<SingleCertAndKey>>,
    /// Our own certificate.
    pub(super) certificate: Option<CertificateDer<'static>>,
    /// Instead of the host of the URL.
    pub(super) server_name: Option<ServerName<'static>>,
    pub(super) skips_verification: bool,
}

/// Settings that no connection can be made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    #[error("a CA certificate can't be used")]
    Root,
    #[error("the client key can't sign")]
    Key,
    #[error("the client certificate can't be used")]
    Certificate,
    #[error("the client key does not belong to the client certificate")]
    Mismatch,
    #[error("the server name is invalid")]
    ServerName,
    #[error("no crypto provider is installed")]
    NoProvider,
}

impl TlsOptions {
    /// `key` is that of the client certificate, in PEM form; empty without one.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(crate) fn new(settings: &TlsSettings, key: &str) -> Result<Self, TlsError> {
        let owned = |der: &[u8]| CertificateDer::from(der.to_vec());
        let chain: Vec<_> = settings.client_certificate.iter().map(owned).collect();
        let roots: Vec<_> = settings.ca_certificates.iter().map(owned).collect();
        if !roots.iter().all(|root| trusted_root(root).is_some()) {
            return Err(TlsError::Root);
        }
        let server_name = settings.server_name.clone().map(ServerName::try_from).transpose();
        Ok(Self {
            roots,
            certificate: chain.first().cloned(),
            identity: match chain.is_empty() {
                true => None,
                false => Some(Arc::new(certified(chain, key)?.into())),
            },
            server_name: server_name.map_err(|_| TlsError::ServerName)?,
            skips_verification: !settings.verify,
        })
    }

    /// Whether connections are trusted as all are.
    pub(super) const fn is_usual(&self) -> bool {
        self.roots.is_empty() && self.identity.is_none() && self.server_name.is_none() && !self.skips_verification
    }

    pub(super) fn resolver(&self) -> Option<Arc<dyn ResolvesClientCert>> {
        let identity = self.identity.as_ref()?;
        Some(Arc::<SingleCertAndKey>::clone(identity))
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TlsOptions(..)")
    }
}

fn certified(chain: Vec<CertificateDer<'static>>, key: &str) -> Result<CertifiedKey, TlsError> {
    let provider = provider().map_err(|_| TlsError::NoProvider)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| TlsError::Key)?;
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        Error::InconsistentKeys(_) => TlsError::Mismatch,
        Error::InvalidCertificate(_) => TlsError::Certificate,
        _ => TlsError::Key,
    })
}

/// Whether this certificate, in DER form, can be that of a trusted CA.
pub(crate) fn trusted_root(der: &[u8]) -> Option<()> {
    RootCertStore::empty().add(CertificateDer::from(der.to_vec())).ok()
}

/// That of the process.
///
/// # Errors
/// If none was installed.
pub(super) fn provider() -> Result<Arc<CryptoProvider>, Error> {
    let missing = || Error::General("no crypto provider is installed".to_owned());
    CryptoProvider::get_default().cloned().ok_or_else(missing)
}
