//! How far each stream is, what was refused, and which attempts failed.

use std::collections::HashMap;

pub(crate) use domain::view::AttemptView as Attempt;
use domain::{
    Timestamp,
    activity::{Counts, Minute},
    delivery::{RefusedChoice, RefusedList},
    ids::{DestinationId, Seq},
    policy::Refusal,
};
use serde_json::json;
use sqlx::{Row, Sqlite, Transaction};

use super::{
    Database, StoreError,
    activity::add_minutes,
    cursor::{Cursor, columns_of, print_ranges, read_cursor, read_ranges},
    destinations::read_spans,
    instance_events::insert_instance_event,
    refused::forget_answers,
    refused_event::RefusedEvent,
};
use crate::instance_events::Recorded;

/// The statements that change all events of a list, and those at the positions of a JSON array.
macro_rules! changes {
    ($change:literal, $list:literal) => {
        [
            concat!(
                $change,
                " WHERE destination_id = ?1 AND due_at ",
                $list,
                " AND ?2 IS NULL RETURNING seq"
            ),
            concat!(
                $change,
                " WHERE destination_id = ?1 AND due_at ",
                $list,
                " AND seq IN (SELECT value FROM json_each(?2)) RETURNING seq"
            ),
        ]
    };
}

const PARK: [&str; 2] = changes!(
    "UPDATE refused_events SET due_at = NULL, refusal = ?3, reason = reason || ' Parked by an administrator.'",
    "IS NOT NULL"
);
const RETRY_REFUSED: [&str; 2] = changes!("UPDATE refused_events SET due_at = ?3, tries = 1", "IS NOT NULL");
const RETRY_PARKED: [&str; 2] = changes!("UPDATE refused_events SET due_at = ?3, tries = 1", "IS NULL");
const DISCARD_REFUSED: [&str; 2] = changes!("DELETE FROM refused_events", "IS NOT NULL");
const DISCARD_PARKED: [&str; 2] = changes!("DELETE FROM refused_events", "IS NULL");

const NOTE_DISCARDED: &str = "INSERT INTO discarded_events (destination_id, seq) SELECT ?1, value FROM json_each(?2) \
                              WHERE true ON CONFLICT DO NOTHING";
const NOT_DISCARDED: &str = "DELETE FROM discarded_events WHERE destination_id = ? AND seq = ?";

/// All but the newest ten thousand.
const FORGET_DISCARDED: &str = "DELETE FROM discarded_events WHERE destination_id = ?1 AND seq <= (SELECT seq FROM \
                                discarded_events WHERE destination_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET 10000)";

/// Failed attempts kept for each destination.
const KEPT_ATTEMPTS: i64 = 1_000;

/// What becomes of refused events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoredRefusedChange {
    /// No longer tried. Parked events stay as they are.
    Park,
    /// Due again from this time on.
    Retry(Timestamp),
    Discard,
}

/// What a commit of a stream's progress has stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    All,
    /// Everything but the refusals of events that an administrator has parked or discarded meanwhile.
    AllButOverruled,
    /// The destination was deleted meanwhile.
    Nothing,
}

/// What one commit of a stream's progress stores, all of it or nothing.
#[derive(Clone, Debug)]
pub(crate) struct CursorUpdate {
    pub destination: DestinationId,
    pub cursor: Cursor,
    /// New or changed rows.
    pub refused: Vec<RefusedEvent>,
    /// Refused events that were accepted after all.
    pub accepted: Vec<Seq>,
    pub failed_attempts: Vec<Attempt>,
    /// What is to be added to the counters of these minutes.
    pub minutes: Vec<(Minute, Counts)>,
    /// Audit events about what an administrator had done with the stream.
    pub instance_events: Vec<Recorded>,
}

