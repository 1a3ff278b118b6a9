//! The request: events as log entries, their bodies as they are.
//!
//! <https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write>

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{Timestamp, destination::GoogleSettings, ids::ReplayId};
use serde_json::{Value, json};

use crate::{
    log::LoggedEvent,
    sink::{Batching, Report, report::unsendable},
};

/// Entries of one request, as the documentation of `entries.write` advises.
const MAX_ENTRIES: usize = 1_000;

/// Aimed at for a request. The limit is 10 MB, and the last event of a request may cross what is aimed at.
/// <https://cloud.google.com/logging/quotas#api-limits>
const REQUEST_BYTES: usize = 8_000_000;

/// An entry's limit: "256 KB", approximate, of the service's own form of an entry, which nobody else can measure. What is
/// over it as JSON is taken to be over it there; what is over it there alone is refused there.
/// <https://cloud.google.com/logging/quotas#log-limits>
const MAX_ENTRY_BYTES: usize = 256 * 1024;

/// Of an event's id and source, its time and the punctuation between them, as a rule.
const USUAL_ENTRY_BYTES: usize = 192;

/// Entries with a time further ahead than a day are refused; clocks may differ.
/// <https://cloud.google.com/logging/quotas#log-limits>
const FURTHEST_AHEAD: Duration = Duration::from_secs(23 * 3_600);

/// Entries with a time further back than 30 days are accepted and not stored; they take a while to arrive.
const FURTHEST_BACK: Duration = Duration::from_secs(29 * 86_400);

/// What is the same around each event of a destination.
pub(super) struct Envelope {
    /// Up to the labels.
    head: String,
    replay: Option<ReplayId>,
}

pub(super) struct WriteRequest {
    pub(super) body: Bytes,
    /// The position among the events of what each entry was made from.
    pub(super) positions: Vec<usize>,
    /// Events that no entry was made from, by position.
    pub(super) left_out: BTreeMap<usize, Report>,
}

