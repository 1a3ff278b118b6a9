//! The certificates that this machine trusts, read again when they change.
//!
//! Streams, connection tests and alerts share one store. A connection is checked against what is trusted when it is made.

use std::{
    env,
    ffi::OsStr,
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustls::Error;

use super::tls::Trust;
use crate::error_chain;

/// How often the files are looked at, at most.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Clones share the store.
#[derive(Clone)]
pub(super) struct TrustStore(Arc<Mutex<State>>);

struct State {
    source: Source,
    /// `None` until the first connection by TLS.
    trust: Option<Trust>,
    /// Of the files that `trust` was read from.
    fingerprint: u64,
    checked_at: Option<Instant>,
    revision: u64,
}

/// Where trusted certificates come from.
enum Source {
    Machine,
    #[cfg(test)]
    Fixed,
}

impl TrustStore {
    pub(super) fn of_this_machine() -> Self {
        Self::new(Source::Machine, None)
    }

    #[cfg(test)]
    pub(super) fn fixed(trust: Trust) -> Self {
        Self::new(Source::Fixed, Some(trust))
    }

    fn new(source: Source, trust: Option<Trust>) -> Self {
        Self(Arc::new(Mutex::new(State {
            source,
            trust,
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
                let trust = Trust::of_this_machine()?;
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
    /// Reads the certificates again if their files have changed. What cannot be read changes nothing.
    fn refresh(&mut self) {
        let is_recent = |checked_at: Instant| checked_at.elapsed() < CHECK_INTERVAL;
        if !matches!(self.source, Source::Machine) || self.checked_at.is_some_and(is_recent) {
            return;
        }
        let is_first = self.checked_at.replace(Instant::now()).is_none();
        let fingerprint = fingerprint();
        if is_first {
            self.fingerprint = fingerprint;
        }
        if self.fingerprint == fingerprint {
            return;
        }
        match Trust::of_this_machine() {
            Ok(trust) => {
                self.fingerprint = fingerprint;
                tracing::info!("The trusted certificates of this machine have changed and were reloaded.");
                self.trust = Some(trust);
                self.revision += 1;
            }
            Err(error) => tracing::warn!(
                error = error_chain(&error),
                "The trusted certificates of this machine have changed but could not be read; the previous ones stay in use."
            ),
        }
    }
}

/// Changes with any file that certificates are read from. Where the operating system keeps them otherwise (macOS and
/// Windows), it is asked about each certificate anyway.
fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in certificate_paths() {
        hash_file(&path, &mut hasher);
        let Ok(entries) = fs::read_dir(&path) else { continue };
        let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort_unstable();
        entries.iter().for_each(|entry| hash_file(entry, &mut hasher));
    }
    hasher.finish()
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

/// Links are followed: a certificate is replaced where the link points to.
fn hash_file(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let metadata = fs::metadata(path).ok();
    let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    (metadata.map(|metadata| metadata.len()), changed).hash(hasher);
}
