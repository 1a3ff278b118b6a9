//! Changing one's own password.

use std::time::Instant;

use app::{port::SignedIn, wire::AppError};
use domain::{Field, FieldError, FieldErrors, access::NewPassword, event::OwnEvent};

use super::{
    failure::{from_password, from_store},
    port::author_of,
    sign_in::too_many,
};
use crate::services::Services;

/// Whoever found an unlocked browser could try passwords here, so these attempts are limited like those of signing in.
pub(super) async fn change_password(
    services: &Services,
    signed_in: &SignedIn,
    current: &str,
    new: String,
) -> Result<(), AppError> {
    let new = NewPassword::parse(new, Field::NewPassword).map_err(FieldErrors::from)?;
    let attempt = services
        .sign_in_attempts
        .begin_known(&format!("session {}", signed_in.session), Instant::now())
        .map_err(too_many)?;
    let user = services
        .engine
        .database()
        .find_user(&signed_in.username)
        .await
        .map_err(from_store)?;
    let user = user.ok_or(AppError::Unauthenticated)?;
    if !services
        .passwords
        .verify(current, Some(&user.password_hash))
        .await
        .map_err(from_password)?
    {
        let wrong = FieldError::new(Field::Password, "Current password: this is not it.");
        return Err(AppError::Invalid(wrong.into()));
    }
    attempt.give_back();
    let hash = services.passwords.hash(&new).await.map_err(from_password)?;
    let event = OwnEvent::PasswordChanged {
        user: user.id,
        username: user.username,
    };
    let recorded = services.engine.recorded(event, &author_of(signed_in));
    let is_changed = services
        .engine
        .database()
        .change_password(user.id, &user.password_hash, &hash, signed_in.session, &recorded)
        .await
        .map_err(from_store)?;
    if !is_changed {
        return Err(AppError::Unauthenticated);
    }
    services.engine.relay_own_events().await;
    Ok(())
}
