//! The body and the identity of a batch: pure, and the same for the same events however often it is made.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::{
    Timestamp,
    destination::{Compression, RequestFormat, RequestSettings},
};
use flate2::GzBuilder;
use http::HeaderValue;
use sha2::{Digest, Sha256};

use super::super::Batch;
use crate::log::LoggedEvent;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// <https://github.com/ndjson/ndjson-spec>
const JSON_LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// Receivers that verify signatures reject those that are older than five minutes.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
const SIGNED_FOR: Duration = Duration::from_secs(240);

/// The quick level: a batch is compressed on the thread of its stream.
const ZSTD_LEVEL: i32 = 3;

/// So many bytes of the digest are in an id.
const ID_BYTES: usize = 16;

/// What an array has beside one byte for each event.
pub(super) const BESIDE_ARRAY: usize = 1;

/// The content type of a batch; `None` for requests with one event.
pub(super) const fn content_type(format: RequestFormat) -> Option<HeaderValue> {
    match format {
        RequestFormat::Event => None,
        RequestFormat::JsonArray => Some(JSON),
        RequestFormat::JsonLines => Some(JSON_LINES),
    }
}

/// The content encoding of a batch; `None` if it is not compressed.
pub(super) const fn content_encoding(compression: Compression) -> Option<HeaderValue> {
    match compression {
        Compression::None => None,
        Compression::Gzip => Some(HeaderValue::from_static("gzip")),
        Compression::Zstd => Some(HeaderValue::from_static("zstd")),
    }
}

/// The events in one body.
///
/// # Errors
/// None in practice: everything is in memory.
pub(super) fn body_of(settings: &RequestSettings, events: &[Arc<LoggedEvent>]) -> io::Result<Bytes> {
    let plain_bytes: usize = events.iter().map(|event| event.body.len() + 1).sum();
    match settings.compression {
        Compression::None => {
            let mut body = Vec::with_capacity(plain_bytes + 1);
            write(&mut body, settings.format, events)?;
            Ok(body.into())
        }
        Compression::Gzip => {
            let compressed = Vec::with_capacity(plain_bytes / 8);
            let mut encoder = GzBuilder::new().mtime(0).write(compressed, flate2::Compression::fast());
            write(&mut encoder, settings.format, events)?;
            encoder.finish().map(Bytes::from)
        }
        Compression::Zstd => {
            let mut encoder = zstd::Encoder::new(Vec::with_capacity(plain_bytes / 8), ZSTD_LEVEL)?;
            write(&mut encoder, settings.format, events)?;
            encoder.finish().map(Bytes::from)
        }
    }
}

fn write(into: &mut impl Write, format: RequestFormat, events: &[Arc<LoggedEvent>]) -> io::Result<()> {
    let (before, between, after): (&[u8], &[u8], &[u8]) = match format {
        RequestFormat::JsonArray => (b"[", b",", b"]"),
        RequestFormat::Event | RequestFormat::JsonLines => (b"", b"\n", b"\n"),
    };
    into.write_all(before)?;
    for (position, event) in events.iter().enumerate() {
        if position > 0 {
            into.write_all(between)?;
        }
        into.write_all(&event.body)?;
    }
    into.write_all(after)
}

/// The `webhook-id`: the same for the same events.
pub(super) fn id_of(events: &[Arc<LoggedEvent>]) -> String {
    let mut digest = Sha256::new();
    for event in events {
        digest.update(event.id.within(&event.source));
        digest.update(b"\n");
    }
    let digest = digest.finalize();
    let digits = digest.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}"));
    format!("batch_{}", digits.collect::<String>())
}

