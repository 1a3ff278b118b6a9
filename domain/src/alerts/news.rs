//! The content of alerts, as text and as data. It contains no secrets: a stream is identified by its name.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

use super::CertificateHolder;
use crate::{
    Timestamp,
    destination::DestinationKind,
    ids::DestinationId,
    page::{RETENTION_SETTINGS, StreamView, stream_path},
    policy::Trouble,
    settings::{ByteSize, LogSize, RetentionDays},
};

/// The stream that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertedStream {
    /// Id of the destination.
    pub id: DestinationId,
    /// Kind of the destination.
    pub kind: DestinationKind,
    /// Its name at the time of the notification.
    pub name: String,
}

/// How a stream fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamFailure {
    /// It backs off.
    Retrying(Trouble),
    /// The destination rejects every event, the latest for this reason.
    Refusing(String),
}

impl fmt::Display for StreamFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retrying(trouble) => trouble.fmt(formatter),
            Self::Refusing(reason) => write!(formatter, "every event rejected: {}", reason.trim_end_matches('.')),
        }
    }
}

/// What is worth an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertNews {
    StreamFailing {
        stream: AlertedStream,
        since: Timestamp,
        failure: StreamFailure,
        /// Size of the backlog: positions of the log that are not acknowledged.
        waiting: u64,
        notified_at: Timestamp,
    },
    StreamRecovered {
        stream: AlertedStream,
        since: Timestamp,
        failed_for: Duration,
    },
    /// Events that the destination rejected are no longer retried.
    EventsParked {
        stream: AlertedStream,
        /// How many since the last notification.
        newly: u64,
        /// How many are parked now.
        parked: u64,
        /// Why the newest of them was refused.
        reason: String,
    },
    /// A certificate is about to expire, or has expired.
    CertificateExpiring {
        stream: AlertedStream,
        holder: CertificateHolder,
        expires_at: Timestamp,
        notified_at: Timestamp,
    },
    /// Events left the log before they had reached the retention age.
    EventsPrunedEarly {
        newly: u64,
        limit: LogSize,
        days: RetentionDays,
    },
    LogNearingLimit {
        /// The share of the limit that undelivered events take up, approximately.
        undelivered_percent: u64,
        limit: LogSize,
        /// The stream with the largest backlog; `None` if it was deleted in the meantime.
        held_back_by: Option<AlertedStream>,
    },
}

