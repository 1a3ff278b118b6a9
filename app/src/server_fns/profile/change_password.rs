//! Sets a new password and ends the other sessions of its owner.

use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Sets a new password and ends the other sessions of its owner.
#[server(prefix = "/api/page", endpoint = "profile/change_password", input = PostUrl)]
pub async fn change_password(
    #[server(default)] current: String,
    #[server(default)] new: String,
) -> Result<Done, AppError> {
    answer(async move {
        let signed_in = expect_admin()?;
        port()?.change_password(&signed_in, &current, new).await?;
        Ok(Done::new("Password changed. Your other sessions have ended."))
    })
    .await
}