/// The `webhook-timestamp`: that of the batch, so that a repeat has the same signature; as long as receivers may take it for new. After
/// that, a later one, which again stays for as long.
pub(super) fn signed_at(batch: Option<Batch>, now: Timestamp) -> Timestamp {
    let Some(batch) = batch else { return now };
    let age = now.since(batch.closed_at).as_secs();
    let periods = age / SIGNED_FOR.as_secs();
    batch
        .closed_at
        .plus(Duration::from_secs(periods * SIGNED_FOR.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use domain::{
        event::{EventId, EventType},
        ids::Seq,
    };

    use super::*;

    fn events(bodies: &[&str]) -> Vec<Arc<LoggedEvent>> {
        let event = |(body, seq): (&&str, i64)| {
            Arc::new(LoggedEvent {
                seq: Seq::new(seq),
                source: "test".into(),
                id: EventId::parse(&seq.to_string()).unwrap(),
                event_type: EventType::parse("x").unwrap(),
                entity_type: String::new(),
                entity_id: String::new(),
                entity_path: String::new(),
                created_at: Timestamp::from_unix_ms(1),
                received_at: Timestamp::from_unix_ms(1),
                body: Bytes::copy_from_slice(body.as_bytes()),
            })
        };
        bodies.iter().zip(1..).map(event).collect()
    }

    fn body(format: RequestFormat, compression: Compression, bodies: &[&str]) -> Bytes {
        let settings = RequestSettings {
            format,
            compression,
            ..RequestSettings::default()
        };
        body_of(&settings, &events(bodies)).unwrap()
    }

    #[test]
    fn each_format_has_its_own_separators() {
        let of = |format, bodies: &[&str]| body(format, Compression::None, bodies);
        let (array, lines) = (RequestFormat::JsonArray, RequestFormat::JsonLines);
        assert_eq!(of(array, &["{}"]), "[{}]");
        assert_eq!(of(array, &["{}", r#"{"a":1}"#, "{}"]), r#"[{},{"a":1},{}]"#);
        assert_eq!(of(lines, &["{}"]), "{}\n");
        assert_eq!(of(lines, &["{}", r#"{"a":1}"#]), "{}\n{\"a\":1}\n");
    }

    #[test]
    fn a_body_is_as_long_as_it_was_counted() {
        let bodies = ["{}", r#"{"a":1}"#, "{}"];
        let counted: usize = bodies.iter().map(|body| body.len() + 1).sum();
        let len = |format| body(format, Compression::None, &bodies).len();
        assert_eq!(len(RequestFormat::JsonLines), counted);
        assert_eq!(len(RequestFormat::JsonArray), counted + BESIDE_ARRAY);
    }

    #[test]
    fn a_compressed_body_is_the_same_each_time_and_unpacks_to_the_plain_one() {
        for format in [RequestFormat::JsonArray, RequestFormat::JsonLines] {
            let bodies = ["{}", r#"{"text":"ü"}"#];
            let plain = body(format, Compression::None, &bodies);
            for compression in [Compression::Gzip, Compression::Zstd] {
                let packed = body(format, compression, &bodies);
                assert_eq!(packed, body(format, compression, &bodies));
                let mut unpacked = Vec::new();
                match compression {
                    Compression::Gzip => flate2::read::GzDecoder::new(&*packed).read_to_end(&mut unpacked),
                    _ => zstd::Decoder::new(&*packed).unwrap().read_to_end(&mut unpacked),
                }
                .unwrap();
                assert_eq!(unpacked, plain);
            }
        }
    }

    #[test]
    fn the_id_depends_on_the_events_and_their_order_alone() {
        let (one, other) = (events(&["{}", "{}"]), events(&["[]", "[]"]));
        assert_eq!(id_of(&one), id_of(&other), "not on what their bodies are");
        assert_ne!(id_of(&one), id_of(&one[..1]));
        let turned: Vec<_> = one.iter().rev().cloned().collect();
        assert_ne!(id_of(&one), id_of(&turned));
        let id = id_of(&one);
        assert_eq!(id.strip_prefix("batch_").map(str::len), Some(2 * ID_BYTES));
    }

    #[test]
    fn a_signature_stays_for_four_minutes_and_then_again() {
        let closed_at = Timestamp::from_unix_ms(1_800_000_000_500);
        let batch = Batch {
            first: Seq::new(1),
            last: Seq::new(2),
            closed_at,
        };
        let signed_after = |seconds| {
            let signed_at = signed_at(Some(batch), closed_at.plus(Duration::from_secs(seconds)));
            signed_at.since(closed_at).as_secs()
        };
        assert_eq!(
            [0, 1, 239, 240, 479, 480, 86_399].map(signed_after),
            [0, 0, 0, 240, 240, 480, 86_160]
        );
        for seconds in 0..2_000 {
            assert!(seconds - signed_after(seconds) < 300, "receivers reject it");
        }
        // The clock was set back.
        assert_eq!(signed_at(Some(batch), Timestamp::from_unix_ms(1)), closed_at);
        assert_eq!(signed_at(None, closed_at), closed_at);
    }
}
