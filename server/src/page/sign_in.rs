//! Signing in and out.

use std::{net::IpAddr, time::Instant};

use app::{
    port::{SetCookie, SignedIn, Visitor},
    wire::AppError,
};
use domain::instance_event::{Action, Author, AuthorClass, InstanceEvent, Subject};
use engine::store::{KnownBrowser, NewSession, StoredUser};

use super::{
    failure::{from_password, from_randomness, from_store, internal},
    port::author_of,
};
use crate::{
    access::{Attempt, SESSION_IDLE, SessionKey, Wait, random_text},
    services::Services,
};

/// Stands in the audit event of a failed sign-in where there is no such user: what was typed may be a password.
const UNKNOWN_USER: &str = "An unauthenticated user";

pub(super) async fn sign_in(
    services: &Services,
    visitor: &Visitor,
    username: &str,
    password: &str,
) -> Result<[SetCookie; 2], AppError> {
    let (attempt, browser) = begin_attempt(services, visitor, username).await?;
    let user = match services.engine.database().find_user(username).await {
        Ok(user) => user,
        Err(error) => {
            attempt.give_back();
            return Err(from_store(error));
        }
    };
    let stored = user.as_ref().map(|user| user.password_hash.as_str());
    let is_right = services.engine.passwords().verify(password, stored).await;
    match (user, is_right) {
        (Some(user), Ok(true)) if user.disabled_at.is_some() => {
            attempt.give_back();
            record_failure(services, visitor, Some(&user)).await?;
            Err(AppError::AccountDisabled)
        }
        (Some(user), Ok(true)) => {
            attempt.give_back();
            start_session(services, visitor, user, browser).await
        }
        (user, Ok(_)) => {
            record_failure(services, visitor, user.as_ref()).await?;
            Err(AppError::WrongCredentials)
        }
        (_, Err(error)) => {
            attempt.give_back();
            Err(from_password(error))
        }
    }
}

/// Counts the attempt before anything is read from the store, so that attempts beyond the limit cost no query. A browser from
/// which this user has signed in before has a limit of its own; it is returned.
async fn begin_attempt<'services>(
    services: &'services Services,
    visitor: &Visitor,
    username: &str,
) -> Result<(Attempt<'services>, Option<KnownBrowser>), AppError> {
    let (attempts, now) = (&services.sign_in_attempts, Instant::now());
    if let Some(browser) = browser_of(services, visitor, username) {
        let attempt = attempts.begin_known(&browser.id, now).map_err(too_many)?;
        let database = services.engine.database();
        match database.knows_browser(&browser, services.engine.clock().now()).await {
            Ok(true) => return Ok((attempt, Some(browser))),
            // Not given back: a cookie that was revoked must not cost a query for each attempt.
            Ok(false) => {}
            Err(error) => {
                attempt.give_back();
                return Err(from_store(error));
            }
        }
    }
    let address: Result<IpAddr, _> = visitor.ip_address.parse();
    let address = address.map_err(|error| internal("A visitor has no address.", &error))?;
    let attempt = attempts.begin(address, username, now).map_err(too_many)?;
    Ok((attempt, None))
}

/// The browser that the cookie names, if the cookie was made for this user.
fn browser_of(services: &Services, visitor: &Visitor, username: &str) -> Option<KnownBrowser> {
    let sealed = visitor.known_browser.as_deref()?;
    let browser = services.engine.database().open_browser(sealed)?;
    (browser.username == username).then_some(browser)
}

pub(super) async fn sign_out(services: &Services, signed_in: &SignedIn) -> Result<SetCookie, AppError> {
    let subject = Subject::user(signed_in.user, signed_in.username.as_str());
    let event = InstanceEvent::new(subject, Action::SignedOut);
    let recorded = services.engine.recorded(event, &author_of(signed_in));
    services
        .engine
        .database()
        .delete_session(signed_in.session, &recorded)
        .await
        .map_err(from_store)?;
    services.engine.relay_instance_events().await;
    Ok(services.cookie.clear())
}

async fn start_session(
    services: &Services,
    visitor: &Visitor,
    user: StoredUser,
    known: Option<KnownBrowser>,
) -> Result<[SetCookie; 2], AppError> {
    let key = SessionKey::generate().map_err(from_randomness)?;
    let (browser, browser_cookie) = name_browser(services, &user.username, known)?;
    let now = services.engine.clock().now();
    let session = NewSession {
        user: user.id,
        browser: browser.id,
        key_hash: key.hash(),
        ip_address: visitor.ip_address.clone(),
        created_at: now,
        expires_at: now.plus(SESSION_IDLE),
    };
    let author = Author {
        user_id: Some(user.id),
        class: AuthorClass::User,
        name: user.username.clone(),
        ip_address: visitor.ip_address.clone(),
    };
    let event = InstanceEvent::new(Subject::user(user.id, user.username.as_str()), Action::SignedIn);
    let recorded = services.engine.recorded(event, &author);
    let is_admitted = services
        .engine
        .database()
        .insert_session(&session, &user.password_hash, &recorded)
        .await
        .map_err(from_store)?;
    if !is_admitted {
        return Err(AppError::WrongCredentials);
    }
    services.engine.relay_instance_events().await;
    Ok([services.cookie.set(&key), browser_cookie])
}

/// The browser, with a new id unless it is known, and the cookie that holds it.
pub(super) fn name_browser(
    services: &Services,
    username: &str,
    known: Option<KnownBrowser>,
) -> Result<(KnownBrowser, SetCookie), AppError> {
    let browser = match known {
        Some(browser) => browser,
        None => KnownBrowser {
            id: random_text::<16>().map_err(from_randomness)?,
            username: username.to_owned(),
        },
    };
    let sealed = services.engine.database().seal_browser(&browser);
    let cookie = services.cookie.set_browser(&sealed.map_err(from_randomness)?);
    Ok((browser, cookie))
}

async fn record_failure(services: &Services, visitor: &Visitor, user: Option<&StoredUser>) -> Result<(), AppError> {
    let name = user.map_or_else(|| UNKNOWN_USER.to_owned(), |user| user.username.clone());
    let author = Author {
        user_id: None,
        class: AuthorClass::User,
        name: name.clone(),
        ip_address: visitor.ip_address.clone(),
    };
    let event = InstanceEvent::new(Subject::visitor(name), Action::SignInFailed);
    let recorded = services.engine.recorded(event, &author);
    services.engine.database().record(&recorded).await.map_err(from_store)?;
    services.engine.relay_instance_events().await;
    Ok(())
}

pub(super) fn too_many(wait: Wait) -> AppError {
    AppError::TooManyAttempts {
        retry_after_seconds: wait.seconds(),
    }
}
