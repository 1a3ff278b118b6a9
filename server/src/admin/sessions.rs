//! Browsers that are signed in.

use app::port::settings::SessionSummary;
use domain::{
    event::{Author, OwnEvent},
    ids::{SessionId, UserId},
};
use engine::Engine;

use super::AdminError;

pub(crate) async fn list_sessions(engine: &Engine, user: UserId) -> Result<Vec<SessionSummary>, AdminError> {
    let sessions = engine.database().list_sessions(user, engine.clock().now()).await?;
    let summaries = sessions.into_iter().map(|session| SessionSummary {
        id: session.id,
        ip_address: session.ip_address,
        first_seen_at: session.created_at,
        last_seen_at: session.last_seen_at,
    });
    Ok(summaries.collect())
}

/// Ends one session of a user, or all of them. Returns how many that were.
pub(crate) async fn end_sessions(
    engine: &Engine,
    author: &Author,
    user: UserId,
    username: &str,
    only: Option<SessionId>,
) -> Result<u64, AdminError> {
    let ended = |count| {
        let username = username.to_owned();
        engine.recorded(OwnEvent::SessionsEnded { user, username, count }, author)
    };
    let count = engine.database().delete_sessions(user, only, ended).await?;
    engine.relay_own_events().await;
    Ok(count)
}
