//! Lets somebody sign in, or no longer.

use domain::ids::UserId;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Lets somebody sign in, or no longer.
#[server(prefix = "/api/page", endpoint = "users/set_enabled", input = PostUrl)]
pub async fn set_user_enabled(id: UserId, enabled: bool) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let name = port()?.set_user_enabled(&admin, id, enabled).await?;
        Ok(Done::new(if enabled {
            format!("{name} can sign in again.")
        } else {
            format!("{name} is disabled and signed out everywhere.")
        }))
    })
    .await
}
