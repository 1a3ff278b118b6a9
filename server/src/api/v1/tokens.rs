//! API tokens.

use app::port::settings::{TokenState, TokenSummary};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use domain::{
    access::{Scope, TokenDraft},
    ids::TokenId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{answer::Listed, moment::Moment};
use crate::{
    admin::{self, MadeToken},
    api::{
        ApiError,
        caller::Caller,
        idempotency::refuse_idempotency_key,
        input::{InBody, InPath},
    },
    services::Services,
};

/// An API token, without the token itself, which is not stored.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenView {
    id: i64,
    /// What it posts has this name as its source.
    #[schema(example = "gitlab-production")]
    name: String,
    scopes: Vec<ScopeName>,
    state: Validity,
    created_at: Moment,
    expires_at: Option<Moment>,
    /// Known within a minute.
    last_used_at: Option<Moment>,
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScopeName {
    /// Post audit events.
    Ingest,
    /// Read everything but secrets.
    Read,
    /// Everything.
    Admin,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Validity {
    Active,
    Expired,
    Revoked,
}

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
    scopes: Vec<ScopeName>,
    /// The last day on which it works, in UTC; null for a token that never expires.
    #[schema(format = Date)]
    #[serde(default)]
    expires_on: Option<String>,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub(super) struct NewTokenView {
    id: i64,
    /// The token itself: it is shown this once.
    #[schema(example = "ast_GJBRvmSBHV7CfJ5Mzq3Xm1kqpS0o9vGmYd4lJHc2dQI")]
    token: String,
}

/// List API tokens
#[utoipa::path(get, path = "/api/v1/tokens", tag = "Tokens", responses(
    (status = 200, description = "Every token: those that work first, the newest first", body = Listed<TokenView>),
))]
pub(super) async fn list_tokens(State(services): State<Services>) -> Result<Json<Listed<TokenView>>, ApiError> {
    let tokens = admin::list_tokens(&services).await?;
    Ok(Json(Listed::new(tokens, view)))
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
    let MadeToken { id, text } = admin::create_token(&services, &caller.author, &input.into_draft()).await?;
    let view = NewTokenView {
        id: id.get(),
        token: text,
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
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
    admin::revoke_token(&services, &caller.author, TokenId::new(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl NewTokenInput {
    fn into_draft(self) -> TokenDraft {
        TokenDraft {
            name: self.name,
            scopes: self.scopes.into_iter().map(|scope| scope.scope().to_string()).collect(),
            expires_on: self.expires_on.unwrap_or_default(),
        }
    }
}

impl ScopeName {
    const fn scope(self) -> Scope {
        match self {
            Self::Ingest => Scope::Ingest,
            Self::Read => Scope::Read,
            Self::Admin => Scope::Admin,
        }
    }

    const fn of(scope: Scope) -> Self {
        match scope {
            Scope::Ingest => Self::Ingest,
            Scope::Read => Self::Read,
            Scope::Admin => Self::Admin,
        }
    }
}

fn view(token: TokenSummary) -> TokenView {
    TokenView {
        id: token.id.get(),
        name: token.name,
        scopes: token.scopes.into_iter().map(ScopeName::of).collect(),
        state: match token.state {
            TokenState::Active => Validity::Active,
            TokenState::Expired => Validity::Expired,
            TokenState::Revoked => Validity::Revoked,
        },
        created_at: Moment(token.created_at),
        expires_at: token.expires_at.map(Moment),
        last_used_at: token.last_used_at.map(Moment),
    }
}
