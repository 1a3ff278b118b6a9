//! The instance at a glance.

use app::wire::Overview;
use domain::health::StreamHealth;

use super::AdminError;
use crate::services::Services;

pub(crate) async fn show_overview(services: &Services) -> Result<Overview, AdminError> {
    let log = services.engine.log();
    let newest = log.show(log.last_seq()).await?;
    let states = services.engine.list_destinations().await?;
    let is_held = |health: &StreamHealth| matches!(health, StreamHealth::Held { .. });
    let held = states.iter().filter(|state| is_held(&state.health)).count();
    Ok(Overview {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        public_url: services.public_url.as_str().to_owned(),
        stored_events: log.count().await?,
        newest_received_at: newest.map(|event| event.received_at),
        destinations: u32::try_from(states.len()).unwrap_or(u32::MAX),
        held: u32::try_from(held).unwrap_or(u32::MAX),
    })
}
