//! Keeps on disk when tokens were last used, within a minute.

use std::time::Duration;

use api::Services;
use tokio::time::{MissedTickBehavior, interval};

use engine::error_chain;

const PERIOD: Duration = Duration::from_secs(60);

/// Runs until it is aborted; what is missed is made good by the next round, or by the end of the server.
pub(super) async fn store_regularly(services: Services) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        store(&services).await;
    }
}

pub(super) async fn store(services: &Services) {
    if let Err(error) = services.engine.store_token_uses().await {
        tracing::warn!(
            error = error_chain(&error),
            "Could not store when API tokens were last used."
        );
    }
}