impl Database {
    /// None if there is no such destination.
    pub(crate) async fn read_cursor(&self, destination: DestinationId) -> Result<Option<Cursor>, StoreError> {
        // One transaction: a span must not be forgotten between the two.
        let mut snapshot = self.read()?.begin().await?;
        let spans = read_spans(&mut snapshot, destination).await?;
        let row = sqlx::query("SELECT * FROM cursors WHERE destination_id = ?")
            .bind(destination.get())
            .fetch_optional(&mut *snapshot)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut cursor = read_cursor(destination, &row)?;
        // What came in while the destination was inactive is acknowledged, too, unless it belongs to a batch that was closed before.
        let batches = [cursor.batch, cursor.kept];
        let ends = batches.into_iter().flatten().map(|batch| batch.last.next());
        let after_batch = ends.max().unwrap_or(Seq::START);
        let spans = spans.into_iter().map(|(first, last)| (first.max(after_batch), last));
        cursor
            .acknowledged_above
            .extend(spans.filter(|(first, last)| first <= last));
        Ok(Some(cursor))
    }

    /// Stores progress.
    pub(crate) async fn commit_cursor(&self, update: &CursorUpdate) -> Result<Stored, StoreError> {
        let mut transaction = self.write().await?;
        let (batch, kept) = (columns_of(update.cursor.batch), columns_of(update.cursor.kept));
        let updated = sqlx::query(
            "UPDATE cursors SET acknowledged_seq = ?, acknowledged_above = ?, delivered = ?, last_success_at = ?, batch_first = ?, \
             batch_last = ?, batch_closed_at = ?, kept_first = ?, kept_last = ?, kept_closed_at = ?, troubled_since = ?, \
             refusing_since = ?, refusal_reason = ?, refusing_events = ? \
             WHERE destination_id = ?",
        )
        .bind(update.cursor.acknowledged.get())
        .bind(print_ranges(&update.cursor.acknowledged_above))
        .bind(i64::try_from(update.cursor.delivered).unwrap_or(i64::MAX))
        .bind(update.cursor.last_success_at.map(Timestamp::unix_ms))
        .bind(batch[0])
        .bind(batch[1])
        .bind(batch[2])
        .bind(kept[0])
        .bind(kept[1])
        .bind(kept[2])
        .bind(update.cursor.troubled_since.map(Timestamp::unix_ms))
        .bind(update.cursor.refusing.as_ref().map(|refusing| refusing.since.unix_ms()))
        .bind(update.cursor.refusing.as_ref().map(|refusing| &refusing.reason))
        .bind(
            update
                .cursor
                .refusing
                .as_ref()
                .map_or(1, |refusing| i64::try_from(refusing.events).unwrap_or(i64::MAX)),
        )
        .bind(update.destination.get())
        .execute(&mut *transaction)
        .await?;
        if updated.rows_affected() == 0 {
            return Ok(Stored::Nothing);
        }
        let mut stored = Stored::All;
        for refused in &update.refused {
            if !store_refused(&mut transaction, update.destination, refused).await? {
                stored = Stored::AllButOverruled;
            }
        }
        if !update.refused.is_empty() {
            forget_answers(&mut transaction, update.destination).await?;
        }
        for seq in &update.accepted {
            for sql in [
                "DELETE FROM refused_events WHERE destination_id = ? AND seq = ?",
                NOT_DISCARDED,
            ] {
                sqlx::query(sql)
                    .bind(update.destination.get())
                    .bind(seq.get())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        insert_attempts(&mut transaction, update.destination, &update.failed_attempts).await?;
        add_minutes(&mut transaction, update.destination, &update.minutes).await?;
        for instance_event in &update.instance_events {
            insert_instance_event(&mut transaction, instance_event).await?;
        }
        transaction.commit().await?;
        Ok(stored)
    }

    /// Whatever trouble the destination was in is over.
    pub(crate) async fn forget_trouble(&self, destination: DestinationId) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE cursors SET troubled_since = NULL WHERE destination_id = ? AND troubled_since IS NOT NULL")
            .bind(destination.get())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The furthest position that any stream has acknowledged, or does not owe; none without destinations.
    pub(crate) async fn furthest_cursor(&self) -> Result<Option<Seq>, StoreError> {
        let ends: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT destination_id, acknowledged_seq, acknowledged_above FROM cursors \
             UNION ALL SELECT destination_id, coalesce(last_seq, first_seq - 1), '' FROM inactive_spans",
        )
        .fetch_all(self.read()?)
        .await?;
        let mut furthest = None;
        for (destination, acknowledged, above) in ends {
            let above = read_ranges(DestinationId::new(destination), &above)?;
            let last = above.into_iter().map(|(_, last)| last).max();
            furthest = furthest.max(last).max(Some(Seq::new(acknowledged)));
        }
        Ok(furthest)
    }

    /// Refused events of a destination that are still tried, the next one due first.
    #[cfg(test)]
    pub(crate) async fn list_refused(&self, destination: DestinationId) -> Result<Vec<RefusedEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM refused_events WHERE destination_id = ? AND due_at IS NOT NULL ORDER BY due_at, seq",
        )
        .bind(destination.get())
        .fetch_all(self.read()?)
        .await?;
        rows.iter().map(super::refused_event::read_refused).collect()
    }

    /// How many times each event was tried whose failed attempts are kept.
    pub(crate) async fn read_tries(&self, destination: DestinationId) -> Result<HashMap<Seq, u32>, StoreError> {
        let rows: Vec<(i64, u32)> =
            sqlx::query_as("SELECT seq, max(number) FROM attempts WHERE destination_id = ? GROUP BY seq")
                .bind(destination.get())
                .fetch_all(self.read()?)
                .await?;
        Ok(rows.into_iter().map(|(seq, number)| (Seq::new(seq), number)).collect())
    }

    /// Changes refused events of a list and stores the instance event that `instance_event` makes of their positions, in one
    /// transaction. Returns how many there were; nothing is stored if there were none.
    pub(crate) async fn change_refused(
        &self,
        destination: DestinationId,
        list: RefusedList,
        change: StoredRefusedChange,
        choice: &RefusedChoice,
        instance_event: impl FnOnce(&[Seq]) -> Recorded,
    ) -> Result<u64, StoreError> {
        let Some(statements) = statements(list, change) else {
            return Ok(0);
        };
        let [all, chosen] = statements;
        let mut query = match choice {
            RefusedChoice::All => sqlx::query_scalar::<_, i64>(all)
                .bind(destination.get())
                .bind(None::<String>),
            RefusedChoice::At(seqs) => sqlx::query_scalar(chosen)
                .bind(destination.get())
                .bind(Some(json!(seqs).to_string())),
        };
        query = match change {
            StoredRefusedChange::Park => query.bind(json!(Refusal::ParkedByAdministrator).to_string()),
            StoredRefusedChange::Retry(now) => query.bind(now.unix_ms()),
            StoredRefusedChange::Discard => query,
        };
        let mut transaction = self.write().await?;
        let mut changed = query.fetch_all(&mut *transaction).await?;
        if changed.is_empty() {
            return Ok(0);
        }
        changed.sort_unstable();
        if change == StoredRefusedChange::Discard {
            note_discarded(&mut transaction, destination, &changed).await?;
        }
        let seqs: Vec<Seq> = changed.into_iter().map(Seq::new).collect();
        insert_instance_event(&mut transaction, &instance_event(&seqs)).await?;
        transaction.commit().await?;
        Ok(u64::try_from(seqs.len()).unwrap_or(u64::MAX))
    }

    /// Failed attempts of a destination, the newest first.
    pub(crate) async fn list_attempts(
        &self,
        destination: DestinationId,
        limit: u32,
    ) -> Result<Vec<Attempt>, StoreError> {
        let rows = sqlx::query("SELECT * FROM attempts WHERE destination_id = ? ORDER BY id DESC LIMIT ?")
            .bind(destination.get())
            .bind(limit)
            .fetch_all(self.read()?)
            .await?;
        let attempts = rows.iter().map(|row| Attempt {
            seq: Seq::new(row.get("seq")),
            events: row.get("events"),
            number: row.get("number"),
            started_at: Timestamp::from_unix_ms(row.get("started_at")),
            duration_ms: row.get("duration_ms"),
            status: row.get("status"),
            reason: row.get("reason"),
            response: row.get("response"),
        });
        Ok(attempts.collect())
    }
}

