//! Replays as the page shows them, and what it does with them.

use api::ServicesInner;
use app::{
    port::replays::{CountedReplay, ReplaySummary, Replays},
    wire::AppError,
};
use domain::{
    ids::{DestinationId, ReplayId, UserId},
    instance_event::Author,
    replay::ReplayDraft,
};
use engine::{Engine, ReplayStanding};

use super::counted_replays::CountedReplays;
use super::failure::from_admin;

/// What there is to be shown of a destination's replays.
pub(super) async fn show_replays(
    services: &ServicesInner,
    counted: &CountedReplays,
    user: UserId,
    id: DestinationId,
) -> Result<Replays, AppError> {
    let engine = &services.engine;
    let all = engine.list_replays(id).await.map_err(from_admin)?;
    Ok(Replays {
        counted: counted.get((user, id), engine.clock().now()),
        all: all.into_iter().map(summary).collect(),
    })
}

/// Counts, and remembers what was counted: the page offers to start it.
pub(super) async fn count_replay(
    services: &ServicesInner,
    counted: &CountedReplays,
    user: UserId,
    id: DestinationId,
    draft: ReplayDraft,
) -> Result<u64, AppError> {
    let engine = &services.engine;
    let _permit = permit(services).await?;
    let request = draft.parse(engine.clock().now()).map_err(AppError::Invalid)?;
    let events = engine.count_replay(id, &request).await.map_err(from_admin)?;
    let unknown = engine.unknown_event_types(&request.types).await.map_err(from_admin)?;
    let replay = CountedReplay {
        request,
        events,
        unknown_types: unknown.iter().map(ToString::to_string).collect(),
    };
    counted.put((user, id), replay, engine.clock().now());
    Ok(events)
}

/// Returns how many events it is to send.
pub(super) async fn start_replay(
    services: &ServicesInner,
    counted: &CountedReplays,
    user: UserId,
    author: &Author,
    id: DestinationId,
    draft: ReplayDraft,
) -> Result<u64, AppError> {
    let engine = &services.engine;
    let _permit = permit(services).await?;
    let request = draft.parse(engine.clock().now()).map_err(AppError::Invalid)?;
    let started = engine.start_replay(author, id, &request).await.map_err(from_admin)?;
    counted.forget((user, id));
    Ok(started.replay.position.progress.total)
}

pub(super) async fn cancel_replay(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    replay: ReplayId,
) -> Result<(), AppError> {
    let cancelled = engine.cancel_replay(author, id, replay).await;
    cancelled.map(drop).map_err(from_admin)
}

/// Few read the log at once.
async fn permit(services: &ServicesInner) -> Result<tokio::sync::SemaphorePermit<'_>, AppError> {
    services.log_reads.permit().await.map_err(|_| AppError::Unavailable)
}

fn summary(ReplayStanding { replay, waits }: ReplayStanding) -> ReplaySummary {
    ReplaySummary {
        id: replay.id,
        request: replay.request,
        state: replay.state,
        progress: replay.position.progress,
        waits,
        last_error: replay.position.last_error,
        created_by: replay.created_by,
        created_at: replay.created_at,
        ended_at: replay.ended_at,
    }
}
