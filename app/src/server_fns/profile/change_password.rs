//! Sets a new password and ends the other sessions of its owner.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::wire::{AppError, settings::Done};

/// Sets a new password and ends the other sessions of its owner.
#[server(prefix = "/api/page", endpoint = "profile/change_password", input = PostUrl)]
pub async fn change_password(
    #[server(default)] current: String,
    #[server(default)] new: String,
) -> Result<Done, AppError> {
    use crate::server_fns::guard::{answer, expect_admin, port, set_cookie};

    answer(async move {
        let signed_in = expect_admin()?;
        set_cookie(port()?.change_password(&signed_in, &current, new).await?)?;
        Ok(Done::new("Password changed. Your other sessions have ended."))
    })
    .await
}