impl AlertNews {
    /// The type of the audit event, and of the message to a webhook.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::StreamFailing { .. } => "audit_event_stream_failing",
            Self::StreamRecovered { .. } => "audit_event_stream_recovered",
            Self::EventsParked { .. } => "audit_events_parked",
            Self::CertificateExpiring { .. } => "audit_event_certificate_expiring",
            Self::EventsPrunedEarly { .. } => "audit_events_pruned_early",
            Self::LogNearingLimit { .. } => "audit_event_log_nearing_limit",
        }
    }

    /// The stream that it is about, or that holds back the log.
    pub const fn stream(&self) -> Option<&AlertedStream> {
        match self {
            Self::StreamFailing { stream, .. }
            | Self::StreamRecovered { stream, .. }
            | Self::EventsParked { stream, .. }
            | Self::CertificateExpiring { stream, .. } => Some(stream),
            Self::LogNearingLimit { held_back_by, .. } => held_back_by.as_ref(),
            Self::EventsPrunedEarly { .. } => None,
        }
    }

    /// One line: the subject of an e-mail, the message of an audit event.
    pub fn summary(&self) -> String {
        match self {
            Self::StreamFailing {
                stream,
                since,
                notified_at,
                failure,
                ..
            } => {
                let lasted = spoken(notified_at.since(*since));
                format!("Stream {} has been failing for {lasted}: {failure}", stream.name)
            }
            Self::StreamRecovered { stream, failed_for, .. } => {
                format!(
                    "Stream {} works again after failing for {}",
                    stream.name,
                    spoken(*failed_for)
                )
            }
            Self::EventsParked { stream, newly: 1, .. } => format!("1 event of stream {} was parked", stream.name),
            Self::EventsParked { stream, newly, .. } => format!("{newly} events of stream {} were parked", stream.name),
            Self::CertificateExpiring {
                stream,
                holder,
                expires_at,
                notified_at,
            } => {
                let ending = match notified_at < expires_at {
                    true => format!("expires in {}", spoken(expires_at.since(*notified_at))),
                    false => "has expired".to_owned(),
                };
                format!("The {} certificate of stream {} {ending}", holder.as_str(), stream.name)
            }
            Self::EventsPrunedEarly { days, .. } => {
                format!("Audit events are removed from the log before they are {days} days old")
            }
            Self::LogNearingLimit {
                undelivered_percent, ..
            } => {
                format!("Undelivered events fill {undelivered_percent} % of the audit log")
            }
        }
    }

    /// The path of the page that shows more, and where to act.
    pub fn path(&self) -> String {
        match self {
            Self::StreamFailing { stream, .. }
            | Self::StreamRecovered { stream, .. }
            | Self::EventsParked { stream, .. }
            | Self::CertificateExpiring {
                stream,
                holder: CertificateHolder::Server,
                ..
            } => stream_path(stream.id, StreamView::Activity),
            Self::CertificateExpiring { stream, .. } => stream_path(stream.id, StreamView::Settings),
            Self::EventsPrunedEarly { .. } | Self::LogNearingLimit { .. } => RETENTION_SETTINGS.to_owned(),
        }
    }

    /// The body of an e-mail: what happened, what it means, what to do and where. `public_url` has no trailing slash.
    pub fn text(&self, public_url: &str) -> String {
        let summary = self.summary();
        let url = format!("{public_url}{}", self.path());
        match self {
            Self::StreamFailing {
                since,
                waiting,
                failure: StreamFailure::Refusing(_),
                ..
            } => format!(
                "{summary}.\n\nRejecting since: {since}\nWaiting: {waiting} audit events\n\nNothing is lost: a rejected event is \
                 retried, and parked after five attempts. Parked events are kept until you retry or discard them. You will be \
                 notified when the destination accepts events again.\n\nSee what it answers: {url}"
            ),
            Self::StreamFailing { since, waiting, .. } => format!(
                "{summary}.\n\nFailing since: {since}\nWaiting: {waiting} audit events\n\nNothing is lost: audit events are \
                 kept and sent when the destination accepts them again, as long as the log has room. You will be notified \
                 when it recovers.\n\nSee its latest failures: {url}"
            ),
            Self::StreamRecovered { since, .. } => format!(
                "{summary}.\n\nFailing since: {since}\n\nThe events that were kept in the meantime are being sent, the oldest \
                 first. No action is needed.\n\nSee its deliveries: {url}"
            ),
            Self::EventsParked { parked, reason, .. } => format!(
                "{summary}.\n\nParked now: {parked} audit events\nReason of the newest: {reason}\n\nParked events are no longer \
                 sent, and no other event waits for them. They are kept until you retry or discard them.\n\nRetry or discard \
                 them: {url}"
            ),
            Self::CertificateExpiring {
                holder,
                expires_at,
                notified_at,
                ..
            } => {
                let has_expired = expires_at <= notified_at;
                let expires = if has_expired { "Expired" } else { "Expires" };
                let (effect, action) = effect_of_expiry(*holder, has_expired);
                format!("{summary}.\n\n{expires}: {expires_at}\n\n{effect} Nothing is lost. {action}: {url}")
            }
            Self::EventsPrunedEarly { newly, limit, .. } => format!(
                "{summary}.\n\nRemoved early so far: {newly} audit events\nLimit: {limit}\n\nThe log is nearly as large as it may \
                 become, so the oldest events are removed to make room. Each was delivered to every active destination that \
                 admits it. To keep events as long as you chose, raise the size limit.\n\nChange the limit: {url}",
                limit = ByteSize(limit.bytes()),
            ),
            Self::LogNearingLimit {
                limit, held_back_by, ..
            } => {
                let largest = held_back_by.as_ref().map_or_else(String::new, |stream| {
                    format!("Largest backlog: stream {}\n", stream.name)
                });
                let stream_link = held_back_by.as_ref().map_or_else(String::new, |stream| {
                    let path = stream_path(stream.id, StreamView::Activity);
                    format!("See the stream: {public_url}{path}\n")
                });
                format!(
                    "{summary}.\n\n{largest}Limit: {limit}\n\nWhen the log is full, new audit events are rejected, and clients \
                     are asked to retry later. Repair or deactivate the stream with the largest backlog, or raise the limit.\n\n\
                     {stream_link}Change the limit: {url}",
                    limit = ByteSize(limit.bytes()),
                )
            }
        }
    }

    /// The same as data, for the details of an audit event and for a webhook.
    pub fn data(&self) -> Value {
        match self {
            Self::StreamFailing {
                stream,
                since,
                failure,
                waiting,
                ..
            } => json!({
                "destination": destination(stream),
                "since": since.to_string(),
                "trouble": failure.to_string(),
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
            Self::EventsParked {
                stream,
                newly,
                parked,
                reason,
            } => json!({
                "destination": destination(stream),
                "events": newly,
                "parked": parked,
                "reason": reason,
            }),
            Self::CertificateExpiring {
                stream,
                holder,
                expires_at,
                ..
            } => json!({
                "destination": destination(stream),
                "certificate": holder.as_str(),
                "expires_at": expires_at.to_string(),
            }),
            Self::EventsPrunedEarly { newly, limit, days } => json!({
                "events": newly,
                "limit_bytes": limit.bytes(),
                "retention_days": days.get(),
            }),
            Self::LogNearingLimit {
                undelivered_percent,
                limit,
                held_back_by,
            } => json!({
                "destination": held_back_by.as_ref().map(destination),
                "undelivered_percent": undelivered_percent,
                "limit_bytes": limit.bytes(),
            }),
        }
    }
}

fn destination(stream: &AlertedStream) -> Value {
    json!({"id": stream.id, "name": stream.name, "kind": stream.kind.as_str()})
}

/// A duration in its two largest units, for example `2 hours 5 minutes`.
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

/// What becomes of a stream whose certificate expires, and what to do.
const fn effect_of_expiry(holder: CertificateHolder, has_expired: bool) -> (&'static str, &'static str) {
    let effect = match (holder, has_expired) {
        (CertificateHolder::Client, false) => {
            "When it expires, the server will reject connections, and audit events will wait in the log."
        }
        (CertificateHolder::Client, true) => {
            "The server rejects connections until you replace it, and audit events wait in the log."
        }
        (CertificateHolder::Server, false) => {
            "When it expires, connections to the server will fail, and audit events will wait in the log."
        }
        (CertificateHolder::Server, true) => {
            "Connections to the server fail until it is renewed, and audit events wait in the log."
        }
    };
    let action = match holder {
        CertificateHolder::Client => {
            "Add a new certificate and its key in the settings of the destination.\n\nChange it"
        }
        CertificateHolder::Server => "Ask the operator of the server to renew its certificate.\n\nSee the stream",
    };
    (effect, action)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://audit.example";

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
    fn each_kind_as_text_and_as_data() {
        let failing = AlertNews::StreamFailing {
            stream: stream(),
            since: Timestamp::from_unix_ms(0),
            failure: StreamFailure::Retrying(Trouble::Unavailable(503)),
            waiting: 42,
            notified_at: Timestamp::from_unix_ms(600_000),
        };
        assert_eq!(
            failing.summary(),
            "Stream SIEM has been failing for 10 minutes: 503 from server"
        );
        assert!(failing.text(URL).contains("Waiting: 42 audit events"));
        assert_eq!(
            failing.data(),
            json!({
                "destination": {"id": 3, "name": "SIEM", "kind": "http"},
                "since": "1970-01-01T00:00:00.000Z",
                "trouble": "503 from server",
                "waiting": 42,
            })
        );
        let refusing = AlertNews::StreamFailing {
            stream: stream(),
            since: Timestamp::from_unix_ms(0),
            failure: StreamFailure::Refusing("Answered 422.".into()),
            waiting: 0,
            notified_at: Timestamp::from_unix_ms(600_000),
        };
        assert_eq!(
            refusing.summary(),
            "Stream SIEM has been failing for 10 minutes: every event rejected: Answered 422"
        );
        let parked = |newly| AlertNews::EventsParked {
            stream: stream(),
            newly,
            parked: 9,
            reason: "Answered 422.".into(),
        };
        assert_eq!(parked(1).summary(), "1 event of stream SIEM was parked");
        assert_eq!(parked(3).summary(), "3 events of stream SIEM were parked");
        assert!(
            parked(3)
                .text(URL)
                .contains("Parked now: 9 audit events\nReason of the newest: Answered 422.")
        );
        assert_eq!(parked(3).data()["events"], json!(3));
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
            undelivered_percent: 81,
            limit: LogSize::DEFAULT,
            held_back_by: Some(stream()),
        };
        assert!(
            full.text(URL).contains("Largest backlog: stream SIEM\nLimit: 10GiB"),
            "{}",
            full.text(URL)
        );
        assert_eq!(full.data()["undelivered_percent"], json!(81));
    }

    /// The links at the end of the text, by what they lead to.
    fn links(news: &AlertNews) -> Vec<String> {
        let text = news.text(URL);
        assert_eq!(
            text.lines()
                .last()
                .and_then(|line| line.split_once(": "))
                .map(|(_, url)| url),
            Some(format!("{URL}{}", news.path()).as_str())
        );
        let lines = text.lines().filter(|line| line.contains("://"));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn each_text_ends_with_a_link_to_where_to_act() {
        let activity = "https://audit.example/admin/audit_logs?tab=streams&stream=3&view=activity";
        let retention = "https://audit.example/admin/settings/retention";
        let failing = |failure| AlertNews::StreamFailing {
            stream: stream(),
            since: Timestamp::from_unix_ms(0),
            failure,
            waiting: 42,
            notified_at: Timestamp::from_unix_ms(600_000),
        };
        let nearing = |held_back_by| AlertNews::LogNearingLimit {
            undelivered_percent: 81,
            limit: LogSize::DEFAULT,
            held_back_by,
        };
        let recovered = AlertNews::StreamRecovered {
            stream: stream(),
            since: Timestamp::from_unix_ms(0),
            failed_for: Duration::from_secs(720),
        };
        let parked = AlertNews::EventsParked {
            stream: stream(),
            newly: 3,
            parked: 9,
            reason: "Answered 422.".into(),
        };
        let expiring = |holder| AlertNews::CertificateExpiring {
            stream: stream(),
            holder,
            expires_at: Timestamp::from_unix_ms(86_400_000),
            notified_at: Timestamp::from_unix_ms(0),
        };
        let settings = "https://audit.example/admin/audit_logs?tab=streams&stream=3&view=settings";
        let pruned = AlertNews::EventsPrunedEarly {
            newly: 7,
            limit: LogSize::DEFAULT,
            days: RetentionDays::DEFAULT,
        };
        for (news, expected) in [
            (
                failing(StreamFailure::Retrying(Trouble::Unavailable(503))),
                vec![format!("See its latest failures: {activity}")],
            ),
            (
                failing(StreamFailure::Refusing("Answered 422.".into())),
                vec![format!("See what it answers: {activity}")],
            ),
            (recovered, vec![format!("See its deliveries: {activity}")]),
            (parked, vec![format!("Retry or discard them: {activity}")]),
            (
                expiring(CertificateHolder::Client),
                vec![format!("Change it: {settings}")],
            ),
            (
                expiring(CertificateHolder::Server),
                vec![format!("See the stream: {activity}")],
            ),
            (pruned, vec![format!("Change the limit: {retention}")]),
            (
                nearing(Some(stream())),
                vec![
                    format!("See the stream: {activity}"),
                    format!("Change the limit: {retention}"),
                ],
            ),
            (nearing(None), vec![format!("Change the limit: {retention}")]),
        ] {
            assert_eq!(links(&news), expected);
        }
    }

    #[test]
    fn an_expired_certificate_is_not_spoken_of_in_the_future() {
        let text = |holder, days: i64| {
            let news = AlertNews::CertificateExpiring {
                stream: stream(),
                holder,
                expires_at: Timestamp::from_unix_ms(86_400_000),
                notified_at: Timestamp::from_unix_ms(86_400_000 * days),
            };
            news.text("https://audit.example")
        };
        for (holder, days, expected) in [
            (CertificateHolder::Client, 0, "the server will reject connections"),
            (
                CertificateHolder::Client,
                1,
                "The server rejects connections until you replace it",
            ),
            (CertificateHolder::Server, 0, "connections to the server will fail"),
            (
                CertificateHolder::Server,
                1,
                "Connections to the server fail until it is renewed",
            ),
        ] {
            let (text, dated) = (text(holder, days), if days == 0 { "Expires: " } else { "Expired: " });
            assert!(text.contains(expected) && text.contains(dated), "{text}");
        }
    }
}
