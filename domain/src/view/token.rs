//! API tokens.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, access::Scope, ids::TokenId};

/// An API token, without its secret, which is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenView {
    /// Id of the token.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: TokenId,
    /// Name of the token, and the source of the events that are posted with it.
    #[cfg_attr(feature = "openapi", schema(example = "gitlab-production"))]
    pub name: String,
    /// What the token can be used for.
    pub scopes: Vec<Scope>,
    /// Whether it can be used now.
    pub state: TokenState,
    /// When the token was created.
    pub created_at: Timestamp,
    /// When the token expires. Null if it does not.
    pub expires_at: Option<Timestamp>,
    /// The name in client certificates that stands for the token. Null if there is none.
    #[cfg_attr(feature = "openapi", schema(example = "CN=gitlab,O=Example"))]
    pub client_certificate: Option<String>,
    /// Updated every minute.
    pub last_used_at: Option<Timestamp>,
}

// In the order in which tokens are listed.
/// State of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

// No `Debug`: it would show the token.
/// A new token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTokenView {
    /// Id of the token.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: TokenId,
    /// The token. It is shown only once.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "ast_GJBRvmSBHV7CfJ5Mzq3Xm1kqpS0o9vGmYd4lJHc2dQI")
    )]
    pub token: String,
}

impl TokenView {
    /// Whether events can be posted with it.
    pub fn can_ingest(&self) -> bool {
        let allows = |scope: &Scope| matches!(scope, Scope::Ingest | Scope::Admin);
        self.state == TokenState::Active && self.scopes.iter().any(allows)
    }
}

impl TokenState {
    /// Its name in responses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}
