//! The instance at a glance.

use domain::view::{DestinationCounts, FirstStepsView, LogView, OverviewView, TokenView, TrafficView};

use super::AdminError;
use crate::{DestinationState, Engine};

/// How the instance is doing, and each stream.
pub struct Overview {
    /// What is shown of the instance.
    pub view: OverviewView,
    /// Every destination, oldest first.
    pub streams: Vec<DestinationState>,
    /// What has been done to set the instance up.
    pub first_steps: FirstStepsView,
}

impl Engine {
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn overview(&self) -> Result<Overview, AdminError> {
        let log = self.log();
        let newest_received_at = log.newest_received_at().await?;
        let stored = log.stored().await?;
        let traffic = self.traffic().await?.into_iter().map(|minute| TrafficView {
            start: minute.minute.start(),
            received: minute.received,
            delivered: minute.delivered,
        });
        let streams = self.list_destinations().await?;
        let facts = || streams.iter().map(|state| &state.facts);
        let view = OverviewView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            log: LogView {
                events: stored.events,
                newest_received_at,
                oldest_received_at: stored.oldest_received_at,
                used_bytes: stored.used_bytes,
                limit_bytes: self.retention_settings().log_size.value.bytes(),
                full_at: facts().filter_map(|facts| facts.log_full_at).min(),
            },
            oldest_waiting_at: facts().filter_map(|facts| facts.oldest_waiting_at).min(),
            destinations: DestinationCounts::of(streams.iter().map(|state| &state.health)),
            traffic: traffic.collect(),
        };
        let first_steps = FirstStepsView {
            token_created: self.list_tokens().await?.iter().any(TokenView::can_ingest),
            event_received: log.has_external_events().await?,
            destination_added: !streams.is_empty(),
        };
        Ok(Overview {
            view,
            streams,
            first_steps,
        })
    }
}
