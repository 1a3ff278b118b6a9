//! The read model of the health of a stream.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    delivery::{Reason, advice},
    destination::DestinationKind,
    health::{Concurrency, StreamFacts, StreamHealth},
    ids::Seq,
    policy::Trouble,
};

/// Current health of a stream. Fields that do not apply to the state are null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthView {
    /// The state in one word.
    pub state: StateName,
    /// Number of log positions that the stream has not acknowledged yet.
    pub waiting: Option<u64>,
    /// Why the stream backs off, or why events are rejected.
    #[cfg_attr(feature = "openapi", schema(example = "503 from server"))]
    pub trouble: Option<String>,
    /// What an administrator can do about it.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "Check the endpoint. Delivery resumes automatically when it recovers.")
    )]
    pub next_step: Option<String>,
    /// What kind of problem `trouble` is.
    pub trouble_code: Option<TroubleCode>,
    /// Status of the response of the destination.
    pub status: Option<u16>,
    /// When the stream started to back off, when the destination started to reject every event, or when it was deactivated.
    pub since: Option<Timestamp>,
    /// When the next request is sent.
    pub next_probe_at: Option<Timestamp>,
    /// Number of events that were received since the destination was deactivated, and are not sent. Omitted if it is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub not_sent: Option<u64>,
    /// Position of the event of the last failed attempt, which can be parked: see `park`. Omitted if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub stuck_seq: Option<i64>,
    /// When the destination last accepted an event.
    pub last_success_at: Option<Timestamp>,
    /// When the oldest unacknowledged event was received. Null if no event waits.
    pub oldest_waiting_at: Option<Timestamp>,
    /// Predicted time at which the log reaches its size limit, if this stream makes no progress and events arrive at the rate of
    /// the last hour. Null if it is not behind, or it is more than a year away.
    pub log_full_at: Option<Timestamp>,
    /// Number of rejected events that are being retried.
    pub retrying: u64,
    /// Number of rejected events that are no longer retried: see `parked`.
    pub parked: u64,
    /// Number of events delivered in each of the last 30 minutes. The last number is that of the current minute.
    pub per_minute: Vec<u32>,
    /// Null if the stream does not run.
    pub concurrency: Option<Concurrency>,
    /// When the first of the CA certificates of the destination expires. Null if it has none.
    pub ca_certificate_expires_at: Option<Timestamp>,
    /// When the client certificate of the destination expires. Null if it has none.
    pub client_certificate_expires_at: Option<Timestamp>,
    /// When the certificate of the server expires. Null until the stream has connected by TLS, and for services that renew theirs by
    /// themselves.
    pub server_certificate_expires_at: Option<Timestamp>,
}

/// The state of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StateName {
    /// No event has matched the filters yet.
    NothingToSend,
    /// All events are delivered.
    Healthy,
    /// The stream is delivering its backlog.
    CatchingUp,
    /// The destination has rejected every event since `since`. Rejected events are retried and then parked, and the stream continues.
    Refusing,
    /// The destination does not accept events. The stream sends one probe at a time, and no event is dropped.
    Retrying,
    /// Paused by an administrator. All events are kept.
    Paused,
    /// Deactivated by an administrator.
    Inactive,
    /// The stream is starting or restarting.
    Starting,
}

/// What came of a retry that an administrator asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryOutcome {
    /// The destination answered, and the stream continues.
    Accepted,
    /// The stream still backs off.
    Failed { trouble: String },
    /// There is no response yet.
    Pending,
}

/// Why a stream backs off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TroubleCode {
    /// The destination did not respond.
    Unreached,
    /// The destination reports that it is unavailable.
    Unavailable,
    AuthenticationFailing,
    EndpointNotFound,
    /// The destination responds with a redirect, which is not followed.
    Moved,
    /// The network rules block its address.
    Blocked,
    /// The destination rejects every event.
    EverythingRefused,
    /// The destination rejects events, and the maximum number of rejected and parked events is reached.
    TooManyRefused,
}

