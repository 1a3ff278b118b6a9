//! Letting go of what is too old, as the engine asks for it.

use domain::{Timestamp, ids::Seq};
use rusqlite::Connection;

use super::{EventLog, LogError, PruneReport, PruneRequest, PrunedEarly, prune::kept_between};

impl EventLog {
    /// Deletes a chunk of the oldest events: those received before `received_before`, and, while the log is over nine
    /// tenths of its size limit, as many others as take up the excess; never any above `up_to`. Call again until nothing is deleted.
    ///
    /// # Errors
    /// [`LogError`]; what was committed before stays deleted.
    #[cfg(test)]
    pub(crate) async fn prune(&self, received_before: Timestamp, up_to: Seq) -> Result<PruneReport, LogError> {
        let order = PruneRequest {
            received_before,
            up_to,
            refused: Vec::new(),
            now: received_before,
        };
        self.prune_in_order(order).await
    }

    /// The same, but keeps the events that a destination has refused.
    ///
    /// # Errors
    /// [`LogError`]; what was committed before stays deleted.
    pub(crate) async fn prune_in_order(&self, order: PruneRequest) -> Result<PruneReport, LogError> {
        self.writer.prune(order).await
    }

    /// Positions of kept events that have left the log: the first `count` after `after`, or less before a damaged page. Those on
    /// it are left out.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn kept_after(&self, after: Seq, count: u32) -> Result<Vec<Seq>, LogError> {
        let last = self.last_seq();
        let read = move |connection: &Connection| Ok(kept_between(connection, (after.next(), last), count)?);
        self.readers.read(read).await
    }

    /// Removes kept events that no destination may get any more.
    ///
    /// # Errors
    /// [`LogError`]; nothing was removed.
    pub async fn release(&self, seqs: Vec<Seq>) -> Result<(), LogError> {
        self.writer.release(seqs).await
    }

    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn pruned_early(&self) -> Result<PrunedEarly, LogError> {
        let (events, last_at): (i64, Option<i64>) = sqlx::query_as("SELECT events, last_at FROM pruned_early")
            .fetch_one(self.reader()?)
            .await?;
        Ok(PrunedEarly {
            events: u64::try_from(events).unwrap_or(0),
            last_at: last_at.map(Timestamp::from_unix_ms),
        })
    }
}
