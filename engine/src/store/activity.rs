//! What each stream has done by the minute, and how the log grew.

use std::collections::HashMap;

use domain::{
    activity::{Counts, LatencyHistogram, Minute},
    ids::{DestinationId, Seq},
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

use super::{Database, StoreError};

/// What a stream did in one minute, without how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MinuteTotals {
    pub minute: Minute,
    /// Events that were accepted.
    pub delivered: u64,
    /// Requests that failed.
    pub failed: u64,
}

impl Database {
    /// What a stream did in each minute from this one on in which it did something, the oldest first.
    pub(crate) async fn read_minutes(
        &self,
        destination: DestinationId,
        from: Minute,
    ) -> Result<Vec<(Minute, Counts)>, StoreError> {
        let rows = sqlx::query(
            "SELECT minute, delivered, failed, latency FROM delivery_minutes WHERE destination_id = ? AND minute >= ? \
             ORDER BY minute",
        )
        .bind(destination.get())
        .bind(from.number())
        .fetch_all(self.read()?)
        .await?;
        let minutes = rows
            .iter()
            .map(|row| Ok((Minute::new(row.get("minute")), read_counts(destination, row)?)));
        minutes.collect()
    }

    /// The same for every stream, without how long requests took.
    pub(crate) async fn read_totals(
        &self,
        from: Minute,
    ) -> Result<HashMap<DestinationId, Vec<MinuteTotals>>, StoreError> {
        let rows = sqlx::query(
            "SELECT destination_id, minute, delivered, failed FROM delivery_minutes WHERE minute >= ? ORDER BY minute",
        )
        .bind(from.number())
        .fetch_all(self.read()?)
        .await?;
        let mut totals = HashMap::<_, Vec<_>>::new();
        for row in &rows {
            let minutes = totals.entry(DestinationId::new(row.get("destination_id"))).or_default();
            minutes.push(MinuteTotals {
                minute: Minute::new(row.get("minute")),
                delivered: count(row, "delivered"),
                failed: count(row, "failed"),
            });
        }
        Ok(totals)
    }

    /// Forgets what was counted before this minute, but not how far the log was when it began.
    pub(crate) async fn forget_minutes(&self, before: Minute) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM delivery_minutes WHERE minute < ?")
            .bind(before.number())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM log_minutes WHERE minute < (SELECT max(minute) FROM log_minutes WHERE minute < ?)")
            .bind(before.number())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes how far the log was in this minute, unless that is known.
    pub(crate) async fn begin_log_positions(&self, minute: Minute, last: Seq) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("INSERT INTO log_minutes (minute, last_seq) VALUES (?, ?) ON CONFLICT (minute) DO NOTHING")
            .bind(minute.number())
            .bind(last.get())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes how far the log is in this minute.
    pub(crate) async fn note_log_position(&self, minute: Minute, last: Seq) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO log_minutes (minute, last_seq) VALUES (?, ?) \
             ON CONFLICT (minute) DO UPDATE SET last_seq = excluded.last_seq",
        )
        .bind(minute.number())
        .bind(last.get())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// How far the log was at the end of each minute from this one on in which it grew, the oldest first; before them, how far
    /// it was when they began, if that is known.
    pub(crate) async fn read_log_positions(&self, from: Minute) -> Result<Vec<(Minute, Seq)>, StoreError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT minute, last_seq FROM log_minutes WHERE minute >= \
             coalesce((SELECT max(minute) FROM log_minutes WHERE minute < ?1), ?1) ORDER BY minute",
        )
        .bind(from.number())
        .fetch_all(self.read()?)
        .await?;
        let positions = rows.into_iter();
        Ok(positions
            .map(|(minute, last)| (Minute::new(minute), Seq::new(last)))
            .collect())
    }
}

/// Adds to what is counted already.
pub(super) async fn add_minutes(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    minutes: &[(Minute, Counts)],
) -> Result<(), StoreError> {
    for (minute, counts) in minutes {
        let mut sum = read_one(&mut *transaction, destination, *minute).await?;
        sum.add(counts);
        sqlx::query(
            "INSERT OR REPLACE INTO delivery_minutes (destination_id, minute, delivered, failed, latency) \
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(destination.get())
        .bind(minute.number())
        .bind(i64::try_from(sum.delivered).unwrap_or(i64::MAX))
        .bind(i64::try_from(sum.failed).unwrap_or(i64::MAX))
        .bind(sum.latency.to_bytes())
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}

async fn read_one(
    connection: &mut SqliteConnection,
    destination: DestinationId,
    minute: Minute,
) -> Result<Counts, StoreError> {
    let row =
        sqlx::query("SELECT delivered, failed, latency FROM delivery_minutes WHERE destination_id = ? AND minute = ?")
            .bind(destination.get())
            .bind(minute.number())
            .fetch_optional(connection)
            .await?;
    row.map_or_else(|| Ok(Counts::default()), |row| read_counts(destination, &row))
}

fn read_counts(destination: DestinationId, row: &SqliteRow) -> Result<Counts, StoreError> {
    let latency = LatencyHistogram::from_bytes(row.get("latency")).ok_or(StoreError::Unreadable {
        table: "delivery_minutes",
        id: destination.get(),
        what: "latency",
    })?;
    Ok(Counts {
        delivered: count(row, "delivered"),
        failed: count(row, "failed"),
        latency,
    })
}

fn count(row: &SqliteRow, column: &str) -> u64 {
    u64::try_from(row.get::<i64, _>(column)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Vault;

    #[tokio::test]
    async fn after_idle_days_it_is_still_known_how_far_the_log_was() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::for_tests();
        let database = Database::open(&folder.path().join("audit-streams.db"), vault)
            .await
            .unwrap();
        for (minute, last) in [(1, 10), (2, 20), (3, 30)] {
            database
                .note_log_position(Minute::new(minute), Seq::new(last))
                .await
                .unwrap();
        }
        database.forget_minutes(Minute::new(100)).await.unwrap();
        let base = (Minute::new(3), Seq::new(30));
        assert_eq!(database.read_log_positions(Minute::new(0)).await.unwrap(), [base]);
        database
            .note_log_position(Minute::new(200), Seq::new(40))
            .await
            .unwrap();
        database.forget_minutes(Minute::new(150)).await.unwrap();
        let since = database.read_log_positions(Minute::new(150)).await.unwrap();
        assert_eq!(since, [base, (Minute::new(200), Seq::new(40))]);
    }
}
