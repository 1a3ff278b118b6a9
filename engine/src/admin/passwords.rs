//! Users' own passwords.

use domain::{
    access::{NewPassword, SignedIn},
    instance_event::{Action, InstanceEvent, Subject},
};

use super::AdminError;
use crate::{
    Engine,
    store::{KeptSession, KnownBrowser},
};

/// What came of a change of one's own password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    Changed,
    WrongPassword,
    /// The user was removed or disabled, or the password was reset, in the meantime.
    SessionEnded,
}

impl Engine {
    /// Changes a user's own password and ends the user's other sessions. Of the browsers that were known, none stays known; the
    /// one of this session becomes known as `browser`.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub async fn change_password(
        &self,
        signed_in: &SignedIn,
        current: &str,
        new: &NewPassword,
        browser: &KnownBrowser,
    ) -> Result<PasswordChange, AdminError> {
        let Some(user) = self.database().find_user(&signed_in.username).await? else {
            return Ok(PasswordChange::SessionEnded);
        };
        if !self.passwords().verify(current, Some(&user.password_hash)).await? {
            return Ok(PasswordChange::WrongPassword);
        }
        let hash = self.passwords().hash(new).await?;
        let event = InstanceEvent::new(Subject::user(user.id, user.username), Action::PasswordChanged);
        let recorded = self.recorded(event, &signed_in.author());
        let kept = KeptSession {
            session: signed_in.session,
            browser: &browser.id,
            now: self.clock().now(),
        };
        let is_changed = self
            .database()
            .change_password(user.id, &user.password_hash, &hash, &kept, &recorded)
            .await?;
        if !is_changed {
            return Ok(PasswordChange::SessionEnded);
        }
        self.relay_instance_events().await;
        Ok(PasswordChange::Changed)
    }
}
