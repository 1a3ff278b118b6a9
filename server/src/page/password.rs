//! Changing one's own password.

use std::time::Instant;

use api::Services;
use app::{
    port::{SetCookie, SignedIn},
    wire::AppError,
};
use domain::{Field, FieldError, FieldErrors, access::NewPassword};
use engine::admin::PasswordChange;

use super::{failure::from_admin, sign_in::too_many};

/// Whoever found an unlocked browser could try passwords here, so these attempts are limited like those of signing in. The cookie
/// keeps this browser known, under a new id: copies of the old cookie are worth nothing any more.
pub(super) async fn change_password(
    services: &Services,
    signed_in: &SignedIn,
    current: &str,
    new: String,
) -> Result<SetCookie, AppError> {
    let new = NewPassword::parse(new, Field::NewPassword).map_err(FieldErrors::from)?;
    let attempt = services
        .sign_in_attempts
        .begin_known(&format!("session {}", signed_in.session), Instant::now())
        .map_err(too_many)?;
    let (browser, encrypted) = match services.engine.name_browser(&signed_in.username, None) {
        Ok(named) => named,
        Err(error) => {
            attempt.refund();
            return Err(from_admin(error));
        }
    };
    let changed = services
        .engine
        .change_password(signed_in, current, &new, &browser)
        .await;
    if !matches!(changed, Ok(PasswordChange::WrongPassword)) {
        attempt.refund();
    }
    match changed.map_err(from_admin)? {
        PasswordChange::Changed => Ok(services.cookie.set_browser(&encrypted)),
        PasswordChange::WrongPassword => {
            let wrong = FieldError::new(Field::Password, "Current password: this is not it.");
            Err(AppError::Invalid(wrong.into()))
        }
        PasswordChange::SessionEnded => Err(AppError::Unauthenticated),
    }
}
