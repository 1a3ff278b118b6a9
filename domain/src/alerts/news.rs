//! The content of alerts, as text and as data. It contains no secrets: a stream is identified by its name.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

use super::CertificateHolder;
use crate::{
    Timestamp,
    destination::DestinationKind,
    ids::DestinationId,
    page::{ALERT_SETTINGS, RETENTION_SETTINGS, StreamView, stream_path},
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
    /// The same of a certificate of the whole instance.
    InstanceCertificateExpiring {
        holder: CertificateHolder,
        name: String,
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
            Self::CertificateExpiring { .. } | Self::InstanceCertificateExpiring { .. } => {
                "audit_event_certificate_expiring"
            }
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
            Self::EventsPrunedEarly { .. } | Self::InstanceCertificateExpiring { .. } => None,
        }
    }

    /// The setting that it is about, if it is not about a stream.
    pub(crate) const fn setting(&self) -> &'static str {
        match self {
            Self::InstanceCertificateExpiring {
                holder: CertificateHolder::CaFile,
                ..
            } => "ca_file",
            Self::InstanceCertificateExpiring {
                holder: CertificateHolder::ClientCa,
                ..
            } => "client_ca",
            Self::InstanceCertificateExpiring { .. } => "tls_certificate",
            _ => "log_size_limit",
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
                let ending = expiry(*expires_at, *notified_at);
                let whose = match holder {
                    CertificateHolder::Ca => "CA",
                    holder => holder.as_str(),
                };
                format!("The {whose} certificate of stream {} {ending}", stream.name)
            }
            Self::InstanceCertificateExpiring {
                holder,
                name,
                expires_at,
                notified_at,
            } => {
                let ending = expiry(*expires_at, *notified_at);
                match holder {
                    CertificateHolder::CaFile => {
                        format!("The CA certificate {name} in AUDIT_STREAMS_CA_FILE {ending}")
                    }
                    CertificateHolder::ClientCa => {
                        format!("The CA certificate {name} in AUDIT_STREAMS_CLIENT_CA {ending}")
                    }
                    _ => format!("The TLS certificate of this server ({name}) {ending}"),
                }
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
            Self::InstanceCertificateExpiring { .. } => ALERT_SETTINGS.to_owned(),
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
            }
            | Self::InstanceCertificateExpiring {
                holder,
                expires_at,
                notified_at,
                ..
            } => {
                let has_expired = expires_at <= notified_at;
                let expires = if has_expired { "Expired" } else { "Expires" };
                let (effect, action) = (effect_of_expiry(*holder, has_expired), action_on_expiry(*holder));
                format!("{summary}.\n\n{expires}: {expires_at}\n\n{effect} {action}: {url}")
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
            Self::InstanceCertificateExpiring {
                holder,
                name,
                expires_at,
                ..
            } => json!({
                "destination": null,
                "certificate": holder.as_str(),
                "name": name,
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

/// The end of a sentence about a certificate.
fn expiry(expires_at: Timestamp, now: Timestamp) -> String {
    match now < expires_at {
        true => format!("expires in {}", spoken(expires_at.since(now))),
        false => "has expired".to_owned(),
    }
}

/// What happens when a certificate expires.
const fn effect_of_expiry(holder: CertificateHolder, has_expired: bool) -> &'static str {
    match (holder, has_expired) {
        (CertificateHolder::Client, false) => {
            "When it expires, the server will reject connections, and audit events will wait in the log. Nothing is lost."
        }
        (CertificateHolder::Client, true) => {
            "The server rejects connections until you replace it, and audit events wait in the log. Nothing is lost."
        }
        (CertificateHolder::Server, false) => {
            "When it expires, connections to the server will fail, and audit events will wait in the log. Nothing is lost."
        }
        (CertificateHolder::Server, true) => {
            "Connections to the server fail until it is renewed, and audit events wait in the log. Nothing is lost."
        }
        (CertificateHolder::Listener, false) => {
            "When it expires, clients and browsers will fail to connect: no audit events will come in."
        }
        (CertificateHolder::Listener, true) => {
            "Clients and browsers fail to connect until it is renewed: no audit events come in."
        }
        (CertificateHolder::Ca | CertificateHolder::CaFile, false) => {
            "By then, servers will have certificates of another CA. If it is not trusted, connections to them will fail, and audit \
             events will wait in the log. Nothing is lost."
        }
        (CertificateHolder::Ca | CertificateHolder::CaFile, true) => {
            "By now, servers should have certificates of another CA. If it is not trusted, connections to them fail, and audit events \
             wait in the log. Nothing is lost."
        }
        (CertificateHolder::ClientCa, false) => {
            "By then, clients will have certificates of another CA. If it is not trusted, they will fail to connect: no audit events \
             will come in from them."
        }
        (CertificateHolder::ClientCa, true) => {
            "By now, clients should have certificates of another CA. If it is not trusted, they fail to connect: no audit events come \
             in from them."
        }
    }
}

/// What to do about a certificate that expires.
const fn action_on_expiry(holder: CertificateHolder) -> &'static str {
    match holder {
        CertificateHolder::Client => {
            "Add a new certificate and its key in the settings of the destination.\n\nChange it"
        }
        CertificateHolder::Server => "Ask the operator of the server to renew its certificate.\n\nSee the stream",
        CertificateHolder::Listener => {
            "Renew the certificate in AUDIT_STREAMS_TLS_CERT: it is loaded when the file changes.\n\nSee open alerts"
        }
        CertificateHolder::Ca => "Add the new CA certificate in the settings of the destination.\n\nChange it",
        CertificateHolder::CaFile | CertificateHolder::ClientCa => {
            "Add the new CA certificate to the file: it is loaded when it changes.\n\nSee open alerts"
        }
    }
}

#[cfg(test)]
mod tests;
