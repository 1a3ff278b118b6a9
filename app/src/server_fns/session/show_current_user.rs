//! Who is signed in, if anybody is.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::wire::{AppError, CurrentUser};

/// Who is signed in, if anybody is.
#[server(prefix = "/api/page", endpoint = "session/current_user", input = GetUrl)]
pub async fn show_current_user() -> Result<Option<CurrentUser>, AppError> {
    use crate::server_fns::guard::expect_admin;

    Ok(expect_admin().ok().map(|signed_in| CurrentUser {
        id: signed_in.user,
        username: signed_in.username,
    }))
}
