//! What the page asks about API tokens.

use domain::{ids::TokenId, view::TokenView};
use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, PostUrl},
};

use crate::{
    fresh::{Fresh, Tag},
    outcome::Done,
    wire::AppError,
};

/// Lists the API tokens: active ones first, the newest first.
#[server(prefix = "/api/page", endpoint = "tokens/list", input = GetUrl)]
pub async fn list_tokens(#[server(default)] known: Option<Tag>) -> Result<Fresh<Vec<TokenView>>, AppError> {
    use crate::backend::{answer, engine, expect_admin};

    answer(async move {
        expect_admin()?;
        let engine = engine()?;
        Fresh::new(engine.list_tokens().await?, known.as_ref(), engine.clock().now())
    })
    .await
}

/// Creates an API token and shows it once. `expires_on` is its last day, in UTC; empty for no expiry. `client_certificate` is the name in
/// client certificates that stands for it; empty for none.
#[server(prefix = "/api/page", endpoint = "tokens/create", input = PostUrl)]
pub async fn create_token(
    #[server(default)] name: String,
    #[server(default)] scopes: Vec<String>,
    #[server(default)] expires_on: String,
    #[server(default)] client_certificate: String,
) -> Result<Done, AppError> {
    use domain::access::TokenDraft;

    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let label = format!("API token {}", name.trim());
        let draft = TokenDraft {
            name,
            scopes,
            expires_on,
            client_certificate,
        };
        let created = engine()?.create_token(&admin.author(), &draft).await?;
        Ok(Done::new("Copy the token now: it is not shown again.").with_secret(label, created.token))
    })
    .await
}

/// Revokes an API token for good.
#[server(prefix = "/api/page", endpoint = "tokens/revoke", input = PostUrl)]
pub async fn revoke_token(id: TokenId) -> Result<Done, AppError> {
    use crate::backend::{answer_form, engine, expect_admin};

    answer_form(async move {
        let admin = expect_admin()?;
        let name = engine()?.revoke_token(&admin.author(), id).await?;
        Ok(Done::new(format!("Token {name} is revoked.")))
    })
    .await
}
