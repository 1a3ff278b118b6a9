//! The signed-in browsers of who asks.

use app::{
    port::{SetCookie, SignedIn, settings::SessionSummary},
    wire::AppError,
};
use domain::ids::SessionId;
use engine::Engine;

use super::{failure::from_admin, port::author_of};
use crate::{admin, services::Services};

pub(super) async fn list_sessions(engine: &Engine, signed_in: &SignedIn) -> Result<Vec<SessionSummary>, AppError> {
    admin::list_sessions(engine, signed_in.user).await.map_err(from_admin)
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
    let (author, user) = (author_of(signed_in), signed_in.user);
    let ended = admin::end_sessions(engine, &author, user, &signed_in.username, only).await;
    ended.map_err(from_admin)
}
