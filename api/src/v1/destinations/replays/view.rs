//! A replay as it is answered.

use domain::{
    Timestamp,
    policy::Trouble,
    replay::{ReplayRequest, ReplayState, ReplayWait},
};
use engine::{Engine, ReplayStanding};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    error::ApiError,
    v1::warning::{WarningView, warnings},
};

/// How many events a replay would send.
#[derive(Serialize, ToSchema)]
pub(in crate::v1::destinations) struct ReplayCountView {
    events: u64,
    /// What is probably not meant: event types that this instance does not know.
    warnings: Vec<WarningView>,
    /// The first moment of the range.
    from: Timestamp,
    /// The first moment after the range.
    before: Timestamp,
}

/// A replay, and how far it is. What there is nothing to say of is null.
#[derive(Serialize, ToSchema)]
pub(in crate::v1::destinations) struct ReplayView {
    id: i64,
    state: ReplayStateName,
    /// The first moment of the range.
    from: Timestamp,
    /// The first moment after the range.
    before: Timestamp,
    /// Only these types; all if there are none.
    event_types: Vec<String>,
    /// What is probably not meant: event types that this instance does not know.
    warnings: Vec<WarningView>,
    /// Events to send, counted at the start.
    total: u64,
    /// Events that the destination has accepted.
    sent: u64,
    /// Events that it has refused: see them under `parked`.
    refused: u64,
    /// What it waits for at the moment.
    waits_for: Option<WaitName>,
    /// What is wrong with the stream, or with the replay's own requests, in a few words.
    #[schema(example = "503 from server")]
    trouble: Option<String>,
    /// When the replay tries again by itself.
    next_try_at: Option<Timestamp>,
    /// What went wrong with its latest request.
    last_error: Option<String>,
    /// Name of who started it.
    created_by: String,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReplayStateName {
    Running,
    /// Everything was sent, or refused.
    Finished,
    Cancelled,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WaitName {
    /// The destination is inactive.
    Inactive,
    /// The stream is paused.
    Paused,
    /// The stream is just being started.
    StreamStarting,
    /// The stream is held.
    StreamHeld,
    /// The stream is catching up.
    StreamBehind,
    /// The replay's own request failed, and is sent again.
    Trouble,
}

impl ReplayCountView {
    /// # Errors
    /// The log could not be read.
    pub(super) async fn of(engine: &Engine, events: u64, request: &ReplayRequest) -> Result<Self, ApiError> {
        let unknown = engine.unknown_event_types(&request.types).await?;
        Ok(Self {
            events,
            warnings: warnings(&request.types, &unknown),
            from: request.range.from(),
            before: request.range.before(),
        })
    }
}

impl ReplayView {
    /// # Errors
    /// The log could not be read.
    pub(super) async fn of(engine: &Engine, standing: ReplayStanding) -> Result<Self, ApiError> {
        let types = &standing.replay.request.types;
        let unknown = engine.unknown_event_types(types).await?;
        let warnings = warnings(types, &unknown);
        Ok(Self::new(standing, warnings))
    }

    fn new(ReplayStanding { replay, waits }: ReplayStanding, warnings: Vec<WarningView>) -> Self {
        let (waits_for, trouble, next_try_at) = waits.map_or((None, None, None), told);
        let progress = replay.position.progress;
        Self {
            id: replay.id.get(),
            state: match replay.state {
                ReplayState::Running => ReplayStateName::Running,
                ReplayState::Finished => ReplayStateName::Finished,
                ReplayState::Cancelled => ReplayStateName::Cancelled,
            },
            from: replay.request.range.from(),
            before: replay.request.range.before(),
            event_types: replay.request.types.types().map(ToString::to_string).collect(),
            warnings,
            total: progress.total,
            sent: progress.sent,
            refused: progress.refused,
            waits_for,
            trouble: trouble.map(|trouble| trouble.to_string()),
            next_try_at,
            last_error: replay.position.last_error,
            created_by: replay.created_by,
            created_at: replay.created_at,
            ended_at: replay.ended_at,
        }
    }
}

const fn told(wait: ReplayWait) -> (Option<WaitName>, Option<Trouble>, Option<Timestamp>) {
    match wait {
        ReplayWait::Inactive => (Some(WaitName::Inactive), None, None),
        ReplayWait::Paused => (Some(WaitName::Paused), None, None),
        ReplayWait::StreamStarting => (Some(WaitName::StreamStarting), None, None),
        ReplayWait::StreamHeld(trouble) => (Some(WaitName::StreamHeld), Some(trouble), None),
        ReplayWait::StreamBehind(_) => (Some(WaitName::StreamBehind), None, None),
        ReplayWait::Trouble {
            trouble, next_try_at, ..
        } => (Some(WaitName::Trouble), Some(trouble), Some(next_try_at)),
    }
}
