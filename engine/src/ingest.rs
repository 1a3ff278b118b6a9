//! From a request body to events on disk: all of them or none.

use domain::{
    Timestamp,
    event::{AuditEvent, BodyError, EventError, EventId, EventSizeLimit, Received, split_body},
};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::{
    Engine,
    instance_events::fresh_id,
    log::{AppendError, Appended},
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
        let (received_at, limit) = (self.clock().now(), self.settings().event_size());
        self.take_in(source, body, received_at, move |body| parse(body, received_at, limit))
            .await
    }

    /// The same, where an event that brings no id gets one that follows from the source, `key`, its place in the request and
    /// what it says: the same request under the same key is stored once, and another one under that key is not lost.
    ///
    /// # Errors
    /// [`IngestError`]; nothing of the request was stored.
    pub async fn ingest_once(&self, source: &str, key: &str, body: bytes::Bytes) -> Result<Appended, IngestError> {
        let (received_at, limit) = (self.clock().now(), self.settings().event_size());
        let namespace = Sha256::new().chain_update(part(source)).chain_update(part(key));
        self.take_in(source, body, received_at, move |body| {
            parse_once(body, received_at, limit, &namespace)
        })
        .await
    }

    async fn take_in(
        &self,
        source: &str,
        body: bytes::Bytes,
        received_at: Timestamp,
        parse: impl FnOnce(&[u8]) -> Result<Vec<AuditEvent>, IngestError> + Send + 'static,
    ) -> Result<Appended, IngestError> {
        let events = if body.len() > PARSE_INLINE_BYTES {
            let parsed = tokio::task::spawn_blocking(move || parse(&body)).await;
            parsed.unwrap_or(Err(IngestError::Append(AppendError::Failed)))?
        } else {
            parse(&body)?
        };
        Ok(self.log().append(source, received_at, events).await?)
    }
}

fn parse(body: &[u8], received_at: Timestamp, limit: EventSizeLimit) -> Result<Vec<AuditEvent>, IngestError> {
    let received = Received { received_at, fresh_id };
    parse_each(body, limit, |_, json| AuditEvent::parse(json, &received))
}

fn parse_once(
    body: &[u8],
    received_at: Timestamp,
    limit: EventSizeLimit,
    namespace: &Sha256,
) -> Result<Vec<AuditEvent>, IngestError> {
    let received = Received { received_at, fresh_id };
    parse_each(body, limit, |index, json| {
        AuditEvent::parse_as(json, &received, || derived_id(namespace, index, json))
    })
}

fn parse_each(
    body: &[u8],
    limit: EventSizeLimit,
    parse: impl Fn(usize, &str) -> Result<AuditEvent, EventError>,
) -> Result<Vec<AuditEvent>, IngestError> {
    let events = split_body(body)?.into_iter().enumerate().map(|(index, json)| {
        let parsed = limit.check(json).and_then(|()| parse(index, json));
        parsed.map_err(|error| IngestError::Event { index, error })
    });
    events.collect()
}

/// A UUIDv8 of a hash.
fn derived_id(namespace: &Sha256, index: usize, json: &str) -> EventId {
    let hash = namespace
        .clone()
        .chain_update(part(&index.to_string()))
        .chain_update(json)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
    let mut buffer = Uuid::encode_buffer();
    let uuid = Builder::from_custom_bytes(bytes).into_uuid();
    let text: &str = uuid.hyphenated().encode_lower(&mut buffer);
    EventId::parse(text).unwrap_or_else(|| unreachable!("a UUID has 36 characters"))
}

/// The length goes in first, so that no two lists of parts make the same hash.
fn part(text: &str) -> String {
    format!("{}:{text}", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(source: &str, key: &str, body: &str) -> Vec<String> {
        let namespace = Sha256::new().chain_update(part(source)).chain_update(part(key));
        let events = parse_once(
            body.as_bytes(),
            Timestamp::from_unix_ms(0),
            EventSizeLimit::default(),
            &namespace,
        )
        .unwrap();
        events.iter().map(|event| event.id.to_string()).collect()
    }

    #[test]
    fn a_repeat_under_the_same_key_has_the_same_ids_and_nothing_else_has() {
        let body = r#"[{"event_type":"a"},{"event_type":"a"},{"event_type":"a","id":"own"}]"#;
        let first = ids("app", "k", body);
        assert_eq!(first, ids("app", "k", body));
        assert_eq!(first[2], "own");
        assert_eq!(first[0].as_bytes()[14], b'8', "{}", first[0]);
        let others = [
            ids("app", "l", body),
            ids("ap", "pk", body),
            ids("app", "k", r#"{"event_type":"b"}"#),
        ];
        let mut all: Vec<&String> = first
            .iter()
            .take(2)
            .chain(others.iter().flatten().filter(|id| *id != "own"))
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), count), (7, 7));
    }
}
