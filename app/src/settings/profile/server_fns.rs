//! What the page asks about the signed-in user's password and sessions.

use domain::{ids::SessionId, view::SessionView};
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

/// The sessions of a user, and the one that looks at them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedSessions {
    pub sessions: Vec<SessionView>,
    pub current: SessionId,
}

/// Lists the sessions of the signed-in user, the last used first.
#[server(prefix = "/api/page", endpoint = "sessions/list", input = GetUrl)]
pub async fn list_sessions(#[server(default)] known: Option<Tag>) -> Result<Fresh<ListedSessions>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        let signed_in = expect_admin()?;
        let engine = engine()?;
        let listed = ListedSessions {
            sessions: engine.list_sessions(signed_in.user).await?,
            current: signed_in.session,
        };
        Fresh::new(listed, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Sets a new password and ends the user's other sessions.
#[server(prefix = "/api/page", endpoint = "profile/change_password", input = PostUrl)]
pub async fn change_password(
    #[server(default)] current: String,
    #[server(default)] new: String,
) -> Result<Done, AppError> {
    use domain::{Field, FieldError, FieldErrors, access::NewPassword};
    use engine::admin::PasswordChange;

    use crate::backend::{answer_form, backend, expect_admin, set_cookie};

    answer_form(async move {
        let (signed_in, backend) = (expect_admin()?, backend()?);
        let new = NewPassword::parse(new, Field::NewPassword).map_err(FieldErrors::from)?;
        match backend.engine.change_password(&signed_in, &current, &new).await? {
            PasswordChange::Changed { browser } => {
                set_cookie(backend.cookie.set_browser(&browser))?;
                Ok(Done::new("Password changed. Your other sessions have ended."))
            }
            PasswordChange::WrongPassword => {
                let wrong = FieldError::new(Field::Password, "Current password: this is not it.");
                Err(AppError::Invalid(wrong.into()))
            }
            PasswordChange::SessionEnded => Err(AppError::Unauthenticated),
            PasswordChange::TooManyAttempts(wait) => Err(AppError::TooManyAttempts {
                retry_after_seconds: wait.seconds(),
            }),
        }
    })
    .await
}

/// Ends another session of the signed-in user.
#[server(prefix = "/api/page", endpoint = "sessions/end", input = PostUrl)]
pub async fn end_session(id: SessionId) -> Result<Done, AppError> {
    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let signed_in = expect_admin()?;
        let (user, name) = (signed_in.user, &signed_in.username);
        match engine()?
            .end_sessions(&signed_in.author(), user, name, Some(id))
            .await?
        {
            0 => Err(AppError::NotFound),
            _ => Ok(Done::new("The session has ended.")),
        }
    })
    .await
}

/// Signs the user out everywhere, here too.
#[server(prefix = "/api/page", endpoint = "sessions/end_all", input = PostUrl)]
pub async fn end_sessions() -> Result<(), AppError> {
    use crate::backend::{answer, backend, expect_admin, leave_for, set_cookie};

    answer(async move {
        let (signed_in, backend) = (expect_admin()?, backend()?);
        let (author, user) = (signed_in.author(), signed_in.user);
        let ended = backend.engine.end_sessions(&author, user, &signed_in.username, None);
        ended.await?;
        set_cookie(backend.cookie.clear())?;
        leave_for("/sign_in");
        Ok(())
    })
    .await
}
