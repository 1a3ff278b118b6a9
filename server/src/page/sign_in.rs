//! Signing in and out.

use std::{net::IpAddr, time::Instant};

use app::{
    port::{SetCookie, SignedIn, Visitor},
    wire::AppError,
};
use domain::event::{Author, AuthorClass, OwnEvent};
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
    let user = services
        .engine
        .database()
        .find_user(username)
        .await
        .map_err(from_store)?;
    let attempt = begin_attempt(services, visitor, username, user.as_ref())?;
    let stored = user.as_ref().map(|user| user.password_hash.as_str());
    let is_right = services.passwords.verify(password, stored).await;
    match (user, is_right) {
        (Some(user), Ok(true)) if user.disabled_at.is_some() => {
            attempt.give_back();
            record_failure(services, visitor, Some(&user)).await?;
            Err(AppError::AccountDisabled)
        }
        (Some(user), Ok(true)) => {
            attempt.give_back();
            start_session(services, visitor, user).await
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

/// A browser from which this user has signed in before is not kept out by the failures of others.
fn begin_attempt<'services>(
    services: &'services Services,
    visitor: &Visitor,
    username: &str,
    user: Option<&StoredUser>,
) -> Result<Attempt<'services>, AppError> {
    let sealed = visitor.known_browser.as_deref();
    let browser = sealed.and_then(|sealed| services.engine.database().open_browser(sealed));
    let known = browser.filter(|browser| user.is_some_and(|user| user.id == browser.user));
    let (attempts, now) = (&services.sign_in_attempts, Instant::now());
    let begun = match known {
        Some(browser) => attempts.begin_known(&browser.id, now),
        None => {
            let address: Result<IpAddr, _> = visitor.ip_address.parse();
            let address = address.map_err(|error| internal("A visitor has no address.", &error))?;
            attempts.begin(address, username, now)
        }
    };
    begun.map_err(too_many)
}

pub(super) async fn sign_out(services: &Services, signed_in: &SignedIn) -> Result<SetCookie, AppError> {
    let event = OwnEvent::SignedOut {
        user: signed_in.user,
        username: signed_in.username.clone(),
    };
    let recorded = services.engine.recorded(event, &author_of(signed_in));
    services
        .engine
        .database()
        .delete_session(signed_in.session, &recorded)
        .await
        .map_err(from_store)?;
    services.engine.relay_own_events().await;
    Ok(services.cookie.clear())
}

async fn start_session(services: &Services, visitor: &Visitor, user: StoredUser) -> Result<[SetCookie; 2], AppError> {
    let key = SessionKey::generate().map_err(from_randomness)?;
    let browser = KnownBrowser {
        user: user.id,
        id: random_text::<16>().map_err(from_randomness)?,
    };
    let sealed = services.engine.database().seal_browser(&browser);
    let browser = services.cookie.set_browser(&sealed.map_err(from_randomness)?);
    let now = services.engine.clock().now();
    let session = NewSession {
        user: user.id,
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
    let event = OwnEvent::SignedIn {
        user: user.id,
        username: user.username.clone(),
    };
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
    services.engine.relay_own_events().await;
    Ok([services.cookie.set(&key), browser])
}

async fn record_failure(services: &Services, visitor: &Visitor, user: Option<&StoredUser>) -> Result<(), AppError> {
    let name = user.map_or_else(|| UNKNOWN_USER.to_owned(), |user| user.username.clone());
    let author = Author {
        user_id: None,
        class: AuthorClass::User,
        name: name.clone(),
        ip_address: visitor.ip_address.clone(),
    };
    let recorded = services
        .engine
        .recorded(OwnEvent::SignInFailed { username: name }, &author);
    services.engine.database().record(&recorded).await.map_err(from_store)?;
    services.engine.relay_own_events().await;
    Ok(())
}

pub(super) fn too_many(wait: Wait) -> AppError {
    AppError::TooManyAttempts {
        retry_after_seconds: wait.seconds(),
    }
}
