//! The operations of the command line: on the data folder alone, while a server may be running on it.

use std::path::Path;

use domain::{
    FieldError, Timestamp,
    access::{NewPassword, TokenRequest},
    instance_event::{Action, Author, InstanceEvent, Subject},
    view::{NewTokenView, TokenView},
};

use super::tokens;
use crate::{
    OpenError,
    clock::Clock,
    credentials::{ApiToken, PasswordError, Passwords},
    instance_events::Recorded,
    opening::{StoreAlone, open_store_alone},
    store::{StoreError, TokenError, UserError},
    vault::KeyError,
};

/// The open store of a data folder. A running server takes note of changes within a second.
pub struct Maintenance {
    store: StoreAlone,
    clock: Clock,
}

/// Why an operation of the command line did nothing.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("a secret could not be generated")]
    Secret(#[from] KeyError),
    #[error("a password can't be hashed")]
    Password(#[from] PasswordError),
    #[error("{}", .0.message)]
    Field(FieldError),
    #[error("a token named {name} already exists; names can't be reused, not even those of revoked tokens")]
    TokenNameTaken { name: String },
    #[error("another token has this client certificate; revoke that token first")]
    CertificateTaken,
    #[error("there is no token named {name} that could be revoked; `audit-streams token list` shows all of them")]
    NoSuchToken { name: String },
    #[error("there is no user named {username}; the server creates `root` when it first starts with a data folder")]
    NoSuchUser { username: String },
}

impl Maintenance {
    /// # Errors
    /// [`OpenError`].
    pub async fn open(data_dir: &Path, clock: Clock) -> Result<Self, OpenError> {
        Ok(Self {
            store: open_store_alone(data_dir).await?,
            clock,
        })
    }

    /// Closes the store. Changes are stored before that.
    pub async fn close(self) {
        self.store.database.close().await;
    }

    /// # Errors
    /// [`MaintenanceError::TokenNameTaken`] among others; nothing was stored.
    pub async fn create_token(&self, request: TokenRequest) -> Result<NewTokenView, MaintenanceError> {
        let token = ApiToken::generate()?;
        let (author, name) = (Author::command_line(), request.name.to_string());
        let stored = tokens::insert(&self.store.database, &author, self.now(), request, &token).await;
        let id = stored.map_err(|error| match error {
            TokenError::NameTaken => MaintenanceError::TokenNameTaken { name },
            TokenError::CertificateTaken => MaintenanceError::CertificateTaken,
            TokenError::Store(error) => error.into(),
        })?;
        Ok(NewTokenView {
            id,
            token: token.expose().to_owned(),
        })
    }

    /// Every token, oldest first.
    ///
    /// # Errors
    /// [`MaintenanceError::Store`].
    pub async fn list_tokens(&self) -> Result<Vec<TokenView>, MaintenanceError> {
        Ok(tokens::list(&self.store.database, self.now()).await?)
    }

    /// # Errors
    /// [`MaintenanceError::NoSuchToken`] if there is none with this name, or it was revoked before.
    pub async fn revoke_token(&self, name: &str) -> Result<(), MaintenanceError> {
        let revoked = |token| self.recorded(Subject::token(token, name), Action::TokenRevoked);
        let stored = self.store.database.revoke_token(name, self.now(), revoked).await?;
        let no_such_token = || MaintenanceError::NoSuchToken { name: name.to_owned() };
        stored.map(drop).ok_or_else(no_such_token)
    }

    /// Sets a user's password, ends the user's sessions, and enables the user.
    ///
    /// # Errors
    /// [`MaintenanceError::NoSuchUser`] among others; nothing was changed.
    pub async fn reset_password(&self, username: &str, password: &NewPassword) -> Result<(), MaintenanceError> {
        let hash = Passwords::default().hash(password).await?;
        let found = self.store.database.find_user(username).await?;
        let user = found.ok_or_else(|| MaintenanceError::NoSuchUser {
            username: username.to_owned(),
        })?;
        let id = user.id;
        let reset = self.recorded(Subject::user(id, user.username), Action::PasswordReset);
        self.store.database.update_password(id, &hash, &reset).await?;
        let enabled = |username: &str| self.recorded(Subject::user(id, username), Action::UserEnabled);
        match self
            .store
            .database
            .set_user_enabled(id, true, self.now(), enabled)
            .await
        {
            Err(UserError::Store(error)) => Err(error.into()),
            // The user was enabled already.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn recorded(&self, subject: Subject, action: Action) -> Recorded {
        let event = InstanceEvent::new(subject, action);
        Recorded::new(event, &Author::command_line(), self.now())
    }
}
