//! How streams are doing as the page shows it, and what it does with them.

use api::{
    ServicesInner,
    destinations::{EditError, draft_of, edit},
    web::PublicUrl,
};
use app::{
    port::streams::{InstanceSummary, StreamActivity, StreamCommand, StreamSummary},
    wire::AppError,
};
use domain::{
    activity::Span,
    ids::{DestinationId, Seq, UserId},
    instance_event::Author,
};
use engine::{DestinationState, Engine, admin::Overview};

use super::{counted_replays::CountedReplays, failure::from_admin, replays::show_replays};

/// Shown at once.
const SHOWN: u32 = 25;

pub(super) fn summary(state: DestinationState) -> StreamSummary {
    let DestinationState {
        destination,
        health,
        facts,
        unknown_types,
    } = state;
    StreamSummary {
        id: destination.id,
        version: destination.version,
        draft: draft_of(&destination),
        stream_state: destination.stream_state,
        health,
        facts,
        unknown_types: unknown_types.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn instance(overview: Overview, public_url: &PublicUrl) -> InstanceSummary {
    InstanceSummary {
        public_url: public_url.as_str().to_owned(),
        overview: overview.view,
        streams: overview.streams.into_iter().map(summary).collect(),
    }
}

pub(super) async fn show_activity(
    services: &ServicesInner,
    counted: &CountedReplays,
    user: UserId,
    id: DestinationId,
    span: Span,
) -> Result<StreamActivity, AppError> {
    let engine = &services.engine;
    let state = engine.find_destination(id).await.map_err(from_admin)?;
    let state = state.ok_or(AppError::NotFound)?;
    let points = engine.activity(id, span).await.map_err(from_admin)?;
    let attempts = engine.list_attempts(id, SHOWN).await.map_err(from_admin)?;
    let parked = engine.list_parked(id, None, SHOWN).await.map_err(from_admin)?;
    Ok(StreamActivity {
        stream: summary(state),
        span,
        points,
        attempts,
        parked,
        replays: show_replays(services, counted, user, id).await?,
    })
}

pub(super) async fn command_stream(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    command: StreamCommand,
) -> Result<(), AppError> {
    if command == StreamCommand::RetryNow {
        return match engine.retry_now(id) {
            true => Ok(()),
            false => Err(AppError::NotFound),
        };
    }
    let changed = edit(engine, author, id, None, |_, _, stream_state| {
        match command {
            StreamCommand::Activate => stream_state.active = true,
            StreamCommand::Deactivate => stream_state.active = false,
            StreamCommand::Pause => stream_state.paused = true,
            StreamCommand::Resume => stream_state.paused = false,
            StreamCommand::RetryNow => {}
        }
        Ok(())
    });
    match changed.await {
        Ok(_) => Ok(()),
        Err(EditError::Invalid(errors)) => Err(AppError::Invalid(errors)),
        Err(EditError::Update(error)) => Err(from_admin(error)),
    }
}

pub(super) async fn retry_parked(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    seq: Option<Seq>,
) -> Result<u64, AppError> {
    let Some(seq) = seq else {
        return engine.retry_all_parked(author, id).await.map_err(from_admin);
    };
    match engine.retry_parked(author, id, seq).await.map_err(from_admin)? {
        true => Ok(1),
        false => Err(AppError::NotFound),
    }
}

pub(super) async fn discard_parked(
    engine: &Engine,
    author: &Author,
    id: DestinationId,
    seq: Seq,
) -> Result<(), AppError> {
    match engine.discard_parked(author, id, seq).await.map_err(from_admin)? {
        true => Ok(()),
        false => Err(AppError::NotFound),
    }
}
