//! Starts a session; answers where to go next.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{model::local_path::LocalPath, wire::AppError};

/// Starts a session; answers where to go next.
#[server(prefix = "/api/page", endpoint = "session/sign_in", input = PostUrl)]
pub async fn sign_in(
    username: String,
    password: String,
    #[server(default)] return_to: String,
) -> Result<LocalPath, AppError> {
    use crate::server_fns::guard::{answer, leave_for, port, set_cookie, visitor};

    answer(async move {
        let visitor = visitor()?;
        let path = LocalPath::parse(&return_to).unwrap_or_else(LocalPath::home);
        for cookie in port()?.sign_in(&visitor, &username, &password).await? {
            set_cookie(cookie)?;
        }
        leave_for(path.as_str());
        Ok(path)
    })
    .await
}
