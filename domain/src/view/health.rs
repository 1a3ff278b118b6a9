//! The read model of the health of a stream.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    delivery::{Reason, advice},
    destination::DestinationKind,
    health::{StreamFacts, StreamHealth},
    ids::Seq,
    policy::Trouble,
};

/// Current health of a stream. Fields that do not apply to the state are null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthView {
    pub state: StateName,
    /// Number of log positions that the stream has not acknowledged yet.
    pub waiting: Option<u64>,
    /// Why the stream backs off, or why events are refused.
    #[cfg_attr(feature = "openapi", schema(example = "503 from server"))]
    pub trouble: Option<String>,
    /// What an administrator can do about it.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "Check the receiver. Sending resumes automatically as soon as it accepts again.")
    )]
    pub next_step: Option<String>,
    pub trouble_code: Option<TroubleCode>,
    /// Status of the response of the destination.
    pub status: Option<u16>,
    /// When the stream started to back off, or when the destination started to refuse every event.
    pub since: Option<Timestamp>,
    /// When the next request is sent.
    pub next_probe_at: Option<Timestamp>,
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
    /// Number of refused events that are being retried.
    pub retrying: u64,
    /// Number of refused events that are no longer retried: see `parked`.
    pub parked: u64,
}

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
    /// The destination has refused every event since `since`. Refused events are retried and then parked, and the stream continues.
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
    /// The destination refuses every event.
    EverythingRefused,
    /// The destination refuses events, and the maximum number of refused and parked events is reached.
    TooManyRefused,
}

impl HealthView {
    pub fn new(kind: DestinationKind, health: &StreamHealth, facts: &StreamFacts) -> Self {
        Self {
            last_success_at: facts.last_success_at,
            oldest_waiting_at: facts.oldest_waiting_at,
            log_full_at: facts.log_full_at,
            retrying: facts.retrying,
            parked: facts.parked,
            ..Self::of_health(kind, health)
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
            stuck_seq: None,
            last_success_at: None,
            oldest_waiting_at: None,
            log_full_at: None,
            retrying: 0,
            parked: 0,
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
