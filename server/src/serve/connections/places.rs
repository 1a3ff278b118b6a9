//! How many connections there are at the same time, and room for new ones while all places are taken.
//!
//! New connections wait until one ends: the first of them without a place, the others in the queue of the system. So that this does not
//! depend on the patience of clients which keep a connection for a request that they may send later, unused connections are closed
//! meanwhile.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, timeout},
};

/// Between two notices to the connections, each of which wakes all of them.
const NOTICE_INTERVAL: Duration = Duration::from_secs(1);

/// The places of all connections.
pub(super) struct Places {
    free: Arc<Semaphore>,
    crowded: watch::Sender<()>,
    noticed_at: Option<Instant>,
}

impl Places {
    pub(super) fn new(at_most: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(at_most)),
            crowded: watch::Sender::new(()),
            noticed_at: None,
        }
    }

    /// Changes while a connection waits for a place.
    pub(super) fn crowded(&self) -> watch::Receiver<()> {
        self.crowded.subscribe()
    }

    /// A place, as soon as there is one. It is free again when dropped. `None` never happens: the semaphore is never closed.
    pub(super) async fn take(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
            return Some(place);
        }
        loop {
            let now = Instant::now();
            let next = self.noticed_at.map_or(now, |at| at + NOTICE_INTERVAL);
            if next <= now {
                self.noticed_at = Some(now);
                self.crowded.send_replace(());
            }
            let wait = next.max(now + Duration::from_millis(1)) - now;
            if let Ok(place) = timeout(wait, Arc::clone(&self.free).acquire_owned()).await {
                return place.ok();
            }
        }
    }
}
