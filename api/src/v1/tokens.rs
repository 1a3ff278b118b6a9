//! API tokens.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use domain::{
    access::{Scope, TokenDraft},
    ids::TokenId,
    view::{NewTokenView, TokenView},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::Listed;
use crate::{
    auth::Caller,
    error::ApiError,
    idempotency::refuse_idempotency_key,
    input::{InBody, InPath},
    services::Services,
};

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "gitlab-production", "scopes": ["ingest"], "expires_on": "2027-01-31"}))]
pub(super) struct NewTokenInput {
    /// 1 to 72 characters of printable ASCII. No two tokens ever have the same name.
    #[schema(max_length = 72, min_length = 1)]
    name: String,
    /// At least one.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// The last day on which it works, in UTC; null for a token that never expires.
    #[schema(format = Date)]
    #[serde(default)]
    expires_on: Option<String>,
}

/// List API tokens
#[utoipa::path(get, path = "/api/v1/tokens", tag = "Tokens", responses(
    (status = 200, description = "Every token: those that work first, the newest first", body = Listed<TokenView>),
))]
pub(super) async fn list_tokens(State(services): State<Services>) -> Result<Json<Listed<TokenView>>, ApiError> {
    let items = services.engine.list_tokens().await?;
    Ok(Json(Listed { items }))
}

/// Make an API token
///
/// The name is what makes this happen once: it can't be taken twice. So an `Idempotency-Key` is refused.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "Tokens", request_body = NewTokenInput, responses(
    (status = 201, description = "The token", body = NewTokenView),
    (status = 400, description = "There is an `Idempotency-Key`: the name is the key"),
    (status = 422, description = "A field is not right, or the name is taken"),
))]
pub(super) async fn create_token(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    InBody(input): InBody<NewTokenInput>,
) -> Result<Response, ApiError> {
    refuse_idempotency_key(&headers)?;
    let created = services
        .engine
        .create_token(&caller.author, &input.into_draft())
        .await?;
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

/// Revoke an API token
///
/// It is refused from then on. Its name stays taken.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "Tokens",
    params(("id" = i64, Path, description = "The token's id", minimum = 1)),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "There is no such token, or it was revoked before"),
    ),
)]
pub(super) async fn revoke_token(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, ApiError> {
    services.engine.revoke_token(&caller.author, TokenId::new(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl NewTokenInput {
    fn into_draft(self) -> TokenDraft {
        TokenDraft {
            name: self.name,
            scopes: self.scopes.iter().map(ToString::to_string).collect(),
            expires_on: self.expires_on.unwrap_or_default(),
        }
    }
}
