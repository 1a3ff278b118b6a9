//! Administrators who sign in.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::UserId};

/// An administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserView {
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: UserId,
    #[cfg_attr(feature = "openapi", schema(example = "ada.lovelace"))]
    pub username: String,
    /// Whether the user can sign in.
    pub enabled: bool,
    pub created_at: Timestamp,
    pub last_signed_in_at: Option<Timestamp>,
    /// How many browsers are signed in.
    pub sessions: u64,
}

// No `Debug`: it would show the password.
/// A user and a password that was generated.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginView {
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: UserId,
    #[cfg_attr(feature = "openapi", schema(example = "ada.lovelace"))]
    pub username: String,
    /// Shown only this once; null if the request chose the password.
    pub password: Option<String>,
}
