//! What is put into the bucket: pure, and the same for the same events however often it is made.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::Arc,
};

use bytes::Bytes;
use domain::{
    destination::{ObjectLayout, S3Settings},
    ids::ReplayId,
    s3_objects::ObjectKey,
};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use super::super::{Batch, sources::sources};
use crate::{lineage::Lineage, log::LoggedEvent};

/// The type of what the object holds byte for byte: a gzip file. There is no `Content-Encoding`, under which browsers and many
/// clients would unpack it on the way and leave a file that is called `.gz` and is none; Athena, Spark, DuckDB and the like go
/// by the end of the key.
const GZIP: &str = "application/gzip";

/// GitLab's.
const JSON: &str = "application/json";

/// Kept with each object, under names that S3 puts `x-amz-meta-` before.
pub(super) const DIGEST: &str = "audit-streams-sha256";
const SOURCE: &str = "audit-streams-source";
const REPLAY: &str = "audit-streams-replay";

/// One object, ready to be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) key: ObjectKey,
    pub(super) content_type: &'static str,
    pub(super) metadata: HashMap<String, String>,
    pub(super) body: Bytes,
    /// SHA-256 of the body, in hexadecimal digits. It is in the metadata as well.
    pub(super) digest: String,
}

/// These events can't be made into an object.
#[derive(Debug, thiserror::Error)]
pub(super) enum ObjectError {
    #[error("No events for an object.")]
    Empty,
    #[error("More than one event for an object that holds one.")]
    TooMany,
    #[error("The batch can't be compressed.")]
    Compress(#[from] io::Error),
}

impl Object {
    /// The events in one object, in their order.
    pub(super) fn of(
        settings: &S3Settings,
        events: &[Arc<LoggedEvent>],
        batch: Option<Batch>,
        replay: Option<ReplayId>,
    ) -> Result<Self, ObjectError> {
        match (settings.layout(), events) {
            (_, []) => Err(ObjectError::Empty),
            (ObjectLayout::Events, [event]) => Ok(Self::of_event(settings, event, replay)),
            (ObjectLayout::Events, _) => Err(ObjectError::TooMany),
            (ObjectLayout::Batches, [first, ..]) => {
                let last = events.last().unwrap_or(first);
                // Events that are sent outside of a batch name their object themselves, so that a repeat names it the same.
                let batch = batch.unwrap_or(Batch {
                    first: first.seq,
                    last: last.seq,
                    closed_at: first.created_at,
                });
                let key = match replay {
                    Some(replay) => ObjectKey::of_replayed_batch(settings, replay, batch.first, batch.last),
                    None => ObjectKey::of_batch(settings, batch.first, batch.last, batch.closed_at),
                };
                Self::of_batch(key, events, replay)
            }
        }
    }

    /// After a restore, positions are given again, and so are ids of replays: the key of a batch names the lineage, so that it is none
    /// that was used before. An event has the key that it always has.
    #[must_use]
    pub(super) fn of_restored(self, restored: Option<&Lineage>) -> Self {
        match restored {
            Some(lineage) if !self.is_event() => Self {
                key: self.key.beside(lineage.as_str()),
                ..self
            },
            _ => self,
        }
    }

    /// Whether it holds one event under the key of the event, and not a batch.
    pub(super) fn is_event(&self) -> bool {
        self.content_type == JSON
    }

    fn of_event(settings: &S3Settings, event: &Arc<LoggedEvent>, replay: Option<ReplayId>) -> Self {
        let key = ObjectKey::of_event(
            settings,
            &event.entity_type,
            &event.event_type,
            &event.source,
            &event.id,
            event.created_at,
        );
        let metadata = metadata(std::slice::from_ref(event), replay);
        Self::new(key, JSON, metadata, event.body.clone())
    }

    fn of_batch(key: ObjectKey, events: &[Arc<LoggedEvent>], replay: Option<ReplayId>) -> Result<Self, ObjectError> {
        Ok(Self::new(key, GZIP, metadata(events, replay), gzipped_lines(events)?))
    }

