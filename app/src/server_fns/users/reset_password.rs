//! Gives somebody else a new password.

use domain::ids::UserId;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use super::{optional_password, shown_once};
use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Gives somebody else a new password and signs them out. Without a password one is made and shown, once.
#[server(prefix = "/api/page", endpoint = "users/reset_password", input = PostUrl)]
pub async fn reset_password(id: UserId, #[server(default)] password: String) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let password = optional_password(password)?;
        let login = port()?.reset_password(&admin, id, password).await?;
        Ok(shown_once(format!("{} has a new password.", login.username), login))
    })
    .await
}
