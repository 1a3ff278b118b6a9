//! The signed-in browsers of who asks.

use app::{
    port::{SetCookie, SignedIn, settings::SessionSummary},
    wire::AppError,
};
use domain::{event::OwnEvent, ids::SessionId};
use engine::Engine;

use super::{failure::from_store, port::author_of};
use crate::services::Services;

pub(super) async fn list_sessions(engine: &Engine, signed_in: &SignedIn) -> Result<Vec<SessionSummary>, AppError> {
    let now = engine.clock().now();
    let sessions = engine.database().list_sessions(signed_in.user, now).await;
    let summaries = sessions.map_err(from_store)?.into_iter().map(|session| SessionSummary {
        id: session.id,
        ip_address: session.ip_address,
        first_seen_at: session.created_at,
        last_seen_at: session.last_seen_at,
    });
    Ok(summaries.collect())
}

pub(super) async fn end_session(engine: &Engine, signed_in: &SignedIn, id: SessionId) -> Result<(), AppError> {
    match end(engine, signed_in, Some(id)).await? {
        0 => Err(AppError::NotFound),
        _ => Ok(()),
    }
}

pub(super) async fn end_sessions(services: &Services, signed_in: &SignedIn) -> Result<SetCookie, AppError> {
    end(&services.engine, signed_in, None).await?;
    Ok(services.cookie.clear())
}

async fn end(engine: &Engine, signed_in: &SignedIn, only: Option<SessionId>) -> Result<u64, AppError> {
    let ended = |count| {
        let event = OwnEvent::SessionsEnded {
            user: signed_in.user,
            username: signed_in.username.clone(),
            count,
        };
        engine.recorded(event, &author_of(signed_in))
    };
    let count = engine.database().delete_sessions(signed_in.user, only, ended).await;
    let count = count.map_err(from_store)?;
    engine.relay_own_events().await;
    Ok(count)
}
