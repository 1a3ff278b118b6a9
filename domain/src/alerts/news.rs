//! What is told, in words and as data. None of it is a secret: a stream is told of by its name.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Timestamp,
    destination::DestinationKind,
    ids::DestinationId,
    policy::Trouble,
    settings::{ByteSize, LogSize},
};

/// The stream that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertedStream {
    pub id: DestinationId,
    pub kind: DestinationKind,
    /// As it is called when this is told.
    pub name: String,
}

/// What is worth an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertNews {
    StreamFailing {
        stream: AlertedStream,
        since: Timestamp,
        trouble: Trouble,
        /// Positions of the log that are still to be settled.
        waiting: u64,
        told_at: Timestamp,
    },
    StreamRecovered {
        stream: AlertedStream,
        since: Timestamp,
        failed_for: Duration,
    },
    LogNearingLimit {
        /// Of the limit, taken up by what is still owed, about.
        owed_percent: u64,
        limit: LogSize,
        /// The stream that is owed most; none if it has gone in the meantime.
        held_back_by: Option<AlertedStream>,
    },
}

impl AlertNews {
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::StreamFailing { .. } => "audit_event_stream_failing",
            Self::StreamRecovered { .. } => "audit_event_stream_recovered",
            Self::LogNearingLimit { .. } => "audit_event_log_nearing_limit",
        }
    }

    /// The stream that it is about, or that is to blame.
    pub const fn stream(&self) -> Option<&AlertedStream> {
        match self {
            Self::StreamFailing { stream, .. } | Self::StreamRecovered { stream, .. } => Some(stream),
            Self::LogNearingLimit { held_back_by, .. } => held_back_by.as_ref(),
        }
    }

    /// One line: the subject of an e-mail, the message of an audit event.
    pub fn summary(&self) -> String {
        match self {
            Self::StreamFailing {
                stream,
                since,
                told_at,
                trouble,
                ..
            } => {
                let lasted = spoken(told_at.since(*since));
                format!("Stream {} has been failing for {lasted}: {trouble}", stream.name)
            }
            Self::StreamRecovered { stream, failed_for, .. } => {
                format!(
                    "Stream {} works again after failing for {}",
                    stream.name,
                    spoken(*failed_for)
                )
            }
            Self::LogNearingLimit { owed_percent, .. } => {
                format!("What streams are still owed takes up {owed_percent} % of the room of the audit log")
            }
        }
    }

    /// What an e-mail says: what happened, what it means, what to do.
    pub fn text(&self) -> String {
        let summary = self.summary();
        match self {
            Self::StreamFailing { since, waiting, .. } => format!(
                "{summary}.\n\nFailing since: {since}\nWaiting: {waiting} audit events\n\nNothing is lost: audit events are \
                 kept and sent when the destination accepts them again, as long as the log has room. Open the stream under \
                 Audit events, Streams to see its last failures. You will be told when it has recovered."
            ),
            Self::StreamRecovered { since, .. } => format!(
                "{summary}.\n\nIt had been failing since: {since}\n\nWhat was kept for it meanwhile is being sent, the oldest \
                 first. There is nothing to do."
            ),
            Self::LogNearingLimit {
                limit, held_back_by, ..
            } => {
                let blame = held_back_by
                    .as_ref()
                    .map_or_else(String::new, |stream| format!("Owed most: stream {}\n", stream.name));
                format!(
                    "{summary}.\n\n{blame}Limit: {limit}\n\nWhen it is full, no more audit events are taken in, and whoever \
                     posts them is told to come back. Mend the stream that is owed most, switch it off, or raise the limit \
                     under Settings, Retention.",
                    limit = ByteSize(limit.bytes()),
                )
            }
        }
    }

    /// For programs: of an audit event's details, and of a webhook.
    pub fn data(&self) -> Value {
        match self {
            Self::StreamFailing {
                stream,
                since,
                trouble,
                waiting,
                ..
            } => json!({
                "destination": destination(stream),
                "since": since.to_string(),
                "trouble": trouble.to_string(),
                "waiting": waiting,
            }),
            Self::StreamRecovered {
                stream,
                since,
                failed_for,
            } => json!({
                "destination": destination(stream),
                "since": since.to_string(),
                "failed_seconds": failed_for.as_secs(),
            }),
            Self::LogNearingLimit {
                owed_percent,
                limit,
                held_back_by,
            } => json!({
                "destination": held_back_by.as_ref().map(destination),
                "owed_percent": owed_percent,
                "limit_bytes": limit.bytes(),
            }),
        }
    }
}

fn destination(stream: &AlertedStream) -> Value {
    json!({"id": stream.id, "name": stream.name, "kind": stream.kind.as_str()})
}

/// A duration as people say it, in its two largest units: `2 hours 5 minutes`.
pub fn spoken(duration: Duration) -> String {
    const UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let seconds = duration.as_secs();
    let first = UNITS.iter().position(|(_, length)| seconds >= *length).unwrap_or(3);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (unit, length) in UNITS.iter().skip(first).take(2) {
        let (count, plural) = (rest / length, if rest / length == 1 { "" } else { "s" });
        rest %= length;
        if count > 0 || words.is_empty() {
            words.push(format!("{count} {unit}{plural}"));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> AlertedStream {
        AlertedStream {
            id: DestinationId::new(3),
            kind: DestinationKind::Http,
            name: "SIEM".into(),
        }
    }

    #[test]
    fn durations_in_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (725, "12 minutes 5 seconds"),
            (7_500, "2 hours 5 minutes"),
            (86_400, "1 day"),
            (180_061, "2 days 2 hours"),
        ] {
            assert_eq!(spoken(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn each_kind_in_words_and_as_data() {
        let failing = AlertNews::StreamFailing {
            stream: stream(),
            since: Timestamp::from_unix_ms(0),
            trouble: Trouble::Unavailable(503),
            waiting: 42,
            told_at: Timestamp::from_unix_ms(600_000),
        };
        assert_eq!(
            failing.summary(),
            "Stream SIEM has been failing for 10 minutes: 503 from server"
        );
        assert!(failing.text().contains("Waiting: 42 audit events"));
        assert_eq!(
            failing.data(),
            json!({
                "destination": {"id": 3, "name": "SIEM", "kind": "http"},
                "since": "1970-01-01T00:00:00.000Z",
                "trouble": "503 from server",
                "waiting": 42,
            })
        );
        let recovered = AlertNews::StreamRecovered {
            stream: stream(),
            since: Timestamp::from_unix_ms(0),
            failed_for: Duration::from_secs(720),
        };
        assert_eq!(
            recovered.summary(),
            "Stream SIEM works again after failing for 12 minutes"
        );
        assert_eq!(recovered.data()["failed_seconds"], json!(720));
        let full = AlertNews::LogNearingLimit {
            owed_percent: 81,
            limit: LogSize::DEFAULT,
            held_back_by: Some(stream()),
        };
        assert!(
            full.text().contains("Owed most: stream SIEM\nLimit: 10GiB"),
            "{}",
            full.text()
        );
        assert_eq!(full.data()["owed_percent"], json!(81));
    }
}
