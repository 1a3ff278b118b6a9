//! What the page asks about the session.

use domain::ids::UserId;
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, PostUrl},
};
use serde::{Deserialize, Serialize};

use crate::{model::local_path::LocalPath, wire::AppError};

/// The user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    pub id: UserId,
    pub username: String,
}

/// The user who is signed in, if any.
#[server(prefix = "/api/page", endpoint = "session/current_user", input = GetUrl)]
pub async fn show_current_user() -> Result<Option<CurrentUser>, AppError> {
    use crate::backend::expect_admin;

    Ok(expect_admin().ok().map(|signed_in| CurrentUser {
        id: signed_in.user,
        username: signed_in.username,
    }))
}

/// Starts a session; answers where to go next.
#[server(prefix = "/api/page", endpoint = "session/sign_in", input = PostUrl)]
pub async fn sign_in(
    username: String,
    password: String,
    #[server(default)] return_to: String,
) -> Result<LocalPath, AppError> {
    use engine::admin::SignInOutcome;

    use crate::backend::{answer, backend, leave_for, set_cookie, visitor};

    answer(async move {
        let (visitor, backend) = (visitor()?, backend()?);
        match backend.engine.sign_in(&visitor, &username, &password).await? {
            SignInOutcome::SignedIn { key, browser } => {
                set_cookie(backend.cookie.set(key.expose()))?;
                set_cookie(backend.cookie.set_browser(&browser))?;
            }
            SignInOutcome::WrongCredentials => return Err(AppError::WrongCredentials),
            SignInOutcome::AccountDisabled => return Err(AppError::AccountDisabled),
            SignInOutcome::TooManyAttempts(wait) => {
                let retry_after_seconds = wait.seconds();
                return Err(AppError::TooManyAttempts { retry_after_seconds });
            }
        }
        let path = LocalPath::parse(&return_to).unwrap_or_else(LocalPath::home);
        leave_for(path.as_str());
        Ok(path)
    })
    .await
}

/// Ends this session.
#[server(prefix = "/api/page", endpoint = "session/sign_out", input = PostUrl)]
pub async fn sign_out() -> Result<(), AppError> {
    use crate::backend::{answer, backend, expect_admin, leave_for, set_cookie};

    answer(async move {
        let (signed_in, backend) = (expect_admin()?, backend()?);
        backend.engine.sign_out(&signed_in).await?;
        set_cookie(backend.cookie.clear())?;
        leave_for("/sign_in");
        Ok(())
    })
    .await
}
