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

/// A token to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "gitlab-production", "scopes": ["ingest"], "expires_on": "2027-01-31"}))]
pub(super) struct NewTokenInput {
    /// 1 to 72 printable ASCII characters. The name of a token is never used again.
    #[schema(max_length = 72, min_length = 1)]
    name: String,
    /// At least one.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// Last day on which the token is valid, in UTC. Null if it does not expire.
    #[schema(format = Date)]
    #[serde(default)]
    expires_on: Option<String>,
    /// Requests over TLS whose client certificate has this subject (as in RFC 4514, for example `CN=gitlab,O=Example`), host name,
    /// e-mail address or URI act as the token. Only one token that is not revoked can have it. Null for none.
    #[schema(max_length = 500, min_length = 1)]
    #[serde(default)]
    client_certificate: Option<String>,
}

/// List API tokens
#[utoipa::path(get, path = "/api/v1/tokens", tag = "Tokens", responses(
    (status = 200, description = "All tokens: valid ones first, newest first", body = Listed<TokenView>),
))]
pub(super) async fn list_tokens(State(services): State<Services>) -> Result<Json<Listed<TokenView>>, ApiError> {
    let items = services.engine.list_tokens().await?;
    Ok(Json(Listed { items }))
}

/// Create an API token
///
/// Names are unique, so repeating the request cannot create a duplicate. `Idempotency-Key` is not supported.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "Tokens", request_body = NewTokenInput, responses(
    (status = 201, description = "The token", body = NewTokenView),
    (status = 400, description = "`Idempotency-Key` is not supported"),
    (status = 422, description = "A field is invalid, or the name or the client certificate has already been taken"),
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
/// The server rejects the token immediately. Its name cannot be used again.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "Tokens",
    params(("id" = i64, Path, description = "The token's id", minimum = 1)),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "The token does not exist, or is already revoked"),
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
            client_certificate: self.client_certificate.unwrap_or_default(),
        }
    }
}
