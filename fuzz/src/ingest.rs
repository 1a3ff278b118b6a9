//! Bodies of requests to ingest.

use domain::{
    Timestamp,
    event::{
        AuditEvent, BodyError, EventError, EventId, Received, StoredBody,
        body::{Members, plain},
        split_body,
    },
    view::EventSummary,
};
use http::HeaderValue;

const MOST_EVENTS: usize = 10_000;

/// As the documentation lists them.
const FIELDS: [&str; 13] = [
    "id",
    "author_id",
    "entity_id",
    "entity_type",
    "details",
    "ip_address",
    "author_name",
    "entity_path",
    "target_details",
    "created_at",
    "target_type",
    "target_id",
    "event_type",
];

/// Splits the input into events and parses each of them. An event that is accepted is parsed to itself again, loses nothing of what
/// was sent, and fits into requests; an error names an event and a documented field.
pub fn run(input: &[u8]) {
    let events = match split_body(input) {
        Ok(events) => events,
        Err(error) => return check_body_error(&error, input),
    };
    assert!((1..=MOST_EVENTS).contains(&events.len()));
    for json in events {
        match AuditEvent::parse(json, &received(1_760_464_808_677)) {
            Ok(event) => check_event(&event, json),
            Err(error) => check_event_error(&error),
        }
    }
}

/// An event without a time or an id gets both from here.
fn received(unix_ms: i64) -> Received {
    Received {
        received_at: Timestamp::from_unix_ms(unix_ms),
        fresh_id: || match EventId::parse("0199e2f4-5d1c-7a3b-9c1d-2f8d6a5e4c3b") {
            Some(id) => id,
            None => panic!("a UUID is an id"),
        },
    }
}

fn check_body_error(error: &BodyError, input: &[u8]) {
    match error {
        BodyError::Empty | BodyError::TooManyEvents => {}
        BodyError::NotUtf8 { index, field } => {
            assert!(std::str::from_utf8(input).is_err());
            assert!(*index <= input.len() && field.is_none_or(|field| FIELDS.contains(&field)));
        }
        BodyError::NotJson { index, reason } => assert!(*index <= input.len() && !reason.is_empty()),
    }
}

fn check_event_error(error: &EventError) {
    assert!(!error.reason.is_empty());
    assert!(error.field.is_none_or(|field| FIELDS.contains(&field)), "{error:?}");
}

fn check_event(event: &AuditEvent, json: &str) {
    check_again(event);
    check_content(event, json);
    let id = event.id.within("our app #2");
    for text in [id.as_str(), event.event_type.as_str()] {
        assert!(
            HeaderValue::from_str(text).is_ok(),
            "{text:?} does not fit into a header"
        );
    }
}

/// What is stored, and so sent, is one line, and reads as the same event.
fn check_again(event: &AuditEvent) {
    let body = event.body.as_bytes();
    assert!(!body.iter().any(|byte| matches!(byte, b'\n' | b'\r')), "{}", event.body);
    assert_eq!(split_body(body), Ok(vec![&*event.body]));
    let again = match AuditEvent::parse(&event.body, &received(0)) {
        Ok(again) => again,
        Err(error) => panic!("{error}: {}", event.body),
    };
    let dated = AuditEvent {
        is_dated: true,
        ..event.clone()
    };
    assert_eq!(again, dated);
    assert!(event.has_content_of(&StoredBody::new(event.body.clone().into())));
    assert!(
        EventSummary::read(event.event_type.as_str(), &event.body).is_some(),
        "{}",
        event.body
    );
}

/// Every documented field is there, and no other one is lost or changed.
fn check_content(event: &AuditEvent, json: &str) {
    let (Ok(sent), Ok(kept)) = (Members::read(json), Members::read(&event.body)) else {
        panic!("no object: {json}");
    };
    for field in FIELDS {
        assert!(kept.json(field).is_some(), "{field} is missing: {}", event.body);
    }
    for member in sent.iter().filter(|member| !FIELDS.contains(&&*member.name)) {
        let is_kept = kept
            .iter()
            .any(|other| other.raw_name == member.raw_name && plain(other.value) == plain(member.value));
        assert!(is_kept, "{} is lost: {}", member.raw_name, event.body);
    }
}
