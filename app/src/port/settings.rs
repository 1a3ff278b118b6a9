//! What the settings pages ask about, as the server knows it.

use domain::{
    Timestamp,
    access::Scope,
    ids::{SessionId, TokenId, UserId},
};

/// An API token, revoked and expired ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSummary {
    pub id: TokenId,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub state: TokenState,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSummary {
    pub id: UserId,
    pub username: String,
    pub is_enabled: bool,
    pub created_at: Timestamp,
    pub last_signed_in_at: Option<Timestamp>,
    pub sessions: u64,
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    pub id: SessionId,
    /// From where it was last used.
    pub ip_address: String,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// A user and a password that nobody else has seen yet.
#[derive(Clone, PartialEq, Eq)]
pub struct NewLogin {
    pub username: String,
    /// None if the administrator chose it.
    pub generated_password: Option<String>,
}
