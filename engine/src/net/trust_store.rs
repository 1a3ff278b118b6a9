//! The certificates that this machine trusts, read again when they change.
//!
//! Streams, connection tests and alerts share one store. A connection is checked against what is trusted when it is made.

use std::{
    env,
    ffi::OsStr,
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustls::{Error, pki_types::CertificateDer};

use super::{
    ca_file::CaFile,
    extra_roots::{ExtraRoots, hash_file},
    tls::Trust,
    tls_options::TlsOptions,
};
use crate::error_chain;

/// How often the files are looked at, at most.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Clones share the store.
#[derive(Clone)]
pub(super) struct TrustStore(Arc<Mutex<State>>);

struct State {
    source: Source,
    options: TlsOptions,
    /// `None` until the first connection by TLS.
    trust: Option<Trust>,
    /// Of the files that `trust` was read from.
    fingerprint: u64,
    checked_at: Option<Instant>,
    revision: u64,
}

/// Where trusted certificates come from.
#[derive(Clone)]
enum Source {
    /// And a file of the operator's.
    Machine(Option<ExtraRoots>),
    #[cfg(test)]
    Fixed(Vec<CertificateDer<'static>>),
}

impl TrustStore {
    /// Certificates in the file are trusted in addition.
    pub(super) fn of_this_machine(ca_file: Option<CaFile>) -> Self {
        let extra_roots = ca_file.map(ExtraRoots::new);
        Self::new(Source::Machine(extra_roots), TlsOptions::default())
    }

    #[cfg(test)]
    pub(super) fn fixed(roots: Vec<CertificateDer<'static>>) -> Self {
        Self::new(Source::Fixed(roots), TlsOptions::default())
    }

    /// What one destination trusts, on top of all that is trusted here.
    pub(super) fn with_options(&self, options: TlsOptions) -> Self {
        match options.is_usual() {
            true => self.clone(),
            false => Self::new(self.lock().source.clone(), options),
        }
    }

    /// What the operator trusts beside the machine's certificates.
    ///
    /// # Errors
    /// If the file could never be read.
    pub(super) fn extra_roots(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let source = self.lock().source.clone();
        source.extra_roots()
    }

    fn new(source: Source, options: TlsOptions) -> Self {
        Self(Arc::new(Mutex::new(State {
            source,
            options,
            trust: None,
            fingerprint: 0,
            checked_at: None,
            revision: 0,
        })))
    }

    /// What is trusted now.
    ///
    /// # Errors
    /// If no certificate is trusted on this machine, or there is no crypto provider.
    pub(super) fn current(&self) -> Result<Trust, Error> {
        let mut state = self.lock();
        state.refresh();
        match &state.trust {
            Some(trust) => Ok(trust.clone()),
            None => {
                let trust = state.read()?;
                state.trust = Some(trust.clone());
                Ok(trust)
            }
        }
    }

    /// Grows when the trusted certificates have changed: an open connection may be to a server that is no longer trusted.
    pub(super) fn revision(&self) -> u64 {
        let mut state = self.lock();
        state.refresh();
        state.revision
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TrustStore(..)")
    }
}

impl State {
    fn read(&self) -> Result<Trust, Error> {
        Trust::of_this_machine(self.source.extra_roots()?, &self.options)
    }

    /// Reads the certificates again if their files have changed. What cannot be read changes nothing.
    fn refresh(&mut self) {
        let is_recent = |checked_at: Instant| checked_at.elapsed() < CHECK_INTERVAL;
        if !self.source.can_change() || self.checked_at.is_some_and(is_recent) {
            return;
        }
        let is_first = self.checked_at.replace(Instant::now()).is_none();
        let fingerprint = self.source.fingerprint();
        if is_first {
            self.fingerprint = fingerprint;
        }
        if self.fingerprint == fingerprint {
            return;
        }
        match self.read() {
            Ok(trust) => {
                self.fingerprint = fingerprint;
                tracing::info!("The trusted certificates have changed and were reloaded.");
                self.trust = Some(trust);
                self.revision += 1;
            }
            Err(error) => tracing::warn!(
                error = error_chain(&error),
                "The trusted certificates have changed but could not be read; the previous ones stay in use."
            ),
        }
    }
}

impl Source {
    const fn can_change(&self) -> bool {
        match self {
            Self::Machine(_) => true,
            #[cfg(test)]
            Self::Fixed(_) => false,
        }
    }

    fn extra_roots(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        match self {
            Self::Machine(None) => Ok(Vec::new()),
            Self::Machine(Some(extra)) => extra.roots(),
            #[cfg(test)]
            Self::Fixed(roots) => Ok(roots.clone()),
        }
    }

    /// Changes with any file that certificates are read from. Where the operating system keeps them otherwise (macOS and
    /// Windows), it is asked about each certificate anyway.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        if let Self::Machine(Some(extra)) = self {
            extra.revision().hash(&mut hasher);
        }
        for path in certificate_paths() {
            hash_file(&path, &mut hasher);
            let Ok(entries) = fs::read_dir(&path) else { continue };
            let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            entries.sort_unstable();
            entries.iter().for_each(|entry| hash_file(entry, &mut hasher));
        }
        hasher.finish()
    }
}

/// As `rustls-native-certs` finds them: the variables, or else the usual places of the distributions.
fn certificate_paths() -> Vec<PathBuf> {
    let file = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let folders = env::var_os("SSL_CERT_DIR");
    let folders = env::split_paths(folders.as_deref().unwrap_or(OsStr::new("")));
    let named: Vec<PathBuf> = file
        .into_iter()
        .chain(folders)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if !named.is_empty() {
        return named;
    }
    let usual = openssl_probe::probe();
    usual.cert_file.into_iter().chain(usual.cert_dir).collect()
}
