//! What the log holds now and how writing goes, for people and for metrics.

use domain::{Timestamp, activity::Timings, ids::Seq};

use super::{EventLog, LogError};

/// What is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Bytes of the pages that hold something, and what is stored about refused events elsewhere.
    pub used_bytes: u64,
    /// Number of stored events.
    pub events: u64,
    /// When the oldest event was received; none in an empty log.
    pub oldest_received_at: Option<Timestamp>,
    /// Events that have left the log, but are kept because a destination that refused them may still get them.
    pub kept_events: u64,
    /// Bytes of their bodies, and what is stored about refused events elsewhere; part of `used_bytes`.
    pub kept_bytes: u64,
}

impl Stored {
    /// What can't leave while everything after a position is needed and the log ends at `last`: that, by the mean size of all
    /// that is stored, and the kept events.
    pub(crate) fn bytes_after(&self, acknowledged: Seq, last: Seq) -> u64 {
        let events = u64::try_from(last.get().saturating_sub(acknowledged.get())).unwrap_or(0);
        let mean = self.used_bytes.saturating_sub(self.kept_bytes) / self.events.max(1);
        events
            .min(self.events)
            .saturating_mul(mean)
            .saturating_add(self.kept_bytes)
    }
}

/// What the writing thread has done since the file was opened, and what waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Each stores what had queued up since the one before, up to the disk.
    pub commits: Timings,
    /// Bytes of bodies that wait to be written.
    pub queued_bytes: u64,
}

impl EventLog {
    /// The state of the writer: its queue, and how long commits take.
    pub fn writing(&self) -> Writing {
        Writing {
            commits: self.writer.commits(),
            queued_bytes: u64::try_from(self.writer.queued_bytes()).unwrap_or(u64::MAX),
        }
    }

    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn stored(&self) -> Result<Stored, LogError> {
        let used_bytes: i64 = sqlx::query_scalar(
            "SELECT (page_count - freelist_count) * page_size \
             FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
        )
        .fetch_one(self.reader()?)
        .await?;
        let oldest = self.oldest().await?;
        let (kept_events, kept_bytes): (i64, i64) = sqlx::query_as("SELECT events, bytes FROM kept_totals")
            .fetch_one(self.reader()?)
            .await?;
        let elsewhere = self.writer.refused_bytes();
        Ok(Stored {
            kept_events: u64::try_from(kept_events).unwrap_or(0),
            kept_bytes: u64::try_from(kept_bytes).unwrap_or(0).saturating_add(elsewhere),
            used_bytes: u64::try_from(used_bytes).unwrap_or(0).saturating_add(elsewhere),
            events: self.count_from(oldest.map(|(seq, _)| seq)),
            oldest_received_at: oldest.map(|(_, received_at)| received_at),
        })
    }
}
