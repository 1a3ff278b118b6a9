//! Makes an API token and shows it, once.

use domain::access::TokenDraft;
use leptos::{prelude::*, server_fn::codec::PostUrl};

use crate::{
    server_fns::guard::{answer, expect_admin, port},
    wire::{AppError, settings::Done},
};

/// Makes an API token and shows it, once. `expires_on` is its last day, in UTC; empty for none.
#[server(prefix = "/api/page", endpoint = "tokens/create", input = PostUrl)]
pub async fn create_token(
    #[server(default)] name: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] expires_on: String,
) -> Result<Done, AppError> {
    answer(async move {
        let admin = expect_admin()?;
        let label = format!("API token {}", name.trim());
        let draft = TokenDraft {
            name,
            scopes,
            expires_on,
        };
        let token = port()?.create_token(&admin, draft).await?;
        Ok(Done::new("Copy the token now: it is not shown again.").with_secret(label, token))
    })
    .await
}
