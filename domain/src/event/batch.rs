//! Which events a request body holds: one object, an array of objects, or JSON Lines.

use std::fmt;

use serde::{
    Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The most events a request may hold.
pub const MAX_EVENTS: usize = 10_000;

/// The most bytes of one event.
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// Why a body as a whole can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is empty; send a JSON object, an array of objects, or one object a line")]
    Empty,
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// `index` counts events from 0: those before it could be read.
    #[error("{reason}")]
    NotJson { index: usize, reason: String },
    #[error("a request holds at most {MAX_EVENTS} events")]
    TooManyEvents,
}

/// The text of each event, in order. Whether each is an object with the right fields is checked one by one afterwards.
///
/// # Errors
/// [`BodyError`]; nothing of such a body is used.
pub fn split_body(body: &[u8]) -> Result<Vec<&str>, BodyError> {
    let text = std::str::from_utf8(body).map_err(|_| BodyError::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    match text.bytes().next() {
        None => Err(BodyError::Empty),
        Some(b'[') => split_array(text),
        Some(_) => split_lines(text),
    }
}

fn split_lines(text: &str) -> Result<Vec<&str>, BodyError> {
    let mut events = Vec::new();
    for event in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let event = event.map_err(|error| not_json(events.len(), &error))?;
        if events.len() == MAX_EVENTS {
            return Err(BodyError::TooManyEvents);
        }
        events.push(event.get());
    }
    Ok(events)
}

fn split_array(text: &str) -> Result<Vec<&str>, BodyError> {
    let mut events = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer
        .deserialize_seq(Elements { events: &mut events })
        .and_then(|()| deserializer.end());
    if events.len() > MAX_EVENTS {
        return Err(BodyError::TooManyEvents);
    }
    match read {
        Err(error) => Err(not_json(events.len(), &error)),
        Ok(()) if events.is_empty() => Err(BodyError::Empty),
        Ok(()) => Ok(events),
    }
}

fn not_json(index: usize, error: &serde_json::Error) -> BodyError {
    BodyError::NotJson {
        index,
        reason: format!("not JSON: {error}"),
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
        assert_eq!(split_body(b"\xff"), Err(BodyError::NotUtf8));
    }

    #[test]
    fn the_index_of_the_broken_event_is_told() {
        for body in ["[{},{},{\"a\":]", "{}\n{}\n{\"a\":", "[{},{}", "[{},{},x]"] {
            let Err(BodyError::NotJson { index, reason }) = split_body(body.as_bytes()) else {
                panic!("{body}")
            };
            assert_eq!(index, 2, "{body}");
            assert!(reason.starts_with("not JSON: "), "{reason}");
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
