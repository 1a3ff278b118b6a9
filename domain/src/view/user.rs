//! The read model of a user.

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
    /// Number of sessions.
    pub sessions: u64,
}

// No `Debug`: it would show the password.
/// A user, and the generated password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginView {
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: UserId,
    #[cfg_attr(feature = "openapi", schema(example = "ada.lovelace"))]
    pub username: String,
    /// The generated password, which is shown only once. Null if the request had a password.
    pub password: Option<String>,
}
