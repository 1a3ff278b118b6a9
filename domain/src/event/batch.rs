//! Which events a request body holds: one object, an array of objects, or JSON Lines.

use std::fmt;

use serde::{
    Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{EventError, MAX_EVENT_BYTES, body::Members, incoming::documented_field};
use crate::settings::ByteSize;

/// The most events a request may hold.
const MAX_EVENTS: usize = 10_000;

/// The most bytes of one event that an instance takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventSizeLimit(usize);

impl EventSizeLimit {
    /// Smaller than this, and the instance could not take what GitLab sends.
    pub(crate) const MIN_BYTES: usize = 64 * 1024;

    /// None unless it is 64 KiB to 25 MiB.
    pub fn new(bytes: u64) -> Option<Self> {
        let bytes = usize::try_from(bytes).ok()?;
        (Self::MIN_BYTES..=MAX_EVENT_BYTES)
            .contains(&bytes)
            .then_some(Self(bytes))
    }

    /// # Errors
    /// [`EventError`] if the event is larger.
    pub fn check(self, json: &str) -> Result<(), EventError> {
        if json.len() <= self.0 {
            return Ok(());
        }
        let limit = ByteSize(u64::try_from(self.0).unwrap_or(u64::MAX));
        Err(EventError {
            field: None,
            reason: format!("must have at most {limit}, and has {} bytes", json.len()).into(),
        })
    }
}

impl Default for EventSizeLimit {
    /// 1 MiB.
    fn default() -> Self {
        Self(1024 * 1024)
    }
}

/// Why a body as a whole can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the request body is empty: send a JSON object, an array of objects, or one object per line")]
    Empty,
    /// The first byte that is not, as exactly as could be found out.
    #[error("not valid UTF-8")]
    NotUtf8 { index: usize, field: Option<&'static str> },
    /// `index` counts events from 0: those before it could be read.
    #[error("{reason}")]
    NotJson { index: usize, reason: String },
    #[error("a request can have at most {MAX_EVENTS} events")]
    TooManyEvents,
}

/// The text of each event, in order. Whether each is an object with the right fields is checked one by one afterwards.
///
/// # Errors
/// [`BodyError`]; nothing of such a body is used.
pub fn split_body(body: &[u8]) -> Result<Vec<&str>, BodyError> {
    let text = std::str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    let mut events = Vec::new();
    split(text, &mut events)?;
    Ok(events)
}

/// What could be read stays in `events` when this fails.
fn split<'text>(text: &'text str, events: &mut Vec<&'text str>) -> Result<(), BodyError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    match text.bytes().next() {
        None => Err(BodyError::Empty),
        Some(b'[') => split_array(text, events),
        Some(_) => split_lines(text, events),
    }
}

fn split_lines<'text>(text: &'text str, events: &mut Vec<&'text str>) -> Result<(), BodyError> {
    for event in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let event = event.map_err(|error| not_json(events.len(), &error))?;
        if events.len() == MAX_EVENTS {
            return Err(BodyError::TooManyEvents);
        }
        events.push(event.get());
    }
    Ok(())
}

fn split_array<'text>(text: &'text str, events: &mut Vec<&'text str>) -> Result<(), BodyError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer
        .deserialize_seq(Elements { events })
        .and_then(|()| deserializer.end());
    if events.len() > MAX_EVENTS {
        return Err(BodyError::TooManyEvents);
    }
    match read {
        Err(error) => Err(not_json(events.len(), &error)),
        Ok(()) if events.is_empty() => Err(BodyError::Empty),
        Ok(()) => Ok(()),
    }
}

/// Finds the event and the field of the first bad byte, in the same text with U+FFFD in its place.
fn not_utf8(body: &[u8], bad: usize) -> BodyError {
    let text = String::from_utf8_lossy(body);
    let mut events = Vec::new();
    // Whatever else is wrong with the body comes after the first bad byte, or is found when that is mended.
    let _whatever: Result<(), BodyError> = split(&text, &mut events);
    let start_of = |part: &str| part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let has_it = |part: &str| (start_of(part)..start_of(part) + part.len()).contains(&bad);
    let index = events.iter().position(|event| start_of(event) + event.len() > bad);
    let event = index.and_then(|index| events.get(index));
    let members = event.and_then(|event| Members::read(event).ok());
    let member = members
        .iter()
        .flat_map(Members::iter)
        .find(|member| has_it(member.value));
    BodyError::NotUtf8 {
        index: index.unwrap_or(events.len()),
        field: member.and_then(|member| documented_field(&member.name)),
    }
}