impl HealthView {
    /// What is shown of the health of a stream to a destination of this kind.
    pub fn new(kind: DestinationKind, health: &StreamHealth, facts: &StreamFacts) -> Self {
        let view = Self::of_health(kind, health);
        let inactive = facts.inactive.filter(|_| view.state == StateName::Inactive);
        Self {
            since: view.since.or_else(|| inactive.map(|inactive| inactive.since)),
            not_sent: inactive.map(|inactive| inactive.not_sent),
            last_success_at: facts.last_success_at,
            oldest_waiting_at: facts.oldest_waiting_at,
            log_full_at: facts.log_full_at,
            retrying: facts.retrying,
            parked: facts.parked,
            per_minute: facts.per_minute.clone(),
            concurrency: facts.concurrency,
            ca_certificate_expires_at: facts.ca_certificate_expires_at,
            client_certificate_expires_at: facts.client_certificate_expires_at,
            server_certificate_expires_at: facts.server_certificate_expires_at,
            ..view
        }
    }

    fn of_health(kind: DestinationKind, health: &StreamHealth) -> Self {
        match health {
            StreamHealth::NothingToSend => Self::of(StateName::NothingToSend),
            StreamHealth::Healthy { .. } => Self::of(StateName::Healthy),
            StreamHealth::Starting => Self::of(StateName::Starting),
            StreamHealth::Inactive => Self::of(StateName::Inactive),
            StreamHealth::CatchingUp { waiting } => Self {
                waiting: Some(*waiting),
                ..Self::of(StateName::CatchingUp)
            },
            StreamHealth::Paused { waiting } => Self {
                waiting: Some(*waiting),
                ..Self::of(StateName::Paused)
            },
            StreamHealth::Refusing {
                since, reason, waiting, ..
            } => Self {
                waiting: Some(*waiting),
                trouble: Some(reason.clone()),
                next_step: Some(advice(kind, Reason::Refusing).to_owned()),
                since: Some(*since),
                ..Self::of(StateName::Refusing)
            },
            &StreamHealth::Retrying {
                trouble,
                since,
                next_probe_at,
                waiting,
                stuck_seq,
            } => {
                let (code, status) = code_of(trouble);
                Self {
                    state: StateName::Retrying,
                    waiting: Some(waiting),
                    trouble: Some(trouble.to_string()),
                    next_step: Some(advice(kind, trouble.into()).to_owned()),
                    trouble_code: Some(code),
                    status,
                    since: Some(since),
                    next_probe_at: Some(next_probe_at),
                    stuck_seq: stuck_seq.map(Seq::get),
                    ..Self::of(StateName::Retrying)
                }
            }
        }
    }

    const fn of(state: StateName) -> Self {
        Self {
            state,
            waiting: None,
            trouble: None,
            next_step: None,
            trouble_code: None,
            status: None,
            since: None,
            next_probe_at: None,
            not_sent: None,
            stuck_seq: None,
            last_success_at: None,
            oldest_waiting_at: None,
            log_full_at: None,
            retrying: 0,
            parked: 0,
            per_minute: Vec::new(),
            concurrency: None,
            ca_certificate_expires_at: None,
            client_certificate_expires_at: None,
            server_certificate_expires_at: None,
        }
    }
}

const fn code_of(trouble: Trouble) -> (TroubleCode, Option<u16>) {
    match trouble {
        Trouble::Unreached(_) => (TroubleCode::Unreached, None),
        Trouble::Blocked => (TroubleCode::Blocked, None),
        Trouble::TooManyRefused => (TroubleCode::TooManyRefused, None),
        Trouble::Unavailable(status) => (TroubleCode::Unavailable, Some(status)),
        Trouble::AuthenticationFailing(status) => (TroubleCode::AuthenticationFailing, Some(status)),
        Trouble::EndpointNotFound(status) => (TroubleCode::EndpointNotFound, Some(status)),
        Trouble::Moved(status) => (TroubleCode::Moved, Some(status)),
        Trouble::EverythingRefused(status) => (TroubleCode::EverythingRefused, Some(status)),
    }
}