    fn new(key: ObjectKey, content_type: &'static str, mut metadata: HashMap<String, String>, body: Bytes) -> Self {
        let digest = hex(&Sha256::digest(&body));
        metadata.insert(DIGEST.to_owned(), digest.clone());
        Self {
            key,
            content_type,
            metadata,
            body,
            digest,
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn metadata(events: &[Arc<LoggedEvent>], replay: Option<ReplayId>) -> HashMap<String, String> {
    let mut metadata = HashMap::from([(SOURCE.to_owned(), sources(events))]);
    metadata.extend(replay.map(|replay| (REPLAY.to_owned(), replay.to_string())));
    metadata
}

/// Each body and a line break, compressed. The head of the gzip file names neither a time nor a file.
fn gzipped_lines(events: &[Arc<LoggedEvent>]) -> io::Result<Bytes> {
    let plain_bytes: usize = events.iter().map(|event| event.body.len() + 1).sum();
    let compressed = Vec::with_capacity(plain_bytes / 8);
    let mut encoder = GzBuilder::new().mtime(0).write(compressed, Compression::default());
    for event in events {
        encoder.write_all(&event.body)?;
        encoder.write_all(b"\n")?;
    }
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use domain::{
        Field, Timestamp,
        access::TokenName,
        destination::FieldMap,
        event::{EventId, EventType},
        ids::Seq,
    };

    use super::*;

    fn settings(layout: ObjectLayout) -> S3Settings {
        S3Settings::parse(&FieldMap::from([
            (Field::AccessKeyId, "AKIAIOSFODNN7EXAMPLE"),
            (Field::Region, "eu-central-1"),
            (Field::Bucket, "audit-events"),
            (Field::ObjectLayout, layout.as_str()),
        ]))
        .unwrap()
    }

    fn event(seq: i64, id: &str) -> Arc<LoggedEvent> {
        Arc::new(LoggedEvent {
            seq: Seq::new(seq),
            source: "tests".into(),
            id: EventId::parse(id).unwrap(),
            event_type: EventType::parse("user_created").unwrap(),
            entity_type: "Project".into(),
            entity_id: "7".into(),
            entity_path: String::new(),
            created_at: Timestamp::from_unix_ms(1_694_442_309_820),
            received_at: Timestamp::from_unix_ms(0),
            body: Bytes::from(format!(r#"{{"id":{id:?}}}"#)),
        })
    }

    fn unpacked(body: &Bytes) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(body.as_ref())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn an_event_is_its_body_and_nothing_else() {
        let object = Object::of(&settings(ObjectLayout::Events), &[event(3, "a")], None, None).unwrap();
        assert_eq!(
            object.key.as_str(),
            "project/2023/09/user_created_tests_a_1694442309820.json"
        );
        assert_eq!(
            (object.content_type, object.body.as_ref()),
            ("application/json", br#"{"id":"a"}"#.as_slice())
        );
    }

    #[test]
    fn a_batch_is_named_by_its_bounds_and_made_the_same_again() {
        let (settings, events) = (settings(ObjectLayout::Batches), [event(3, "a"), event(5, "b")]);
        let batch = Batch {
            first: Seq::new(2),
            last: Seq::new(9),
            closed_at: Timestamp::parse("2025-01-02T03:59:59.999Z").unwrap(),
        };
        let object = Object::of(&settings, &events, Some(batch), None).unwrap();
        assert_eq!(object.key.as_str(), "2025/01/02/03/2-9.jsonl.gz");
        assert_eq!(object.content_type, "application/gzip");
        assert_eq!(unpacked(&object.body), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
        assert_eq!(Object::of(&settings, &events, Some(batch), None).unwrap(), object);
        // Bytes 4 to 7 of the head are the time, and 9 the system.
        assert_eq!(object.body.get(4..8), Some([0; 4].as_slice()));
        assert_eq!(object.body.get(9), Some(&255));
    }

    #[test]
    fn an_event_sent_outside_of_a_run_names_its_object() {
        let object = Object::of(&settings(ObjectLayout::Batches), &[event(3, "a")], None, None).unwrap();
        assert_eq!(object.key.as_str(), "2023/09/11/14/3-3.jsonl.gz");
    }

    #[test]
    fn a_batch_of_a_replay_has_a_key_of_its_own() {
        let (events, replay) = ([event(3, "a"), event(5, "b")], Some(ReplayId::new(7)));
        let object = Object::of(&settings(ObjectLayout::Batches), &events, None, replay).unwrap();
        assert_eq!(object.key.as_str(), "replays/7/3-5.jsonl.gz");
        let of_event = |replay| Object::of(&settings(ObjectLayout::Events), &[event(3, "a")], None, replay).unwrap();
        let (replayed, first) = (of_event(replay), of_event(None));
        assert_eq!(
            (replayed.key, replayed.body),
            (first.key, first.body),
            "it is the object that is there"
        );
        assert_eq!(replayed.metadata["audit-streams-replay"], "7");
        assert!(!first.metadata.contains_key("audit-streams-replay"));
    }

    #[test]
    fn after_a_restore_only_batches_have_other_keys() {
        let (first, second) = (Lineage::of_instance("0123456789abcdef"), Lineage::of_instance("fedc"));
        let object = |layout, replay| Object::of(&settings(layout), &[event(3, "a")], None, replay).unwrap();
        for (replay, key) in [
            (None, "2023/09/11/14/3-3.01234567.jsonl.gz"),
            (Some(ReplayId::new(7)), "replays/7/3-3.01234567.jsonl.gz"),
        ] {
            let batch = object(ObjectLayout::Batches, replay);
            assert_eq!(batch.clone().of_restored(Some(&first)).key.as_str(), key);
            assert_ne!(batch.clone().of_restored(Some(&second)).key.as_str(), key);
            assert_eq!(batch.clone().of_restored(None), batch);
            let event = object(ObjectLayout::Events, replay);
            assert_eq!(event.clone().of_restored(Some(&first)), event);
        }
    }

    #[test]
    fn an_id_of_two_sources_is_two_objects_and_each_names_its_source() {
        let of_source = |source: &str| {
            let mut event = LoggedEvent::clone(&event(3, "a"));
            event.source = source.into();
            Arc::new(event)
        };
        let (one, other) = (of_source("one"), of_source("the, other"));
        let object = |event: &Arc<LoggedEvent>| {
            Object::of(&settings(ObjectLayout::Events), std::slice::from_ref(event), None, None).unwrap()
        };
        assert_ne!(object(&one).key, object(&other).key);
        assert_eq!(object(&one).metadata["audit-streams-source"], "one");
        assert_eq!(object(&other).metadata["audit-streams-source"], "the%2C other");
        let batch = |events: &[Arc<LoggedEvent>]| {
            let object = Object::of(&settings(ObjectLayout::Batches), events, None, None).unwrap();
            object.metadata["audit-streams-source"].clone()
        };
        assert_eq!(batch(&[other.clone(), one.clone(), other]), "one,the%2C other");
        let many: Vec<_> = (0..100)
            .map(|number| of_source(&format!("source-{number:04}")))
            .collect();
        let list = batch(&many);
        assert!(list.ends_with(",source-0084,..."), "{list}");
    }

    #[test]
    fn what_can_be_no_object_says_why() {
        let why = |layout, events: &[Arc<LoggedEvent>]| {
            Object::of(&settings(layout), events, None, None)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(why(ObjectLayout::Batches, &[]), "No events for an object.");
        assert_eq!(
            why(ObjectLayout::Events, &[event(1, "a"), event(2, "b")]),
            "More than one event for an object that holds one."
        );
    }

    #[test]
    fn metadata_stay_under_what_s3_takes() {
        let events: Vec<_> = (0..1_000)
            .map(|number| {
                let mut event = LoggedEvent::clone(&event(number, &"é".repeat(EventId::MAX_CHARS)));
                event.source = format!("{number:04}{}", ",".repeat(TokenName::MAX_CHARS - 4)).into();
                Arc::new(event)
            })
            .collect();
        for (layout, events) in [
            (ObjectLayout::Events, &events[..1]),
            (ObjectLayout::Batches, &events[..1]),
            (ObjectLayout::Batches, &events[..]),
        ] {
            let replay = Some(ReplayId::new(i64::MAX));
            let object = Object::of(&settings(layout), events, None, replay).unwrap();
            let with_prefix = |(name, value): (&String, &String)| "x-amz-meta-".len() + name.len() + value.len();
            let bytes: usize = object.metadata.iter().map(with_prefix).sum();
            assert!(bytes <= 2_048, "{bytes}");
        }
    }
}
