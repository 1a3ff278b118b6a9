//! The read model of a user.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::UserId};

/// An administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserView {
    /// Id of the user.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: UserId,
    /// Name with which the user signs in.
    #[cfg_attr(feature = "openapi", schema(example = "ada.lovelace"))]
    pub username: String,
    /// Whether the user can sign in.
    pub enabled: bool,
    /// When the user was added.
    pub created_at: Timestamp,
    /// When the user last signed in. Null if that never happened.
    pub last_signed_in_at: Option<Timestamp>,
    /// Number of sessions.
    pub sessions: u64,
}

// No `Debug`: it would show the password.
/// A user, and the generated password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginView {
    /// Id of the user.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: UserId,
    /// Name with which the user signs in.
    #[cfg_attr(feature = "openapi", schema(example = "ada.lovelace"))]
    pub username: String,
    /// The generated password, which is shown only once. Null if the request had a password.
    pub password: Option<String>,
}
