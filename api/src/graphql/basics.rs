//! Fields that destinations of every family have.

use async_graphql::{Enum, SimpleObject};
use domain::{
    delivery::{Reason, advice},
    destination::DestinationKind,
    health::{Concurrency, StreamHealth},
};
use engine::DestinationState;

use super::{parking::BigInt, rotation::AuditEventDestinationSecretRotation, time::Time};

/// Fields of all destination types that GitLab does not have.
#[derive(SimpleObject)]
pub(super) struct Basics {
    /// Whether streaming is paused. Events received during a pause are kept and sent later. Not part of GitLab's API.
    paused: bool,
    /// Health of the stream. Not part of GitLab's API.
    health: AuditEventStreamHealth,
    /// Secrets that were rotated less than 24 hours ago, and whose previous value is still used. Not part of GitLab's API.
    rotations: Vec<AuditEventDestinationSecretRotation>,
}

impl Basics {
    /// The fields of a destination.
    pub(super) fn of(state: &DestinationState) -> Self {
        Self {
            paused: state.destination.stream_state.paused,
            rotations: AuditEventDestinationSecretRotation::of(state),
            health: AuditEventStreamHealth {
                concurrency: state.facts.concurrency.map(AuditEventStreamConcurrency::from),
                ca_certificate_expires_at: state.facts.ca_certificate_expires_at.map(Time),
                client_certificate_expires_at: state.facts.client_certificate_expires_at.map(Time),
                server_certificate_expires_at: state.facts.server_certificate_expires_at.map(Time),
                ..AuditEventStreamHealth::of(state.destination.target.kind(), &state.health)
            },
        }
    }
}

/// Health of the stream to a destination.
#[derive(SimpleObject)]
pub(super) struct AuditEventStreamHealth {
    /// State of the stream.
    state: AuditEventStreamState,
    /// Number of log positions that the stream has not acknowledged yet, at most 2147483647.
    waiting: i32,
    /// When the stream started to back off, or when the destination started to reject every event.
    since: Option<Time>,
    /// Why the stream backs off or events are rejected, and what to do about it.
    reason: Option<String>,
    /// When an event was last delivered. Set for a healthy stream.
    last_success_at: Option<Time>,
    /// When a stream that backs off sends its next request.
    next_try_at: Option<Time>,
    /// Position in the log of the event that blocks a stream that backs off. Set if requests with this event alone fail.
    stuck_seq: Option<BigInt>,
    /// How many requests are in flight. Set while the stream runs.
    concurrency: Option<AuditEventStreamConcurrency>,
    /// When the first of the CA certificates of the destination expires. Set if it has any.
    ca_certificate_expires_at: Option<Time>,
    /// When the client certificate of the destination expires. Set if it has one.
    client_certificate_expires_at: Option<Time>,
    /// When the certificate of the server expires. Set once the stream has connected by TLS.
    server_certificate_expires_at: Option<Time>,
}

/// How many requests a stream has in flight.
#[derive(SimpleObject)]
pub(super) struct AuditEventStreamConcurrency {
    /// The most requests that may be in flight now. It follows the latency and the failures of the destination.
    limit: i32,
    /// Requests that are in flight now.
    in_flight: i32,
    /// The most requests in flight that the settings of the destination allow.
    maximum: i32,
    /// Whether `maximum` keeps the limit from growing. Never for a stream that sends batches one after the other.
    limited_by_settings: bool,
    /// Whether events wait now because the maximum number of requests per second is reached.
    limited_by_rate: bool,
}

impl From<Concurrency> for AuditEventStreamConcurrency {
    fn from(concurrency: Concurrency) -> Self {
        let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            limit: count(concurrency.limit),
            in_flight: count(concurrency.in_flight),
            maximum: count(concurrency.maximum),
            limited_by_settings: concurrency.limited_by_settings,
            limited_by_rate: concurrency.limited_by_rate,
        }
    }
}

/// State of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum AuditEventStreamState {
    /// The stream is starting, or restarting with a new configuration.
    Starting,
    /// No event has matched the filters yet.
    NothingToSend,
    /// All events are delivered.
    Healthy,
    /// The stream is delivering its backlog.
    CatchingUp,
    /// The destination rejects every event. Rejected events are retried and then parked, and the stream continues.
    Refusing,
    /// The destination does not accept events. The stream backs off and retries, and no event is dropped.
    Retrying,
    /// The stream is paused. All events are kept.
    Paused,
    /// The destination is inactive. Events received now are not sent later.
    Inactive,
}

impl AuditEventStreamHealth {
    fn of(kind: DestinationKind, health: &StreamHealth) -> Self {
        match health {
            StreamHealth::Starting => Self::new(AuditEventStreamState::Starting, 0),
            StreamHealth::NothingToSend => Self::new(AuditEventStreamState::NothingToSend, 0),
            StreamHealth::Healthy { last_success_at } => Self {
                last_success_at: last_success_at.map(Time),
                ..Self::new(AuditEventStreamState::Healthy, 0)
            },
            StreamHealth::CatchingUp { waiting } => Self::new(AuditEventStreamState::CatchingUp, *waiting),
            StreamHealth::Refusing {
                since, reason, waiting, ..
            } => Self {
                since: Some(Time(*since)),
                reason: Some(reason_text(kind, reason.trim_end_matches('.'), Reason::Refusing)),
                ..Self::new(AuditEventStreamState::Refusing, *waiting)
            },
            &StreamHealth::Retrying {
                trouble,
                since,
                next_probe_at,
                waiting,
                stuck_seq,
            } => Self {
                since: Some(Time(since)),
                reason: Some(reason_text(kind, &trouble.to_string(), trouble.into())),
                next_try_at: Some(Time(next_probe_at)),
                stuck_seq: stuck_seq.map(|seq| BigInt(seq.get())),
                ..Self::new(AuditEventStreamState::Retrying, waiting)
            },
            StreamHealth::Paused { waiting } => Self::new(AuditEventStreamState::Paused, *waiting),
            StreamHealth::Inactive => Self::new(AuditEventStreamState::Inactive, 0),
        }
    }

    fn new(state: AuditEventStreamState, waiting: u64) -> Self {
        Self {
            state,
            waiting: i32::try_from(waiting).unwrap_or(i32::MAX),
            since: None,
            reason: None,
            last_success_at: None,
            next_try_at: None,
            stuck_seq: None,
            concurrency: None,
            ca_certificate_expires_at: None,
            client_certificate_expires_at: None,
            server_certificate_expires_at: None,
        }
    }
}

/// The problem as a sentence, and what an administrator can do about it.
fn reason_text(kind: DestinationKind, phrase: &str, reason: Reason) -> String {
    let mut characters = phrase.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    let sentence: String = first.into_iter().chain(characters).chain(['.']).collect();
    format!("{sentence} {}", advice(kind, reason))
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, policy::Trouble};

    use super::*;

    #[test]
    fn a_held_stream_says_why_and_what_to_do() {
        let at = Timestamp::from_unix_ms(0);
        let health = AuditEventStreamHealth::of(
            DestinationKind::AmazonS3,
            &StreamHealth::Retrying {
                trouble: Trouble::Unavailable(503),
                since: at,
                next_probe_at: at,
                waiting: u64::MAX,
                stuck_seq: None,
            },
        );
        assert_eq!(
            health.reason.as_deref(),
            Some(
                "503 from server. The service asks for fewer requests. Delivery resumes automatically; the batch layout sends far \
                 fewer objects."
            )
        );
        assert_eq!(health.waiting, i32::MAX);
        assert!(health.last_success_at.is_none() && health.since.is_some() && health.next_try_at.is_some());
    }
}
