//! Finds the destination of a path.

use domain::ids::DestinationId;
use engine::{DestinationState, Engine};

use crate::{error::ApiError, input::not_found};

pub(super) async fn find(engine: &Engine, id: i64) -> Result<DestinationState, ApiError> {
    let found = engine.find_destination(DestinationId::new(id)).await;
    found?.ok_or_else(not_found)
}
