//! Revokes an API token for good.

use domain::ids::TokenId;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Revokes an API token for good.
#[server(prefix = "/api/page", endpoint = "tokens/revoke", input = PostUrl)]
pub async fn revoke_token(id: TokenId) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let name = port()?.revoke_token(&admin, id).await?;
        Ok(Done::new(format!("Token {name} is revoked.")))
    })
    .await
}
