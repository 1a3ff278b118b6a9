//! How a stream is doing, as it is shown.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    delivery::{Reason, advice},
    destination::DestinationKind,
    health::{StreamFacts, StreamHealth},
    ids::Seq,
    policy::Trouble,
};

/// How a stream is doing now. Members that do not apply to the state are null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthView {
    pub state: StateName,
    /// Positions of the log that are not acknowledged yet.
    pub waiting: Option<u64>,
    /// Why nothing is sent, or why events are refused, in a few words.
    #[cfg_attr(feature = "openapi", schema(example = "503 from server"))]
    pub trouble: Option<String>,
    /// What an administrator can do about it.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "Check the receiver. Sending resumes automatically as soon as it accepts again.")
    )]
    pub next_step: Option<String>,
    pub trouble_code: Option<TroubleCode>,
    /// The status that the destination answers with.
    pub status: Option<u16>,
    /// Backing off since, or refusing since.
    pub since: Option<Timestamp>,
    /// When the next attempt is due.
    pub next_probe_at: Option<Timestamp>,
    /// The position of the event that the last failed attempt was about: see `park`. Absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub stuck_seq: Option<i64>,
    /// When an event was last accepted.
    pub last_success_at: Option<Timestamp>,
    /// When the oldest event came in that is not acknowledged; null if nothing waits.
    pub oldest_waiting_at: Option<Timestamp>,
    /// When the log would reach its size limit if this stream held it back and events came in as in the last hour; null if it
    /// does not, or in more than a year.
    pub log_full_at: Option<Timestamp>,
    /// Events that the destination refused and that are retried.
    pub retrying: u64,
    /// Events that the destination refused and that are no longer retried: see `parked`.
    pub parked: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StateName {
    /// No event has been admitted yet.
    NothingToSend,
    /// Everything that is due has been delivered.
    Healthy,
    /// Delivering.
    CatchingUp,
    /// The destination has refused every event since `since`. Refused events are tried again and then parked; the others go on.
    Refusing,
    /// One probe at a time until the destination accepts again. Nothing is dropped.
    Retrying,
    /// Stopped for a while by an administrator; everything is kept.
    Paused,
    /// Switched off by an administrator.
    Inactive,
    /// Not started yet, or being restarted.
    Starting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TroubleCode {
    /// There was no answer.
    Unreached,
    /// It answers that it can't, for now.
    Unavailable,
    AuthenticationFailing,
    EndpointNotFound,
    /// It answers with a redirect, which is not followed.
    Moved,
    /// The network rules forbid its address.
    Blocked,
    /// It refuses every event.
    EverythingRefused,
    /// It refuses events, and as many as are kept are refused or parked already.
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
