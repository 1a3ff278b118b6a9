//! From a request body to events on disk: all of them or none.

use domain::{
    Timestamp,
    event::{AuditEvent, BodyError, EventError, Received, split_body},
};

use crate::{
    Engine,
    log::{AppendError, Appended},
    own_events::fresh_id,
};

/// Above this, parsing would keep other requests of the same thread waiting.
const PARSE_INLINE_BYTES: usize = 256 * 1024;

/// Why nothing of a request was stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Body(#[from] BodyError),
    /// `index` counts events from 0.
    #[error("event {index}: {error}")]
    Event { index: usize, error: EventError },
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Engine {
    /// Stores the events of one request body: an object, an array, or JSON Lines. `source` is the name of the token that
    /// posted them. When this returns `Ok`, they are on disk.
    ///
    /// # Errors
    /// [`IngestError`]; nothing of the request was stored.
    pub async fn ingest(&self, source: &str, body: bytes::Bytes) -> Result<Appended, IngestError> {
        let received_at = self.clock().now();
        let events = if body.len() > PARSE_INLINE_BYTES {
            let parsed = tokio::task::spawn_blocking(move || parse(&body, received_at)).await;
            parsed.unwrap_or(Err(IngestError::Append(AppendError::Failed)))?
        } else {
            parse(&body, received_at)?
        };
        Ok(self.log().append(source, received_at, events).await?)
    }
}

fn parse(body: &[u8], received_at: Timestamp) -> Result<Vec<AuditEvent>, IngestError> {
    let received = Received { received_at, fresh_id };
    let events = split_body(body)?
        .into_iter()
        .enumerate()
        .map(|(index, json)| AuditEvent::parse(json, &received).map_err(|error| IngestError::Event { index, error }));
    events.collect()
}
