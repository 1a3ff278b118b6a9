//! How a stream is doing.

use axum::{Json, extract::State};
use domain::{
    Timestamp,
    delivery::{Reason, advice},
    destination::DestinationKind,
    health::{StreamFacts, StreamHealth},
    ids::Seq,
    policy::Trouble,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::{
    error::ApiError,
    input::{InPath, not_found},
    services::Services,
};

/// How a stream is doing now. What a state has nothing to say of is null.
#[derive(Serialize, ToSchema)]
pub(super) struct HealthView {
    state: StateName,
    /// Positions of the log that are still to be acknowledged.
    waiting: Option<u64>,
    /// Why nothing is sent, or why events are refused, in a few words.
    #[schema(example = "503 from server")]
    trouble: Option<String>,
    /// What an administrator can do about it.
    #[schema(example = "Check the receiver. Sending resumes automatically as soon as it accepts again.")]
    next_step: Option<&'static str>,
    trouble_code: Option<TroubleCode>,
    /// The status that the destination answers with.
    status: Option<u16>,
    /// Held since, or refusing since.
    since: Option<Timestamp>,
    /// When it is tried next.
    next_probe_at: Option<Timestamp>,
    /// The position of the event that the last failed probe of a held destination was about: see `park`. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    stuck_seq: Option<i64>,
    /// When an event was last accepted.
    last_success_at: Option<Timestamp>,
    /// When the oldest event came in that is not acknowledged; null if nothing waits.
    oldest_waiting_at: Option<Timestamp>,
    /// When the log would reach its size limit if this stream held it back and events came in as in the last hour; null if it
    /// does not, or in more than a year.
    log_full_at: Option<Timestamp>,
    /// Events that the destination refused and that are tried again.
    retrying: u64,
    /// Events that the destination refused and that are not tried any more: see them under `parked`.
    parked: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateName {
    /// No event has been admitted yet.
    NothingToSend,
    /// Everything that is due has been delivered.
    Healthy,
    /// Delivering.
    CatchingUp,
    /// The destination has refused every event since `since`. Refused events are tried again and then parked; the others go on.
    Refusing,
    /// One probe at a time until the destination accepts again. Nothing is dropped.
    Held,
    /// Stopped for a while by an administrator; everything is kept.
    Paused,
    /// Switched off by an administrator.
    Inactive,
    /// Not started yet, or being restarted.
    Starting,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TroubleCode {
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

/// How a stream is doing, and how far it is.
#[derive(Serialize, ToSchema)]
pub(super) struct ProgressView {
    health: HealthView,
    /// Every event up to this position is acknowledged.
    acknowledged_to: i64,
    /// The newest position in the log.
    newest_seq: i64,
    /// Events delivered since the destination was added, repeats after a crash included.
    delivered: u64,
}

/// Show how a stream is doing
#[utoipa::path(get, path = "/api/v1/destinations/{id}/health", tag = "Streams",
    params(("id" = i64, Path, description = "The destination's id", minimum = 1)),
    responses(
        (status = 200, description = "Its health and progress", body = ProgressView),
        (status = 404, description = "There is no such destination"),
    ),
)]
pub(super) async fn show_health(
    State(services): State<Services>,
    InPath(id): InPath<i64>,
) -> Result<Json<ProgressView>, ApiError> {
    let state = find(&services.engine, id).await?;
    let (engine, id) = (&services.engine, state.destination.id);
    let progress = engine.stream_progress(id).await?;
    let (acknowledged_to, delivered) = progress.ok_or_else(not_found)?;
    Ok(Json(ProgressView {
        health: HealthView::new(state.destination.target.kind(), &state.health, &state.facts),
        acknowledged_to: acknowledged_to.get(),
        newest_seq: engine.log().last_seq().get(),
        delivered,
    }))
}

impl HealthView {
    pub(super) fn new(kind: DestinationKind, health: &StreamHealth, facts: &StreamFacts) -> Self {
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
                next_step: Some(advice(kind, Reason::Refusing)),
                since: Some(*since),
                ..Self::of(StateName::Refusing)
            },
            &StreamHealth::Held {
                trouble,
                since,
                next_probe_at,
                waiting,
                stuck_seq,
            } => {
                let (code, status) = code_of(trouble);
                Self {
                    state: StateName::Held,
                    waiting: Some(waiting),
                    trouble: Some(trouble.to_string()),
                    next_step: Some(advice(kind, trouble.into())),
                    trouble_code: Some(code),
                    status,
                    since: Some(since),
                    next_probe_at: Some(next_probe_at),
                    stuck_seq: stuck_seq.map(Seq::get),
                    ..Self::of(StateName::Held)
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
