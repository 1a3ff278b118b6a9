//! How events are sent to each kind of destination: one folder per kind.
//!
//! A sink sends and reports; it decides nothing. What follows from a report is policy (`domain::policy`), and done by the
//! worker.

mod http;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{destination::DestinationKind, policy::Outcome};

pub use self::http::HttpSink;
use crate::{
    clock::Clock,
    log::LoggedEvent,
    net::{ClientError, GuardedClients},
    store::Destination,
};

/// What one attempt came to, and what is worth keeping of it when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub outcome: Outcome,
    /// What happened in words, without anything secret; empty after a success.
    pub reason: String,
    /// The start of the answer's body, at most 4 KiB; empty after a success.
    pub response: String,
    pub duration: Duration,
}

/// Sends to one destination.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Sends one event and reports within the kind's deadline. Never panics, never logs the event or a secret.
    async fn send(&self, event: &LoggedEvent) -> Report;
}

/// The sink for a destination as it is configured now.
///
/// # Errors
/// [`ClientError`] if no connection can be set up on this machine.
pub fn sink_for(
    destination: &Destination,
    clients: &GuardedClients,
    clock: &Clock,
) -> Result<Arc<dyn Sink>, ClientError> {
    match destination.kind {
        DestinationKind::Http => Ok(Arc::new(HttpSink::new(destination, clients, clock.clone())?)),
    }
}