fn not_json(index: usize, error: &serde_json::Error) -> BodyError {
    BodyError::NotJson {
        index,
        reason: format!("is not valid JSON: {error}"),
    }
}

/// Collects the elements into a vector that outlives a failure, so that the failure's index is known.
struct Elements<'events, 'text> {
    events: &'events mut Vec<&'text str>,
}

impl<'text> Visitor<'text> for Elements<'_, 'text> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of audit events")
    }

    fn visit_seq<A: SeqAccess<'text>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<&'text RawValue>()? {
            self.events.push(element.get());
            if self.events.len() > MAX_EVENTS {
                return Err(serde::de::Error::custom("too many events"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_object_an_array_and_lines() {
        assert_eq!(split_body(b" {\"a\":1}\n"), Ok(vec!["{\"a\":1}"]));
        assert_eq!(
            split_body(b"[{\"a\":1}, {\"a\":2}]"),
            Ok(vec!["{\"a\":1}", "{\"a\":2}"])
        );
        assert_eq!(
            split_body(b"{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}\n"),
            Ok(vec!["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"])
        );
        assert_eq!(split_body("\u{feff}{}".as_bytes()), Ok(vec!["{}"]));
    }

    #[test]
    fn nothing_is_told_from_not_json() {
        for empty in [&b""[..], b" \n", b"[]"] {
            assert_eq!(split_body(empty), Err(BodyError::Empty));
        }
    }

    #[test]
    fn a_bad_byte_is_found_in_its_event_and_field() {
        for (body, index, field) in [
            (&b"\xff"[..], 0, None),
            (
                b"{\"event_type\":\"x\",\"author_name\":\"M\xfcller\"}",
                0,
                Some("author_name"),
            ),
            (b"{}\n{}\n{\"details\":{\"a\":[\"\xe9\"]}}\n{}", 2, Some("details")),
            (b"[{}, {\"other\":\"\xe9\"}]", 1, None),
            (b"[{},{},{\"\xe9\":1}]", 2, None),
            (b"{}\n{\"a\":\xff}\n{}", 1, None),
            (b"\xef\xbb\xbf {}\n{\"id\":\"\xc3\x28\"}", 1, Some("id")),
            (b"{}\n{}\n\xff", 2, None),
        ] {
            assert_eq!(
                split_body(body),
                Err(BodyError::NotUtf8 { index, field }),
                "{}",
                body.escape_ascii()
            );
        }
    }

    #[test]
    fn the_index_of_the_broken_event_is_told() {
        for body in ["[{},{},{\"a\":]", "{}\n{}\n{\"a\":", "[{},{}", "[{},{},x]"] {
            let Err(BodyError::NotJson { index, reason }) = split_body(body.as_bytes()) else {
                panic!("{body}")
            };
            assert_eq!(index, 2, "{body}");
            assert!(reason.starts_with("is not valid JSON: "), "{reason}");
        }
        assert!(matches!(split_body(b"[{}] {}"), Err(BodyError::NotJson { .. })));
        assert!(matches!(
            split_body(b"a=b&c=d"),
            Err(BodyError::NotJson { index: 0, .. })
        ));
    }

    #[test]
    fn ten_thousand_events_fit_and_one_more_does_not() {
        let array = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        let lines = |count: usize| "{}\n".repeat(count);
        assert_eq!(
            split_body(array(MAX_EVENTS).as_bytes()).map(|events| events.len()),
            Ok(MAX_EVENTS)
        );
        assert_eq!(
            split_body(lines(MAX_EVENTS).as_bytes()).map(|events| events.len()),
            Ok(MAX_EVENTS)
        );
        assert_eq!(
            split_body(array(MAX_EVENTS + 1).as_bytes()),
            Err(BodyError::TooManyEvents)
        );
        assert_eq!(
            split_body(lines(MAX_EVENTS + 1).as_bytes()),
            Err(BodyError::TooManyEvents)
        );
    }

    proptest! {
        #[test]
        fn splitting_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ignored: Result<Vec<&str>, BodyError> = split_body(&body);
        }
    }
}
