//! The destination that a path names.

use domain::ids::DestinationId;
use engine::{DestinationState, Engine, admin::AdminError};

use crate::{error::ApiError, input::not_found};

pub(super) async fn find(engine: &Engine, id: i64) -> Result<DestinationState, ApiError> {
    let found = engine.find_destination(DestinationId::new(id)).await;
    found.map_err(AdminError::from)?.ok_or_else(not_found)
}
