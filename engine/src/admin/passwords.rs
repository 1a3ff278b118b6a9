//! Users' own passwords.

use std::time::Instant;

use domain::{
    access::{NewPassword, SignedIn},
    instance_event::{Action, InstanceEvent, Subject},
};

use super::AdminError;
use crate::{Engine, credentials::Wait, store::KeptSession};

/// What came of a change of one's own password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    Changed {
        /// Identifies this browser at the next sign-in: the value of its cookie. Copies of the old cookie are worthless.
        browser: String,
    },
    WrongPassword,
    /// The user was removed or disabled, or the password was reset, in the meantime.
    SessionEnded,
    TooManyAttempts(Wait),
}

impl Engine {
    /// Changes a user's own password and ends the user's other sessions. Of the browsers that were known, only the one of this
    /// session stays known, under a new id. Anyone who finds an unlocked browser could try passwords here, so wrong ones are
    /// limited like those of signing in.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub async fn change_password(
        &self,
        signed_in: &SignedIn,
        current: &str,
        new: &NewPassword,
    ) -> Result<PasswordChange, AdminError> {
        let attempts = &self.credentials().attempts;
        let attempt = match attempts.begin_known(&format!("session {}", signed_in.session), Instant::now()) {
            Ok(attempt) => attempt,
            Err(wait) => return Ok(PasswordChange::TooManyAttempts(wait)),
        };
        let changed = self.change_checked(signed_in, current, new).await;
        if !matches!(changed, Ok(PasswordChange::WrongPassword)) {
            attempt.refund();
        }
        changed
    }

    async fn change_checked(
        &self,
        signed_in: &SignedIn,
        current: &str,
        new: &NewPassword,
    ) -> Result<PasswordChange, AdminError> {
        let (known, cookie) = self.name_browser(&signed_in.username, None)?;
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
            browser: &known.id,
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
        Ok(PasswordChange::Changed { browser: cookie })
    }
}