impl Envelope {
    pub(super) fn new(settings: &GoogleSettings) -> Self {
        let log_name = json!(settings.log_name());
        Self {
            head: format!(r#"{{"logName":{log_name},"resource":{{"type":"global"}},"severity":"INFO","labels":"#),
            replay: None,
        }
    }

    /// Gives every entry a label that marks it as one of this replay.
    pub(super) fn label(&mut self, replay: ReplayId) {
        self.replay = Some(replay);
    }

    pub(super) fn batching(&self) -> Batching {
        let around = MAX_ENTRIES * (self.head.len() + USUAL_ENTRY_BYTES);
        Batching::Ready {
            events: MAX_ENTRIES,
            bytes: REQUEST_BYTES.saturating_sub(around),
        }
    }

    pub(super) fn request(&self, events: &[Arc<LoggedEvent>], now: Timestamp) -> WriteRequest {
        let (mut positions, mut left_out) = (Vec::new(), BTreeMap::new());
        let mut body = br#"{"entries":["#.to_vec();
        for (position, event) in events.iter().enumerate() {
            let entry = self.entry(event, now);
            if entry.len() > MAX_ENTRY_BYTES {
                left_out.insert(position, too_large(entry.len()));
                continue;
            }
            if !positions.is_empty() {
                body.push(b',');
            }
            body.extend_from_slice(&entry);
            positions.push(position);
        }
        body.extend_from_slice(br#"],"partialSuccess":true}"#);
        WriteRequest {
            body: body.into(),
            positions,
            left_out,
        }
    }

    fn entry(&self, event: &LoggedEvent, now: Timestamp) -> Vec<u8> {
        let mut entry = self.head.clone().into_bytes();
        entry.extend_from_slice(self.labels(event).to_string().as_bytes());
        // Cloud Logging takes entries of a project with the same time and insert id for one entry.
        let insert_id = json!(event.id.within(&event.source));
        entry.extend_from_slice(format!(r#","insertId":{insert_id}"#).as_bytes());
        if let Some(timestamp) = timestamp(event, now) {
            entry.extend_from_slice(format!(r#","timestamp":"{timestamp}""#).as_bytes());
        }
        entry.extend_from_slice(br#","jsonPayload":"#);
        entry.extend_from_slice(&event.body);
        entry.push(b'}');
        entry
    }

    fn labels(&self, event: &LoggedEvent) -> Value {
        let mut labels = json!({"audit_streams_source": &*event.source});
        if let Some(replay) = self.replay {
            labels["audit_streams_replay"] = json!(replay.to_string());
        }
        labels
    }
}

/// When the event happened; if Cloud Logging would not store that, when it came in: stored with the event as well, so that
/// a repeat carries the same and is known as one. None if that would not be stored either. The payload keeps `created_at`.
fn timestamp(event: &LoggedEvent, now: Timestamp) -> Option<Timestamp> {
    let storable = now.minus(FURTHEST_BACK)..=now.plus(FURTHEST_AHEAD);
    let times = [event.created_at, event.received_at];
    times.into_iter().find(|time| storable.contains(time))
}

fn too_large(bytes: usize) -> Report {
    unsendable(format!(
        "As a log entry, the event has {bytes} bytes; Cloud Logging accepts no entry over {MAX_ENTRY_BYTES} bytes (256 KB)."
    ))
}

#[cfg(test)]
mod tests {
    use domain::{
        event::{EventId, EventType},
        ids::Seq,
        policy::Outcome,
    };

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-03-31T12:00:00Z").unwrap()
    }

    fn envelope() -> Envelope {
        let settings = GoogleSettings::parse("my-project", "a@my-project.iam.gserviceaccount.com", "audit/events");
        Envelope::new(&settings.unwrap())
    }

    fn event(id: &str, created_at: Timestamp, body: &str) -> Arc<LoggedEvent> {
        Arc::new(LoggedEvent {
            seq: Seq::new(1),
            source: "test".into(),
            id: EventId::parse(id).unwrap(),
            event_type: EventType::parse("x").unwrap(),
            entity_type: "Project".into(),
            entity_id: "1".into(),
            entity_path: String::new(),
            created_at,
            received_at: now().minus(Duration::from_secs(1)),
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    /// A body that makes an entry of so many bytes.
    fn body_for(entry_bytes: usize) -> String {
        let around = envelope().entry(&event("big", now(), r#"{"x":""}"#), now()).len();
        format!(r#"{{"x":"{}"}}"#, "a".repeat(entry_bytes - around))
    }

    #[test]
    fn each_event_is_an_entry_and_its_body_stays_as_it_is() {
        let events = [
            event("e1", now(), r#"{ "id": "e1",  "n": 1.50, "u": "\u00e9" }"#),
            event("\"2\"", now().minus(Duration::from_millis(1)), r#"{"id":"\"2\""}"#),
        ];
        let request = envelope().request(&events, now());
        assert_eq!(
            request.body,
            concat!(
                r#"{"entries":[{"logName":"projects/my-project/logs/audit%2Fevents","resource":{"type":"global"},"#,
                r#""severity":"INFO","labels":{"audit_streams_source":"test"},"insertId":"test:e1","timestamp":"2026-03-31T12:00:00.000Z","#,
                r#""jsonPayload":{ "id": "e1",  "n": 1.50, "u": "\u00e9" }},"#,
                r#"{"logName":"projects/my-project/logs/audit%2Fevents","resource":{"type":"global"},"#,
                r#""severity":"INFO","labels":{"audit_streams_source":"test"},"insertId":"test:%222%22","timestamp":"2026-03-31T11:59:59.999Z","#,
                r#""jsonPayload":{"id":"\"2\""}}],"partialSuccess":true}"#,
            )
        );
        serde_json::from_slice::<Value>(&request.body).unwrap();
        assert_eq!(request.positions, [0, 1]);
        assert!(request.left_out.is_empty());
    }

    #[test]
    fn an_entry_of_a_replay_has_a_label() {
        let mut envelope = envelope();
        envelope.label(ReplayId::new(7));
        let request = envelope.request(&[event("e1", now(), "{}")], now());
        let written: Value = serde_json::from_slice(&request.body).unwrap();
        let entry = &written["entries"][0];
        assert_eq!(
            entry["labels"],
            json!({"audit_streams_source": "test", "audit_streams_replay": "7"})
        );
        assert_eq!(
            (&entry["severity"], &entry["insertId"]),
            (&"INFO".into(), &"test:e1".into())
        );
    }

    #[test]
    fn a_time_that_would_not_be_stored_gives_way_to_the_time_of_arrival() {
        let received_at = now().minus(Duration::from_secs(1));
        let ahead = now().plus(FURTHEST_AHEAD);
        let back = now().minus(FURTHEST_BACK);
        let tick = Duration::from_millis(1);
        for (created_at, expected) in [
            (ahead, ahead),
            (ahead.plus(tick), received_at),
            (back, back),
            (back.minus(tick), received_at),
        ] {
            assert_eq!(
                timestamp(&event("e", created_at, "{}"), now()),
                Some(expected),
                "{created_at}"
            );
        }
        let long_after = now().plus(FURTHEST_BACK * 2);
        assert_eq!(timestamp(&event("e", now(), "{}"), long_after), None);
        let request = envelope().request(&[event("e", now(), "{}")], long_after);
        assert!(!String::from_utf8_lossy(&request.body).contains("timestamp"));
    }

    #[test]
    fn an_event_that_is_too_large_is_left_out_and_the_others_keep_their_places() {
        let (fits, too_large) = (body_for(MAX_ENTRY_BYTES), body_for(MAX_ENTRY_BYTES + 1));
        let events = [
            event("big", now(), &too_large),
            event("e1", now(), "{}"),
            event("big", now(), &too_large),
            event("big", now(), &fits),
        ];
        let request = envelope().request(&events, now());
        assert_eq!(request.positions, [1, 3]);
        assert_eq!(request.left_out.keys().copied().collect::<Vec<_>>(), [0, 2]);
        let report = request.left_out.get(&0).unwrap();
        assert_eq!(report.outcome, Outcome::Unsendable);
        assert_eq!(
            report.reason,
            "As a log entry, the event has 262145 bytes; Cloud Logging accepts no entry over 262144 bytes (256 KB)."
        );
        let written: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(written["entries"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_full_request_stays_under_ten_megabytes() {
        let log_id = "/".repeat(511);
        let project = "p".repeat(30);
        let settings = GoogleSettings::parse(&project, "a@b.example", &log_id).unwrap();
        let envelope = Envelope::new(&settings);
        let Batching::Ready { events, bytes } = envelope.batching() else {
            panic!("batches of another kind");
        };
        let longest_id = "\"".repeat(EventId::MAX_CHARS);
        let mut longest = LoggedEvent::clone(&event(&longest_id, now(), ""));
        longest.source = "\"".repeat(72).into();
        let around = envelope.entry(&longest, now()).len();
        // A full request, and the one event more that crosses the bounds.
        let largest = bytes + events * around + MAX_ENTRY_BYTES;
        assert!(largest < 10_000_000, "{largest}");
    }
}
