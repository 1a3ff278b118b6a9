//! An event that a destination refused, as stored.

use domain::{
    Timestamp,
    ids::{DestinationId, Seq},
    policy::Refusal,
};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Database, StoreError};

/// An event that its destination refused and that is tried again at `due_at`, or parked if that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedEvent {
    pub seq: Seq,
    /// Attempts so far, at least 1.
    pub tries: u32,
    pub reason: String,
    /// The start of the answer.
    pub response: String,
    pub refusal: Refusal,
    pub refused_at: Timestamp,
    pub due_at: Option<Timestamp>,
    /// It was not refused before. The row of one that was is changed only if the event is still retried: an administrator may have
    /// parked or discarded it while it was being sent.
    pub is_first: bool,
}

impl RefusedEvent {
    /// The event was refused before.
    pub(crate) fn again(self) -> Self {
        Self {
            is_first: false,
            ..self
        }
    }
}

/// What a worker needs to know of a refused event that is still tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DueEvent {
    pub seq: Seq,
    pub tries: u32,
    pub due_at: Timestamp,
}

/// An event in a list of refused events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedEvent {
    pub seq: Seq,
    pub tries: u32,
    pub reason: String,
    pub response: String,
    pub refusal: Refusal,
    pub refused_at: Timestamp,
    /// `None` if it is parked.
    pub due_at: Option<Timestamp>,
}

#[cfg(test)]
pub(super) fn read_refused(row: &SqliteRow) -> Result<RefusedEvent, StoreError> {
    let seq: i64 = row.get("seq");
    let refusal = serde_json::from_str(row.get("refusal"));
    Ok(RefusedEvent {
        seq: Seq::new(seq),
        tries: row.get("tries"),
        reason: row.get("reason"),
        response: row.get("response"),
        refusal: refusal.map_err(|_| unreadable_refusal(seq))?,
        refused_at: Timestamp::from_unix_ms(row.get("refused_at")),
        due_at: read_due(row),
        is_first: true,
    })
}

fn read_due(row: &SqliteRow) -> Option<Timestamp> {
    row.get::<Option<i64>, _>("due_at").map(Timestamp::from_unix_ms)
}

fn unreadable_refusal(seq: i64) -> StoreError {
    StoreError::Unreadable {
        table: "refused_events",
        id: seq,
        what: "refusal",
    }
}

/// A row that can't be read costs no other: it is listed with that as its reason, and logged the first time.
pub(super) fn read_listed(database: &Database, destination: DestinationId, row: &SqliteRow) -> ListedEvent {
    let seq = Seq::new(row.get("seq"));
    let (reason, refusal): (String, _) = (row.get("reason"), serde_json::from_str(row.get("refusal")));
    let (reason, refusal) = match refusal {
        Ok(refusal) => (reason, refusal),
        Err(_) => {
            if database.notices_unreadable(destination, seq) {
                tracing::error!(
                    destination_id = destination.get(),
                    seq = seq.get(),
                    error = %unreadable_refusal(seq.get()),
                    "A rejected event is listed without the kind of its rejection."
                );
            }
            let reason = format!("The stored kind of this rejection can't be read. Its text is: {reason}");
            (reason, Refusal::Unknown)
        }
    };
    ListedEvent {
        seq,
        tries: row.get("tries"),
        reason,
        response: row.get("response"),
        refusal,
        refused_at: Timestamp::from_unix_ms(row.get("refused_at")),
        due_at: read_due(row),
    }
}
