//! TLS of the listener: the certificate from files, which are read again when they change.
//!
//! A handshake uses what was loaded last. New files are loaded once they have stayed the same from one check to the next: a
//! certificate and its key are two files, and replacing both takes a moment. Files that can't be used change nothing.

mod certificate;
mod files;
#[cfg(test)]
pub(in crate::serve) mod made;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use api::web::ClientCertificate;
use domain::{Timestamp, alerts::InstanceCertificate};
use engine::clock::Clock;
use rustls::ServerConnection;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::TlsAcceptor;

pub(super) use self::files::HTTP_2;
use self::files::Loaded;
pub(crate) use self::files::{TlsFiles, TlsProblem, TlsSetting};

/// How often the files are looked at.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Between two entries in the log about certificates of clients that were rejected: anybody can send one.
const REJECTION_LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Clones share what is loaded.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    clock: Clock,
    loaded: RwLock<Loaded>,
    /// What others may know of the certificates that are loaded.
    certificates: watch::Sender<Vec<InstanceCertificate>>,
    rejection_logged_at: Mutex<Option<Instant>>,
}

/// Fingerprints of the files.
#[derive(Clone, Copy)]
struct Seen {
    /// Those that were loaded, or could not be.
    tried: u64,
    /// At the last check.
    last: u64,
}

impl Tls {
    /// # Errors
    /// Every problem of the files.
    pub(crate) fn open(files: TlsFiles, clock: Clock) -> Result<Self, Vec<TlsProblem>> {
        let loaded = files.load(clock.now())?;
        let certificates = watch::Sender::new(loaded.in_use.clone());
        Ok(Self(Arc::new(Inner {
            files,
            clock,
            loaded: RwLock::new(loaded),
            certificates,
            rejection_logged_at: Mutex::default(),
        })))
    }

    /// The certificates that are loaded, now and whenever that changes: that of the listener, and those of the CAs of clients.
    pub(super) fn certificates(&self) -> watch::Receiver<Vec<InstanceCertificate>> {
        self.0.certificates.subscribe()
    }

    /// Logs what is in use from the start.
    fn log_certificate(&self) {
        let certificate = self.loaded().certificate;
        let (names, valid_until) = (certificate.names(), certificate.valid_until);
        tracing::info!(certificate = names, %valid_until, "The server uses this TLS certificate.");
    }

    /// For the handshake of one connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.loaded().config)
    }

    /// The certificate that the client presented in the handshake.
    pub(super) fn client_certificate(session: &ServerConnection) -> Option<ClientCertificate> {
        let presented = session.peer_certificates()?.first()?;
        certificate::of_client(presented)
    }

    /// Logs a failed handshake if it was for the certificate of the client, which its owner may not expect.
    pub(super) fn note_failure(&self, peer: SocketAddr, error: &io::Error) {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        let Some(rustls::Error::InvalidCertificate(reason)) = cause else {
            return;
        };
        let mut logged_at = self
            .0
            .rejection_logged_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if logged_at.is_none_or(|at| at.elapsed() >= REJECTION_LOG_INTERVAL) {
            *logged_at = Some(Instant::now());
            tracing::warn!(%peer, reason = %reason, "The certificate of a client was rejected.");
        }
    }

    /// Runs until it is aborted.
    pub(super) async fn follow_files(self) {
        self.log_certificate();
        let mut ticks = interval(CHECK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = self.seen();
        loop {
            ticks.tick().await;
            let tls = self.clone();
            // A network file system can take its time.
            match tokio::task::spawn_blocking(move || tls.check(seen)).await {
                Ok(now) => seen = now,
                Err(error) => tracing::error!(error = %error, "The check of the TLS certificate failed."),
            }
        }
    }

    /// What is known when nothing has been checked since the start.
    fn seen(&self) -> Seen {
        let fingerprint = self.loaded().fingerprint;
        Seen {
            tried: fingerprint,
            last: fingerprint,
        }
    }

    /// Loads the files if they have changed since they were loaded, and not since the last check.
    fn check(&self, seen: Seen) -> Seen {
        let last = self.0.files.fingerprint();
        if last == seen.tried || last != seen.last {
            return Seen { last, ..seen };
        }
        match self.0.files.load(self.0.clock.now()) {
            Ok(loaded) => {
                let (names, valid_until) = (loaded.certificate.names(), loaded.certificate.valid_until);
                self.0.certificates.send_replace(loaded.in_use.clone());
                *self.0.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
                tracing::info!(certificate = names, %valid_until, "The TLS certificate was loaded again from its changed files.");
            }
            Err(problems) => tracing::error!(
                error = describe(&problems),
                certificate_in_use_valid_until = %self.valid_until(),
                "The files of the TLS certificate have changed and can't be used; the previous certificate stays in use."
            ),
        }
        Seen { tried: last, last }
    }

    fn valid_until(&self) -> Timestamp {
        self.loaded().certificate.valid_until
    }

    fn loaded(&self) -> Loaded {
        self.0.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Without the key.
impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Tls").field(&self.0.files).finish()
    }
}

fn describe(problems: &[TlsProblem]) -> String {
    let problems = problems.iter().map(|problem| format!("{} {problem}", problem.setting));
    problems.collect::<Vec<_>>().join("; ")
}
