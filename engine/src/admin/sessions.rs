//! Sessions of users.

use domain::{
    ids::{SessionId, UserId},
    instance_event::{Action, Author, InstanceEvent, Subject},
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
            browser: session.browser,
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
            let event = InstanceEvent::new(Subject::user(user, username), Action::SessionsEnded { count });
            self.recorded(event, author)
        };
        let count = self.database().delete_sessions(user, only, ended).await?;
        self.relay_instance_events().await;
        Ok(count)
    }
}
