//! Signing in and out. Failed attempts are limited; see `credentials::sign_in_attempts`.

use std::{net::IpAddr, time::Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    access::{SignedIn, Visitor},
    ids::UserId,
    instance_event::{Action, Author, AuthorClass, InstanceEvent, Subject},
};

use super::AdminError;
use crate::{
    Engine,
    credentials::{Attempt, SESSION_IDLE, SessionKey, Wait, random_text},
    incident::report_incident,
    store::{KnownBrowser, NewSession, StoredUser},
};

/// Names the user in the audit event of a failed sign-in if there is no such user: what was typed may be a password.
const UNKNOWN_USER: &str = "An unauthenticated user";

/// The result of a sign-in.
pub enum SignInOutcome {
    SignedIn {
        key: SessionKey,
        /// Identifies the browser at the next sign-in: the value of its cookie.
        browser: String,
    },
    WrongCredentials,
    AccountDisabled,
    TooManyAttempts(Wait),
}

impl Engine {
    /// Starts a session, or records why there is none. Checking takes the same time if there is no such user. Only wrong passwords
    /// count towards the limits.
    ///
    /// # Errors
    /// [`AdminError::Busy`], or [`AdminError::Internal`]; there is no session.
    pub async fn sign_in(
        &self,
        visitor: &Visitor,
        username: &str,
        password: &str,
    ) -> Result<SignInOutcome, AdminError> {
        let (attempt, known) = match self.begin_attempt(visitor, username).await? {
            Ok(begun) => begun,
            Err(wait) => return Ok(SignInOutcome::TooManyAttempts(wait)),
        };
        let checked = self.find_user_with(username, password).await;
        if !matches!(&checked, Ok((_, false))) {
            attempt.refund();
        }
        match checked? {
            (Some(user), true) if user.disabled_at.is_none() => self.start_session(user, visitor, known).await,
            (Some(user), true) => {
                self.record_failed_sign_in(user.username, &visitor.ip_address).await?;
                Ok(SignInOutcome::AccountDisabled)
            }
            (user, _) => {
                let name = user.map_or_else(|| UNKNOWN_USER.to_owned(), |user| user.username);
                self.record_failed_sign_in(name, &visitor.ip_address).await?;
                Ok(SignInOutcome::WrongCredentials)
            }
        }
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

    /// Counts the attempt before anything is read from the store, so that attempts beyond the limit cost no query. A browser from
    /// which this user has signed in before has a limit of its own; it is returned.
    async fn begin_attempt(
        &self,
        visitor: &Visitor,
        username: &str,
    ) -> Result<Result<(Attempt<'_>, Option<KnownBrowser>), Wait>, AdminError> {
        let (attempts, now) = (&self.credentials().attempts, Instant::now());
        let cookie = visitor.known_browser.as_deref();
        if let Some(browser) = cookie.and_then(|cookie| self.browser_of(cookie, username)) {
            let attempt = match attempts.begin_known(&browser.id, now) {
                Ok(attempt) => attempt,
                Err(wait) => return Ok(Err(wait)),
            };
            match self.database().knows_browser(&browser, self.clock().now()).await {
                Ok(true) => return Ok(Ok((attempt, Some(browser)))),
                // Not refunded: a cookie that was revoked must not cost a query for each attempt.
                Ok(false) => {}
                Err(error) => {
                    attempt.refund();
                    return Err(error.into());
                }
            }
        }
        let address: IpAddr = visitor.ip_address.parse().map_err(|error| AdminError::Internal {
            code: report_incident("A visitor has no address.", &error),
        })?;
        Ok(attempts.begin(address, username, now).map(|attempt| (attempt, None)))
    }

    /// The browser that a cookie names. `None` if it is not one of `username`'s, or was not encrypted by this instance.
    fn browser_of(&self, cookie: &str, username: &str) -> Option<KnownBrowser> {
        let encrypted = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let browser = self.database().open_browser(&encrypted)?;
        (browser.username == username).then_some(browser)
    }

    /// The browser, with a new id unless it is known, and the value of its cookie.
    pub(super) fn name_browser(
        &self,
        username: &str,
        known: Option<KnownBrowser>,
    ) -> Result<(KnownBrowser, String), AdminError> {
        let browser = match known {
            Some(browser) => browser,
            None => KnownBrowser {
                id: random_text::<16>()?,
                username: username.to_owned(),
            },
        };
        let encrypted = self.database().seal_browser(&browser)?;
        Ok((browser, URL_SAFE_NO_PAD.encode(encrypted)))
    }

    /// The user of this name, and whether this is the user's password.
    async fn find_user_with(&self, username: &str, password: &str) -> Result<(Option<StoredUser>, bool), AdminError> {
        let user = self.database().find_user(username).await?;
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let is_right = self.passwords().verify(password, stored).await?;
        let is_right = is_right && user.is_some();
        Ok((user, is_right))
    }

    async fn start_session(
        &self,
        user: StoredUser,
        visitor: &Visitor,
        known: Option<KnownBrowser>,
    ) -> Result<SignInOutcome, AdminError> {
        let key = SessionKey::generate()?;
        let (known, cookie) = self.name_browser(&user.username, known)?;
        let now = self.clock().now();
        let session = NewSession {
            user: user.id,
            known_browser: known.id,
            key_hash: key.hash(),
            ip_address: visitor.ip_address.clone(),
            browser: visitor.browser.clone(),
            created_at: now,
            expires_at: now.plus(SESSION_IDLE),
        };
        let author = user_at(Some(user.id), user.username.clone(), &visitor.ip_address);
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
        Ok(SignInOutcome::SignedIn { key, browser: cookie })
    }

    async fn record_failed_sign_in(&self, username: String, ip_address: &str) -> Result<(), AdminError> {
        let author = user_at(None, username.clone(), ip_address);
        let event = InstanceEvent::new(Subject::visitor(username), Action::SignInFailed);
        let recorded = self.recorded(event, &author);
        self.database().record(&recorded).await?;
        self.relay_instance_events().await;
        Ok(())
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
