//! Administrators who sign in.

use domain::{
    Field, FieldErrors,
    access::{NewPassword, Username},
    ids::UserId,
    instance_event::{Action, Author, InstanceEvent, Subject},
    view::{LoginView, UserView},
};

use super::{AdminError, MaintenanceError};
use crate::{Engine, credentials::random_text, store::ListedUser};

/// The name of the user that is created at the first start.
const FIRST_USER: &str = "root";

/// How the first user signs in.
pub enum FirstUser {
    /// There was a user already; the password that was given is not used.
    Exists,
    /// With the password that was given.
    Given,
    /// With this password, which was generated.
    Generated(NewPassword),
}

impl Engine {
    /// Every user, oldest first.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_users(&self) -> Result<Vec<UserView>, AdminError> {
        let users = self.database().list_users(self.clock().now()).await;
        Ok(users?.into_iter().map(view).collect())
    }

    /// Adds a user. Without a password, one is generated and returned.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was stored.
    pub async fn add_user(
        &self,
        author: &Author,
        username: &Username,
        password: Option<NewPassword>,
    ) -> Result<LoginView, AdminError> {
        let (password, generated) = or_generated(password)?;
        let hash = self.passwords().hash(&password).await?;
        let created = |user| {
            let event = InstanceEvent::new(Subject::user(user, username.as_str()), Action::UserCreated);
            self.recorded(event, author)
        };
        let now = self.clock().now();
        let id = self.database().add_user(username.as_str(), &hash, now, created).await?;
        self.relay_instance_events().await;
        Ok(LoginView {
            id,
            username: username.to_string(),
            password: generated,
        })
    }

    /// Enables or disables a user and returns the name. Disabling ends the user's sessions. Nobody can disable themselves or
    /// the last user.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub async fn set_user_enabled(&self, author: &Author, id: UserId, enabled: bool) -> Result<String, AdminError> {
        if author.user_id == Some(id) {
            return Err(AdminError::refused(
                Field::Username,
                "You can't disable yourself. Ask another administrator.",
            ));
        }
        let changed = |username: &str| {
            let action = if enabled {
                Action::UserEnabled
            } else {
                Action::UserDisabled
            };
            self.recorded(InstanceEvent::new(Subject::user(id, username), action), author)
        };
        let now = self.clock().now();
        let username = self.database().set_user_enabled(id, enabled, now, changed).await?;
        self.relay_instance_events().await;
        Ok(username)
    }

    /// Sets the password of somebody else and ends that user's sessions. Without a password, one is generated and returned.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub async fn reset_password(
        &self,
        author: &Author,
        id: UserId,
        password: Option<NewPassword>,
    ) -> Result<LoginView, AdminError> {
        if author.user_id == Some(id) {
            return Err(AdminError::refused(
                Field::NewPassword,
                "Change your own password on your profile.",
            ));
        }
        let (password, generated) = or_generated(password)?;
        let hash = self.passwords().hash(&password).await?;
        let reset = |username: &str| {
            let event = InstanceEvent::new(Subject::user(id, username), Action::PasswordReset);
            self.recorded(event, author)
        };
        let username = self.database().reset_password(id, &hash, reset).await?;
        self.relay_instance_events().await;
        Ok(LoginView {
            id,
            username,
            password: generated,
        })
    }

    /// Creates `root` if there is no user yet, with the password that was given or a generated one.
    ///
    /// # Errors
    /// [`MaintenanceError`]; nothing was stored.
    pub async fn ensure_first_user(&self, given: Option<NewPassword>) -> Result<FirstUser, MaintenanceError> {
        if self.database().has_users().await? {
            return Ok(FirstUser::Exists);
        }
        let is_given = given.is_some();
        let password = match given {
            Some(password) => password,
            None => NewPassword::parse(random_text::<18>()?, Field::NewPassword).map_err(MaintenanceError::Field)?,
        };
        let hash = self.passwords().hash(&password).await?;
        let now = self.clock().now();
        self.database().insert_user(FIRST_USER, &hash, now).await?;
        Ok(if is_given {
            FirstUser::Given
        } else {
            FirstUser::Generated(password)
        })
    }
}

/// The password, and its text if it was generated.
fn or_generated(given: Option<NewPassword>) -> Result<(NewPassword, Option<String>), AdminError> {
    if let Some(password) = given {
        return Ok((password, None));
    }
    let text = random_text::<18>()?;
    let password = NewPassword::parse(text.clone(), Field::NewPassword).map_err(FieldErrors::from)?;
    Ok((password, Some(text)))
}

fn view(user: ListedUser) -> UserView {
    UserView {
        id: user.id,
        username: user.username,
        enabled: user.disabled_at.is_none(),
        created_at: user.created_at,
        last_signed_in_at: user.last_signed_in_at,
        sessions: user.sessions,
    }
}
