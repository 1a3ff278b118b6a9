//! The signed-in browsers of who asks.

use api::Services;
use app::{
    port::{SetCookie, SignedIn},
    wire::AppError,
};
use domain::{ids::SessionId, view::SessionView};
use engine::Engine;

use super::failure::from_admin;

pub(super) async fn list_sessions(engine: &Engine, signed_in: &SignedIn) -> Result<Vec<SessionView>, AppError> {
    engine.list_sessions(signed_in.user).await.map_err(from_admin)
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
    let (author, user) = (signed_in.author(), signed_in.user);
    let ended = engine.end_sessions(&author, user, &signed_in.username, only).await;
    ended.map_err(from_admin)
}
