//! What the writing thread is asked to append, and what it answers.

use std::sync::Arc;

use domain::{
    Timestamp,
    event::{AuditEvent, EventId},
};
use tokio::sync::oneshot;

use super::AppendError;

/// Bytes of bodies that may wait for the writer; beyond that, clients are asked to retry later.
pub(crate) const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// The events of one request, and where to send the result.
pub(super) struct Job {
    pub(super) source: Arc<str>,
    pub(super) received_at: Timestamp,
    pub(super) events: Vec<AuditEvent>,
    pub(super) answer: oneshot::Sender<Result<Committed, AppendError>>,
}

impl Job {
    pub(super) fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.body.len()).sum()
    }
}

/// What the writing thread has done with the events of a request.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) ids: Vec<EventId>,
    pub(super) stored: usize,
    /// Those whose id was known, with their places in the request.
    pub(super) repeats: Vec<(usize, AuditEvent)>,
}
