//! Adding events: from any task to the writing thread and back.

use domain::{Timestamp, event::AuditEvent, event::EventId};
use tokio::sync::oneshot;

use super::{AppendError, EventLog, writer::Job};

/// Bodies that may wait for the writer; beyond that, clients are told to come back.
pub const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// The ids of a request's events, in order, and how many of them were new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    pub ids: Vec<EventId>,
    pub stored: usize,
    /// Which events of the request were not stored, although they say something else than the event that is stored under
    /// their id: counted from 0, in order.
    pub conflicts: Vec<usize>,
}

impl EventLog {
    /// Appends the events of one request and waits until they are on disk.
    ///
    /// # Errors
    /// [`AppendError`]; then nothing of the request was stored.
    pub async fn append(
        &self,
        source: &str,
        received_at: Timestamp,
        events: Vec<AuditEvent>,
    ) -> Result<Appended, AppendError> {
        let (answer, answered) = oneshot::channel();
        self.writer.submit(Job {
            source: source.into(),
            received_at,
            events,
            answer,
        })?;
        answered.await.unwrap_or(Err(AppendError::Stopped))
    }
}