/// `None` if the change changes nothing.
const fn statements(list: RefusedList, change: StoredRefusedChange) -> Option<[&'static str; 2]> {
    match (list, change) {
        (RefusedList::Retrying, StoredRefusedChange::Park) => Some(PARK),
        (RefusedList::Retrying, StoredRefusedChange::Retry(_)) => Some(RETRY_REFUSED),
        (RefusedList::Retrying, StoredRefusedChange::Discard) => Some(DISCARD_REFUSED),
        (RefusedList::Parked, StoredRefusedChange::Park) => None,
        (RefusedList::Parked, StoredRefusedChange::Retry(_)) => Some(RETRY_PARKED),
        (RefusedList::Parked, StoredRefusedChange::Discard) => Some(DISCARD_PARKED),
    }
}

async fn note_discarded(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    seqs: &[i64],
) -> Result<(), StoreError> {
    sqlx::query(NOTE_DISCARDED)
        .bind(destination.get())
        .bind(json!(seqs).to_string())
        .execute(&mut **transaction)
        .await?;
    sqlx::query(FORGET_DISCARDED)
        .bind(destination.get())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// False if the event is no longer retried: an administrator has parked or discarded it meanwhile, and that stays so.
async fn store_refused(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    refused: &RefusedEvent,
) -> Result<bool, StoreError> {
    let sql = match refused.is_first {
        true => {
            "INSERT INTO refused_events (destination_id, seq, tries, reason, response, refusal, refused_at, due_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (destination_id, seq) DO UPDATE SET \
             tries = excluded.tries, reason = excluded.reason, response = excluded.response, refusal = excluded.refusal, \
             refused_at = excluded.refused_at, due_at = excluded.due_at"
        }
        false => {
            "UPDATE refused_events SET tries = ?3, reason = ?4, response = ?5, refusal = ?6, refused_at = ?7, due_at = ?8 \
             WHERE destination_id = ?1 AND seq = ?2 AND due_at IS NOT NULL"
        }
    };
    let stored = sqlx::query(sql)
        .bind(destination.get())
        .bind(refused.seq.get())
        .bind(refused.tries)
        .bind(&refused.reason)
        .bind(&refused.response)
        .bind(json!(refused.refusal).to_string())
        .bind(refused.refused_at.unix_ms())
        .bind(refused.due_at.map(Timestamp::unix_ms))
        .execute(&mut **transaction)
        .await?;
    Ok(stored.rows_affected() > 0)
}

async fn insert_attempts(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    attempts: &[Attempt],
) -> Result<(), StoreError> {
    for attempt in attempts {
        sqlx::query(
            "INSERT INTO attempts (destination_id, seq, events, number, started_at, duration_ms, status, reason, response) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(destination.get())
        .bind(attempt.seq.get())
        .bind(attempt.events)
        .bind(attempt.number)
        .bind(attempt.started_at.unix_ms())
        .bind(attempt.duration_ms)
        .bind(attempt.status)
        .bind(&attempt.reason)
        .bind(&attempt.response)
        .execute(&mut **transaction)
        .await?;
    }
    if !attempts.is_empty() {
        sqlx::query(
            "DELETE FROM attempts WHERE destination_id = ?1 AND id <= (SELECT id FROM attempts \
             WHERE destination_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )
        .bind(destination.get())
        .bind(KEPT_ATTEMPTS)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;

    #[tokio::test]
    async fn ranges_that_cannot_be_read_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::for_tests();
        let database = Database::open(&folder.path().join("audit-streams.db"), vault)
            .await
            .unwrap();
        let mut transaction = database.write().await.unwrap();
        let sql = "INSERT INTO destinations (id, kind, name, identity_digest, created_at, updated_at) VALUES (1, 'http', 'SIEM', 'a', 0, 0); \
                   INSERT INTO cursors (destination_id, acknowledged_seq, acknowledged_above) VALUES (1, 5, '7-9,12-12')";
        sqlx::raw_sql(sql).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(database.furthest_cursor().await.unwrap(), Some(Seq::new(12)));
        let mut transaction = database.write().await.unwrap();
        let sql = "UPDATE cursors SET acknowledged_above = '7-9,12'";
        sqlx::raw_sql(sql).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let furthest = database.furthest_cursor().await;
        assert!(
            matches!(furthest, Err(StoreError::Unreadable { id: 1, .. })),
            "{furthest:?}"
        );
    }
}
