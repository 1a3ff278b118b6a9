//! Sessions of users.

use domain::{
    event::{Author, OwnEvent},
    ids::{SessionId, UserId},
    view::SessionView,
};

use super::AdminError;
use crate::Engine;

impl Engine {
    /// The sessions of a user, the last used first.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_sessions(&self, user: UserId) -> Result<Vec<SessionView>, AdminError> {
        let sessions = self.database().list_sessions(user, self.clock().now()).await?;
        let views = sessions.into_iter().map(|session| SessionView {
            id: session.id,
            ip_address: session.ip_address,
            first_seen_at: session.created_at,
            last_seen_at: session.last_seen_at,
        });
        Ok(views.collect())
    }

    /// Ends one session of a user, or all of them, and returns how many.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; none was ended.
    pub async fn end_sessions(
        &self,
        author: &Author,
        user: UserId,
        username: &str,
        only: Option<SessionId>,
    ) -> Result<u64, AdminError> {
        let ended = |count| {
            let username = username.to_owned();
            self.recorded(OwnEvent::SessionsEnded { user, username, count }, author)
        };
        let count = self.database().delete_sessions(user, only, ended).await?;
        self.relay_own_events().await;
        Ok(count)
    }
}
