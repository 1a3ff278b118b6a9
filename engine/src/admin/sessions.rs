//! Sessions of users.

use domain::{
    access::SignedIn,
    ids::{SessionId, UserId},
    instance_event::{Action, Author, AuthorClass, InstanceEvent, Subject},
    view::SessionView,
};

use super::AdminError;
use crate::{
    Engine,
    credentials::{SESSION_IDLE, SessionKey, random_text},
    store::{KnownBrowser, NewSession, StoredUser},
};

/// Names the user in the audit event of a failed sign-in if there is no such user: what was typed may be a password.
const UNKNOWN_USER: &str = "An unauthenticated user";

/// A username and password that were checked.
pub struct CheckedCredentials {
    user: Option<StoredUser>,
    password_is_right: bool,
}

impl CheckedCredentials {
    /// Whether there is such a user, and this is the password.
    pub const fn are_right(&self) -> bool {
        self.user.is_some() && self.password_is_right
    }
}

/// The result of a sign-in.
pub enum SignInOutcome {
    SignedIn {
        key: SessionKey,
        /// The id of the browser, encrypted: [`Engine::open_browser`] reads it.
        browser: Vec<u8>,
    },
    WrongCredentials,
    AccountDisabled,
}

impl Engine {
    /// The browser that this encrypted id names. `None` if it is not one of `username`'s, or was not encrypted by this
    /// instance. Reads nothing from the store.
    pub fn open_browser(&self, encrypted: &[u8], username: &str) -> Option<KnownBrowser> {
        let browser = self.database().open_browser(encrypted)?;
        (browser.username == username).then_some(browser)
    }

    /// Whether the user has signed in from this browser, and it has neither expired nor been revoked since.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn knows_browser(&self, browser: &KnownBrowser) -> Result<bool, AdminError> {
        Ok(self.database().knows_browser(browser, self.clock().now()).await?)
    }

    /// The browser, with a new id unless it is known, and its encrypted id.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub fn name_browser(
        &self,
        username: &str,
        known: Option<KnownBrowser>,
    ) -> Result<(KnownBrowser, Vec<u8>), AdminError> {
        let browser = match known {
            Some(browser) => browser,
            None => KnownBrowser {
                id: random_text::<16>()?,
                username: username.to_owned(),
            },
        };
        let encrypted = self.database().seal_browser(&browser)?;
        Ok((browser, encrypted))
    }

    /// Checks a password. Takes the same time if there is no such user. The caller limits how often this is tried, and passes
    /// the result to [`Self::sign_in`], which records failures.
    ///
    /// # Errors
    /// [`AdminError::Busy`], or [`AdminError::Internal`]; nothing was checked.
    pub async fn check_credentials(&self, username: &str, password: &str) -> Result<CheckedCredentials, AdminError> {
        let user = self.database().find_user(username).await?;
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let password_is_right = self.passwords().verify(password, stored).await?;
        Ok(CheckedCredentials {
            user,
            password_is_right,
        })
    }

    /// Starts a session, or records why there is none. `known` is the browser, if the user has signed in from it before.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; there is no session.
    pub async fn sign_in(
        &self,
        checked: CheckedCredentials,
        ip_address: &str,
        known: Option<KnownBrowser>,
    ) -> Result<SignInOutcome, AdminError> {
        let are_right = checked.are_right();
        match checked.user {
            Some(user) if are_right && user.disabled_at.is_none() => self.start_session(user, ip_address, known).await,
            Some(user) if are_right => {
                self.record_failed_sign_in(user.username, ip_address).await?;
                Ok(SignInOutcome::AccountDisabled)
            }
            user => {
                let name = user.map_or_else(|| UNKNOWN_USER.to_owned(), |user| user.username);
                self.record_failed_sign_in(name, ip_address).await?;
                Ok(SignInOutcome::WrongCredentials)
            }
        }
    }

    async fn start_session(
        &self,
        user: StoredUser,
        ip_address: &str,
        known: Option<KnownBrowser>,
    ) -> Result<SignInOutcome, AdminError> {
        let key = SessionKey::generate()?;
        let (browser, encrypted) = self.name_browser(&user.username, known)?;
        let now = self.clock().now();
        let session = NewSession {
            user: user.id,
            browser: browser.id,
            key_hash: key.hash(),
            ip_address: ip_address.to_owned(),
            created_at: now,
            expires_at: now.plus(SESSION_IDLE),
        };
        let author = user_at(Some(user.id), user.username.clone(), ip_address);
        let event = InstanceEvent::new(Subject::user(user.id, user.username), Action::SignedIn);
        let recorded = self.recorded(event, &author);
        let is_admitted = self
            .database()
            .insert_session(&session, &user.password_hash, &recorded)
            .await?;
        if !is_admitted {
            return Ok(SignInOutcome::WrongCredentials);
        }
        self.relay_instance_events().await;
        Ok(SignInOutcome::SignedIn {
            key,
            browser: encrypted,
        })
    }

    async fn record_failed_sign_in(&self, username: String, ip_address: &str) -> Result<(), AdminError> {
        let author = user_at(None, username.clone(), ip_address);
        let event = InstanceEvent::new(Subject::visitor(username), Action::SignInFailed);
        let recorded = self.recorded(event, &author);
        self.database().record(&recorded).await?;
        self.relay_instance_events().await;
        Ok(())
    }

    /// Ends the session of a user who signs out.
    ///
    /// # Errors
    /// [`AdminError::Internal`]; the session was not ended.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Result<(), AdminError> {
        let subject = Subject::user(signed_in.user, signed_in.username.as_str());
        let event = InstanceEvent::new(subject, Action::SignedOut);
        let recorded = self.recorded(event, &signed_in.author());
        self.database().delete_session(signed_in.session, &recorded).await?;
        self.relay_instance_events().await;
        Ok(())
    }

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
            let event = InstanceEvent::new(Subject::user(user, username), Action::SessionsEnded { count });
            self.recorded(event, author)
        };
        let count = self.database().delete_sessions(user, only, ended).await?;
        self.relay_instance_events().await;
        Ok(count)
    }
}

fn user_at(user_id: Option<UserId>, name: String, ip_address: &str) -> Author {
    Author {
        user_id,
        class: AuthorClass::User,
        name,
        ip_address: ip_address.to_owned(),
    }
}
