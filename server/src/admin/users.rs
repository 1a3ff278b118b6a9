//! Administrators.

use app::port::settings::{NewLogin, UserSummary};
use domain::{
    Field, FieldErrors,
    access::{NewPassword, Username},
    event::{Author, OwnEvent},
    ids::UserId,
};
use engine::{Engine, store::ListedUser};

use super::AdminError;
use crate::{access::random_text, services::Services};

/// A user who was just added.
pub(crate) struct AddedUser {
    pub(crate) id: UserId,
    pub(crate) login: NewLogin,
}

pub(crate) async fn list_users(engine: &Engine) -> Result<Vec<UserSummary>, AdminError> {
    let users = engine.database().list_users(engine.clock().now()).await;
    Ok(users?.into_iter().map(summary).collect())
}

pub(crate) async fn add_user(
    services: &Services,
    author: &Author,
    username: &Username,
    password: Option<NewPassword>,
) -> Result<AddedUser, AdminError> {
    let (password, generated_password) = or_generated(password)?;
    let hash = services.passwords.hash(&password).await?;
    let engine = &services.engine;
    let created = |user| {
        let username = username.to_string();
        engine.recorded(OwnEvent::UserCreated { user, username }, author)
    };
    let added = engine
        .database()
        .add_user(username.as_str(), &hash, engine.clock().now(), created);
    let id = added.await?;
    engine.relay_own_events().await;
    let login = NewLogin {
        username: username.to_string(),
        generated_password,
    };
    Ok(AddedUser { id, login })
}

pub(crate) async fn set_user_enabled(
    engine: &Engine,
    author: &Author,
    id: UserId,
    is_enabled: bool,
) -> Result<String, AdminError> {
    if author.user_id == Some(id) {
        return Err(AdminError::refused(
            Field::Username,
            "Nobody can disable themselves. Ask another administrator.",
        ));
    }
    let changed = |username: &str| {
        let (user, username) = (id, username.to_owned());
        let event = if is_enabled {
            OwnEvent::UserEnabled { user, username }
        } else {
            OwnEvent::UserDisabled { user, username }
        };
        engine.recorded(event, author)
    };
    let now = engine.clock().now();
    let username = engine.database().set_user_enabled(id, is_enabled, now, changed).await;
    let username = username?;
    engine.relay_own_events().await;
    Ok(username)
}

pub(crate) async fn reset_password(
    services: &Services,
    author: &Author,
    id: UserId,
    password: Option<NewPassword>,
) -> Result<NewLogin, AdminError> {
    if author.user_id == Some(id) {
        return Err(AdminError::refused(
            Field::NewPassword,
            "Change your own password on your profile.",
        ));
    }
    let (password, generated_password) = or_generated(password)?;
    let hash = services.passwords.hash(&password).await?;
    let engine = &services.engine;
    let reset = |username: &str| {
        let username = username.to_owned();
        engine.recorded(OwnEvent::PasswordReset { user: id, username }, author)
    };
    let username = engine.database().reset_password(id, &hash, reset).await;
    let username = username?;
    engine.relay_own_events().await;
    Ok(NewLogin {
        username,
        generated_password,
    })
}

/// The password, and its text if it was made here.
fn or_generated(given: Option<NewPassword>) -> Result<(NewPassword, Option<String>), AdminError> {
    if let Some(password) = given {
        return Ok((password, None));
    }
    let text = random_text::<18>()?;
    let password = NewPassword::parse(text.clone(), Field::NewPassword).map_err(FieldErrors::from)?;
    Ok((password, Some(text)))
}

fn summary(user: ListedUser) -> UserSummary {
    UserSummary {
        id: user.id,
        username: user.username,
        is_enabled: user.disabled_at.is_none(),
        created_at: user.created_at,
        last_signed_in_at: user.last_signed_in_at,
        sessions: user.sessions,
    }
}
