//! The read model of a session.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::SessionId};

/// A browser session of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: SessionId,
    /// Address of the last request.
    #[cfg_attr(feature = "openapi", schema(example = "192.0.2.10"))]
    pub ip_address: String,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}
