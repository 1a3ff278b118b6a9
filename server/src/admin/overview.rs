//! The instance at a glance.

use engine::{DestinationState, Traffic, log::Stored};

use super::AdminError;
use crate::services::Services;

/// What an instance holds, and what goes through it.
pub(crate) struct InstanceFigures {
    pub(crate) stored: Stored,
    pub(crate) newest_received_at: Option<domain::Timestamp>,
    pub(crate) log_limit_bytes: u64,
    /// Minute by minute over the last hour, the oldest first.
    pub(crate) traffic: Vec<Traffic>,
    pub(crate) streams: Vec<DestinationState>,
}

pub(crate) async fn show_overview(services: &Services) -> Result<InstanceFigures, AdminError> {
    let engine = &services.engine;
    let log = engine.log();
    let newest = log.show(log.last_seq()).await?;
    Ok(InstanceFigures {
        stored: log.stored().await?,
        newest_received_at: newest.map(|event| event.received_at),
        log_limit_bytes: engine.retention_settings().log_size.value.bytes(),
        traffic: engine.traffic().await?,
        streams: engine.list_destinations().await?,
    })
}
