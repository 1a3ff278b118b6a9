//! The alerts that are open.

use domain::{Timestamp, ids::DestinationId};

#[cfg(test)]
use super::LookError;
use crate::{Engine, admin::AdminError};

/// An alert about a stream that administrators were notified of and that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAlert {
    pub destination: DestinationId,
    pub since: Timestamp,
    pub raised_at: Timestamp,
}

/// The open alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenAlerts {
    pub streams: Vec<OpenAlert>,
    /// Streams with parked events; `since` is when administrators were notified.
    pub parked: Vec<OpenAlert>,
    /// When administrators were notified that events leave the log before the retention age.
    pub pruning_raised_at: Option<Timestamp>,
    /// When administrators were notified that undelivered events fill the log.
    pub log_raised_at: Option<Timestamp>,
}

impl Engine {
    /// The open alerts, by destination.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub(crate) async fn open_alerts(&self) -> Result<OpenAlerts, AdminError> {
        let open = self.database().open_troubles().await?;
        let streams = open.streams.into_iter().filter_map(|(destination, trouble)| {
            Some(OpenAlert {
                destination,
                since: trouble.since,
                raised_at: trouble.raised_at?,
            })
        });
        let parked = open.parked.into_iter().map(|(destination, alert)| OpenAlert {
            destination,
            since: alert.raised_at,
            raised_at: alert.raised_at,
        });
        Ok(OpenAlerts {
            streams: streams.collect(),
            parked: parked.collect(),
            pruning_raised_at: open.pruning.raised_at,
            log_raised_at: open.log_raised_at,
        })
    }

    /// Checks every stream and the log once, as the engine does every other second.
    ///
    /// # Errors
    /// [`LookError`]; the next look makes good what was left undone.
    #[cfg(test)]
    pub(crate) async fn look_for_alerts(&self) -> Result<(), LookError> {
        self.alerts().look().await
    }
}
