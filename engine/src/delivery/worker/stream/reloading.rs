//! Reads the refused events again, after an administrator has retried or discarded some.

use std::collections::HashMap;

use domain::ids::Seq;

use super::{Backoff, Stream};
use crate::{
    log::LogError,
    store::{DueEvent, StoreError, TextBytes},
};

/// What the store holds about refused events.
struct Stored {
    due: Vec<DueEvent>,
    is_any: bool,
    measured: Option<Measured>,
    destinations: u64,
}

/// Which events are refused or parked, with the sizes of their texts, and how large the bodies are of those that were not measured
/// before.
struct Measured {
    events: HashMap<Seq, TextBytes>,
    bodies: Vec<(Seq, u64)>,
}

/// The refused events could not be read again.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the log could not be read")]
    Log(#[from] LogError),
}

impl Stream {
    /// Reads the refused events again if requested, but not during a commit, of which it could see only a part.
    pub(super) async fn reload_refusals(&mut self) {
        if !self.reload_is_due || self.committing.is_some() || self.is_paused() {
            return;
        }
        self.reload_is_due = false;
        match self.read_refusals().await {
            Ok(stored) => {
                self.refusals.load(&stored.due);
                if let Some(measured) = stored.measured {
                    self.refusals.measured(&measured.events, measured.bodies);
                }
                self.destinations = stored.destinations;
                self.pending.apply_unsaved(&mut self.refusals);
                self.pending.refusals_were_counted(stored.is_any);
                self.note_limit();
                self.show_progress();
            }
            Err(error) => {
                self.log_own_failure(&error, "Rejected events could not be read.");
                self.reload_is_due = true;
                self.pause();
            }
        }
    }

    fn note_limit(&mut self) {
        self.worker.status.refused_too_many(self.refused_too_many());
        self.note_room();
    }

    /// When there is room again, the event that waits for it is sent immediately.
    pub(super) fn note_room(&mut self) {
        if !self.waits_for_room || self.refused_too_many() {
            return;
        }
        self.waits_for_room = false;
        self.is_retry_next = false;
        if let Some(backoff) = &mut self.backoff {
            backoff.start_over(self.worker.shared.clock.now());
            self.worker.status.backing_off(self.backoff.clone());
        }
    }

    /// Whether the stream backs off because no more refused events are kept.
    pub(super) fn lacks_room(&self) -> bool {
        self.backoff.as_ref().is_some_and(Backoff::lacks_room)
    }

    async fn read_refusals(&self) -> Result<Stored, ReloadError> {
        let destination = self.worker.destination;
        let due = self.worker.shared.database.list_due(destination).await?;
        let counted = self.worker.shared.database.count_refused(destination).await?.all();
        Ok(Stored {
            due,
            is_any: counted > 0,
            measured: self.measure(counted).await?,
            destinations: self.worker.shared.database.count_destinations().await?,
        })
    }

    /// `None` if as many events are refused as are known here: this is looked at every few seconds.
    async fn measure(&self, stored: u64) -> Result<Option<Measured>, ReloadError> {
        if self.pending.count_refused(stored) == self.refusals.count() {
            return Ok(None);
        }
        let mut events = self
            .worker
            .shared
            .database
            .refused_texts(self.worker.destination)
            .await?;
        self.pending.bring_up_to_date(&mut events);
        let bodies = self
            .worker
            .shared
            .log
            .body_sizes(self.refusals.unmeasured(&events))
            .await?;
        Ok(Some(Measured { events, bodies }))
    }
}
