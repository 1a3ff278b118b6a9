//! What every sink is: how it sends, what it reports, and what it is set up with.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ::http::HeaderValue;
use async_trait::async_trait;
use domain::{FieldErrors, Timestamp, ids::Seq, policy::Outcome};
use url::Url;

use crate::{
    lineage::Lineage,
    log::LoggedEvent,
    net::{ClientError, TlsError},
};

/// What every request says of who sends it.
pub(crate) const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("audit-streams/", env!("CARGO_PKG_VERSION")));

/// What one attempt came to, and what is worth keeping of it when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub outcome: Outcome,
    /// What happened in words, without anything secret; empty after a success.
    pub reason: String,
    /// The start of the answer's body, at most 4 KiB; empty after a success.
    pub response: String,
    pub duration: Duration,
}

/// What the events of one request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SendReport {
    /// Holds for every event that `parts` does not name.
    pub whole: Report,
    /// Events that fared otherwise, by their position in the request.
    pub parts: BTreeMap<usize, Report>,
    /// How long the destination took to answer, without connecting, if that depends only on how busy it is.
    pub latency: Option<Duration>,
}

impl SendReport {
    /// The latency says nothing.
    #[must_use]
    pub(crate) fn without_latency(self) -> Self {
        Self { latency: None, ..self }
    }
}

impl From<Report> for SendReport {
    fn from(whole: Report) -> Self {
        Self {
            whole,
            parts: BTreeMap::new(),
            latency: None,
        }
    }
}

/// How events are put into requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batching {
    /// One event a request.
    Single,
    /// Whatever is ready, up to so many events and bytes of their bodies.
    Ready { events: usize, bytes: usize },
    /// Batches of the log, one after the other, each under bounds that are stored before it is sent, so that a repeat sends the
    /// same. Each event counts a byte more than its body, for what stands between them. A batch is closed when it is full or has waited for so long; `at_once` if events wait only while another batch is there.
    Batches {
        events: usize,
        bytes: usize,
        age: Duration,
        at_once: bool,
    },
}

/// The bounds of a stretch of the log that is sent as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub first: Seq,
    pub last: Seq,
    /// When it was closed.
    pub closed_at: Timestamp,
}

/// Sends to one destination.
#[async_trait]
pub(crate) trait Sink: Send + Sync {
    fn batching(&self) -> Batching;

    /// The longest that one request may take.
    fn deadline(&self) -> Duration;

    /// Sends the events of one request, at least one, in log order within each entity, and reports within the deadline.
    /// `batch` holds their bounds if they are sent as a batch. Never panics, never logs an event or a secret.
    async fn send(&self, events: &[Arc<LoggedEvent>], batch: Option<Batch>) -> SendReport;
}

/// What the sinks of an instance have in common.
#[derive(Clone, Debug)]
pub struct SinkServices {
    /// Cloud Logging. If it has a path, the paths of its API begin below that.
    pub google_logging: Url,
    /// The whole address at which Google gives access tokens.
    pub google_token: Url,
    /// The longest that a batch waits to be closed.
    pub batch_age: Duration,
    /// The longest that one request may take; `None` for the timeout of each destination.
    pub deadline: Option<Duration>,
    /// The lineage of a log that was restored from a backup, which gives positions again; the engine knows it.
    pub restored: Option<Lineage>,
}

impl SinkServices {
    /// <https://cloud.google.com/logging/docs/reference/v2/rest>
    pub const GOOGLE_LOGGING: &str = "https://logging.googleapis.com";
    /// <https://developers.google.com/identity/protocols/oauth2/service-account>
    pub const GOOGLE_TOKEN: &str = "https://oauth2.googleapis.com/token";
    pub(crate) const BATCH_AGE: Duration = Duration::from_secs(60);

    /// # Errors
    /// If an address is no URL.
    pub fn new(google_logging: &str, google_token: &str, batch_age: Duration) -> Result<Self, url::ParseError> {
        Ok(Self {
            google_logging: Url::parse(google_logging)?,
            google_token: Url::parse(google_token)?,
            batch_age,
            deadline: None,
            restored: None,
        })
    }

    /// As everybody has them.
    ///
    /// # Errors
    /// None in fact: the addresses are constants.
    pub fn usual() -> Result<Self, url::ParseError> {
        Self::new(Self::GOOGLE_LOGGING, Self::GOOGLE_TOKEN, Self::BATCH_AGE)
    }
}

/// A sink could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    #[error("no connection can be set up")]
    Client(#[from] ClientError),
    #[error("the stored private key can't sign")]
    PrivateKey,
    #[error("the stored certificates or the client key can't be used")]
    Tls(#[from] TlsError),
    #[error("the stored settings break a rule")]
    Settings(#[from] FieldErrors),
}
