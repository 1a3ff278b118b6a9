//! The files of the listener's certificate and key: reading and checking them.

use std::{
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::{Timestamp, alerts::InstanceCertificate};
use rustls::{
    Error, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
};

use super::certificate::{CertificateFacts, of_client_ca, of_listener};

/// HTTP/2 in the negotiation of the protocol (ALPN).
pub(in crate::serve) const HTTP_2: &[u8] = b"h2";

/// The protocols of requests, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [HTTP_2, b"http/1.1"];

/// What the settings name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Certificates of authorities that vouch for clients.
    pub(crate) client_ca: Option<PathBuf>,
}

/// The settings that name files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsSetting {
    Certificate,
    Key,
    ClientCa,
}

/// Why a file can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsProblem {
    pub(crate) setting: TlsSetting,
    path: PathBuf,
    /// Continues the path.
    what: String,
}

/// What verifies the certificates of clients, and the CAs that it trusts.
type Clients = (Arc<dyn ClientCertVerifier>, Vec<InstanceCertificate>);

/// What the listener uses.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) certificate: CertificateFacts,
    /// What others may know of the certificates: of the listener, and of the CAs of clients.
    pub(super) in_use: Vec<InstanceCertificate>,
    /// Of the files, from before they were read.
    pub(super) fingerprint: u64,
}

impl TlsSetting {
    /// The flag and the environment variable.
    pub(crate) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Certificate => ("--tls-cert", "AUDIT_STREAMS_TLS_CERT"),
            Self::Key => ("--tls-key", "AUDIT_STREAMS_TLS_KEY"),
            Self::ClientCa => ("--client-ca", "AUDIT_STREAMS_CLIENT_CA"),
        }
    }
}

impl fmt::Display for TlsSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (flag, variable) = self.names();
        write!(formatter, "{flag} ({variable})")
    }
}

/// Follows the names of the setting.
impl fmt::Display for TlsProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "names {}, {}", self.path.display(), self.what)
    }
}

impl TlsFiles {
    /// # Errors
    /// Every problem of the files.
    pub(super) fn load(&self, now: Timestamp) -> Result<Loaded, Vec<TlsProblem>> {
        let fingerprint = self.fingerprint();
        let provider = Arc::new(ring::default_provider());
        let (chain, key, clients) = match (self.chain(now), self.key(), self.clients(&provider)) {
            (Ok(chain), Ok(key), Ok(clients)) => (chain, key, clients),
            (chain, key, clients) => {
                let problems = [chain.err(), key.err(), clients.err()];
                return Err(problems.into_iter().flatten().collect());
            }
        };
        let ((chain, certificate), (verifier, authorities)) = (chain, clients.unzip());
        let authorities = authorities.into_iter().flatten();
        let in_use = of_listener(&chain).into_iter().chain(authorities).collect();
        let certified = self.certified(chain, key, &provider).map_err(|problem| vec![problem])?;
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| vec![self.unusable(&error)])?;
        let verifies_clients = verifier.is_some();
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        if verifies_clients {
            // A resumed session would not be verified again.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Loaded {
            config: Arc::new(config),
            certificate,
            in_use,
            fingerprint,
        })
    }

    /// Changes when a file is written or replaced. Links are followed.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for path in [&self.certificate, &self.key].into_iter().chain(&self.client_ca) {
            let facts = fs::metadata(path).ok();
            let facts = facts.map(|facts| (facts.ino(), facts.len(), facts.mtime(), facts.mtime_nsec()));
            facts.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The server's certificate comes first, followed by those that vouch for it.
    fn chain(&self, now: Timestamp) -> Result<(Vec<CertificateDer<'static>>, CertificateFacts), TlsProblem> {
        let problem = |what: String| problem(TlsSetting::Certificate, &self.certificate, what);
        let chain = certificates(TlsSetting::Certificate, &self.certificate)?;
        let facts = chain.first().and_then(|first| CertificateFacts::read(first));
        let facts = facts.ok_or_else(|| problem("whose first certificate can't be read".to_owned()))?;
        if now >= facts.valid_until {
            return Err(problem(format!("whose certificate expired at {}", facts.valid_until)));
        }
        if now < facts.valid_from {
            let what = format!("whose certificate is not valid before {}", facts.valid_from);
            return Err(problem(what));
        }
        Ok((chain, facts))
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsProblem> {
        let problem = |what: &str| problem(TlsSetting::Key, &self.key, what.to_owned());
        let pem = read(TlsSetting::Key, &self.key)?;
        if is_encrypted(&pem) {
            return Err(problem(
                "whose private key is encrypted; decrypt it, for example with `openssl pkey -in encrypted.pem -out key.pem`",
            ));
        }
        PrivateKeyDer::from_pem_slice(&pem).map_err(|_| problem("which contains no private key in PEM format"))
    }

    /// Accepts clients without a certificate, too. With what is known of each CA. `None` if no client is asked for a certificate.
    fn clients(&self, provider: &Arc<CryptoProvider>) -> Result<Option<Clients>, TlsProblem> {
        let Some(path) = &self.client_ca else {
            return Ok(None);
        };
        let unusable = |error: &dyn fmt::Display| {
            let what = format!("which contains a certificate that can't be used: {error}");
            problem(TlsSetting::ClientCa, path, what)
        };
        let authorities = certificates(TlsSetting::ClientCa, path)?;
        let known = authorities.iter().filter_map(|der| of_client_ca(der)).collect();
        let mut roots = RootCertStore::empty();
        for certificate in authorities {
            roots.add(certificate).map_err(|error| unusable(&error))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let verifier = builder.allow_unauthenticated().build();
        let verifier = verifier.map_err(|error| unusable(&error))?;
        Ok(Some((verifier, known)))
    }

    fn certified(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, TlsProblem> {
        CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                let what = format!(
                    "whose key does not match the first certificate of {}",
                    TlsSetting::Certificate
                );
                problem(TlsSetting::Key, &self.key, what)
            }
            Error::InvalidCertificate(_) => self.unusable(&error),
            _ => {
                let what = "whose key can't be used; RSA keys of at least 2,048 bits, ECDSA keys (P-256 and P-384) and Ed25519 keys can";
                problem(TlsSetting::Key, &self.key, what.to_owned())
            }
        })
    }

    fn unusable(&self, error: &Error) -> TlsProblem {
        let what = format!("whose certificate can't be used: {error}");
        problem(TlsSetting::Certificate, &self.certificate, what)
    }
}

fn certificates(setting: TlsSetting, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let pem = read(setting, path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(problem(
            setting,
            path,
            "which contains no certificate in PEM format".to_owned(),
        )),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(problem(setting, path, format!("which is malformed: {error}"))),
    }
}

fn read(setting: TlsSetting, path: &Path) -> Result<Vec<u8>, TlsProblem> {
    fs::read(path).map_err(|error| problem(setting, path, format!("which can't be read: {error}")))
}

fn problem(setting: TlsSetting, path: &Path, what: String) -> TlsProblem {
    TlsProblem {
        setting,
        path: path.to_owned(),
        what,
    }
}

/// In the form of PKCS #8, or in that of old versions of OpenSSL.
fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED")
}
