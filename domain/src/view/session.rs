//! The read model of a session.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::SessionId};

/// A browser session of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Id of the session.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: SessionId,
    /// The browser that signed in, and its system.
    #[cfg_attr(feature = "openapi", schema(example = "Firefox on Linux"))]
    pub browser: String,
    /// Address of the last request.
    #[cfg_attr(feature = "openapi", schema(example = "192.0.2.10"))]
    pub ip_address: String,
    /// When the user signed in.
    pub first_seen_at: Timestamp,
    /// When the session was last used.
    pub last_seen_at: Timestamp,
}
