//! What the page asks about users.

use domain::{ids::UserId, view::UserView};
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, PostUrl},
};
use serde::{Deserialize, Serialize};

use crate::{
    fresh::{Fresh, Tag},
    outcome::Done,
    wire::AppError,
};

/// The users, and which of them looks at them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedUsers {
    pub users: Vec<UserView>,
    pub reader: UserId,
}

/// Lists the users, oldest first.
#[server(prefix = "/api/page", endpoint = "users/list", input = GetUrl)]
pub async fn list_users(#[server(default)] known: Option<Tag>) -> Result<Fresh<ListedUsers>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let reader = expect_admin()?.user;
        let engine = engine()?;
        let users = engine.list_users().await?;
        Fresh::new(ListedUsers { users, reader }, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Adds an administrator. Without a password, one is generated and shown once.
#[server(prefix = "/api/page", endpoint = "users/add", input = PostUrl)]
pub async fn add_user(
    #[server(default)] username: String,
    #[server(default)] password: String,
) -> Result<Done, AppError> {
    use domain::{FieldErrors, access::Username};

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let mut errors = FieldErrors::default();
        let username = errors.collect(Username::parse(username.trim()));
        let password = errors.collect(optional_password(password));
        let (Some(username), Some(password)) = (username, password) else {
            return Err(errors.into());
        };
        let login = engine()?.add_user(&admin.author(), &username, password).await?;
        Ok(with_password(format!("Added {}.", login.username), login))
    })
    .await
}

/// Sets somebody else's password and ends that user's sessions. Without a password, one is generated and shown once.
#[server(prefix = "/api/page", endpoint = "users/reset_password", input = PostUrl)]
pub async fn reset_password(id: UserId, #[server(default)] password: String) -> Result<Done, AppError> {
    use domain::FieldErrors;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let password = optional_password(password).map_err(FieldErrors::from)?;
        let login = engine()?.reset_password(&admin.author(), id, password).await?;
        Ok(with_password(format!("{} has a new password.", login.username), login))
    })
    .await
}

/// Enables or disables a user.
#[server(prefix = "/api/page", endpoint = "users/set_enabled", input = PostUrl)]
pub async fn set_user_enabled(id: UserId, enabled: bool) -> Result<Done, AppError> {
    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let name = engine()?.set_user_enabled(&admin.author(), id, enabled).await?;
        Ok(Done::new(if enabled {
            format!("{name} can sign in again.")
        } else {
            format!("{name} is disabled and signed out everywhere.")
        }))
    })
    .await
}

#[cfg(feature = "ssr")]
use self::passwords::{optional_password, with_password};

#[cfg(feature = "ssr")]
mod passwords {
    use domain::{Field, FieldError, access::NewPassword, view::LoginView};

    use crate::outcome::Done;

    /// `None` for an empty field: a password is generated.
    pub(super) fn optional_password(text: String) -> Result<Option<NewPassword>, FieldError> {
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(NewPassword::parse(text, Field::NewPassword)?))
    }

    /// Shows a generated password; one that was given is known.
    pub(super) fn with_password(message: String, login: LoginView) -> Done {
        match login.password {
            Some(password) => Done::new(format!("{message} Copy the password now: it is not shown again."))
                .with_secret(format!("Password of {}", login.username), password),
            None => Done::new(message),
        }
    }
}
