//! Signing in and out.

use std::{net::IpAddr, time::Instant};

use api::{
    Services,
    limits::{Attempt, Wait},
};
use app::{
    port::{SetCookie, SignedIn, Visitor},
    wire::AppError,
};
use engine::admin::{CheckedCredentials, KnownBrowser, SignInOutcome};

use super::failure::{from_admin, internal};

/// Only wrong passwords count towards the limits.
pub(super) async fn sign_in(
    services: &Services,
    visitor: &Visitor,
    username: &str,
    password: &str,
) -> Result<[SetCookie; 2], AppError> {
    let (attempt, browser) = begin_attempt(services, visitor, username).await?;
    let checked = services.engine.check_credentials(username, password).await;
    if checked.as_ref().map_or(true, CheckedCredentials::are_right) {
        attempt.refund();
    }
    let checked = checked.map_err(from_admin)?;
    let outcome = services.engine.sign_in(checked, &visitor.ip_address, browser).await;
    match outcome.map_err(from_admin)? {
        SignInOutcome::SignedIn { key, browser } => {
            Ok([services.cookie.set(&key), services.cookie.set_browser(&browser)])
        }
        SignInOutcome::WrongCredentials => Err(AppError::WrongCredentials),
        SignInOutcome::AccountDisabled => Err(AppError::AccountDisabled),
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
    let sealed = visitor.known_browser.as_deref();
    if let Some(browser) = sealed.and_then(|sealed| services.engine.open_browser(sealed, username)) {
        let attempt = attempts.begin_known(&browser.id, now).map_err(too_many)?;
        match services.engine.knows_browser(&browser).await {
            Ok(true) => return Ok((attempt, Some(browser))),
            // Not given back: a cookie that was revoked must not cost a query for each attempt.
            Ok(false) => {}
            Err(error) => {
                attempt.refund();
                return Err(from_admin(error));
            }
        }
    }
    let address: Result<IpAddr, _> = visitor.ip_address.parse();
    let address = address.map_err(|error| internal("A visitor has no address.", &error))?;
    let attempt = attempts.begin(address, username, now).map_err(too_many)?;
    Ok((attempt, None))
}

pub(super) async fn sign_out(services: &Services, signed_in: &SignedIn) -> Result<SetCookie, AppError> {
    services.engine.sign_out(signed_in).await.map_err(from_admin)?;
    Ok(services.cookie.clear())
}

pub(super) fn too_many(wait: Wait) -> AppError {
    AppError::TooManyAttempts {
        retry_after_seconds: wait.seconds(),
    }
}
