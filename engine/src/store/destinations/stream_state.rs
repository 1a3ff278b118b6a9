//! The switches of a stream as stored, and what came in while it was inactive.

use std::collections::HashMap;

use domain::{
    Timestamp,
    destination::StreamState,
    ids::{DestinationId, Seq},
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::super::{Database, StoreError};

/// Spans of a destination that are kept.
const KEPT_SPANS: i64 = 1_000;

/// Sets the switches. `before` is `None` for a new destination; `position` returns that of the newest event.
pub(super) async fn store_stream_state(
    transaction: &mut Transaction<'static, Sqlite>,
    id: DestinationId,
    before: Option<StreamState>,
    wanted: StreamState,
    position: impl FnOnce() -> Seq,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE destinations SET active = ?, paused = ? WHERE id = ?")
        .bind(wanted.active)
        .bind(wanted.paused)
        .bind(id.get())
        .execute(&mut **transaction)
        .await?;
    match (before.unwrap_or_default().active, wanted.active) {
        (true, false) => open_span(transaction, id, position().next(), now).await,
        (false, true) => close_span(transaction, id, position()).await,
        (true, true) | (false, false) => Ok(()),
    }
}

async fn open_span(
    transaction: &mut Transaction<'static, Sqlite>,
    id: DestinationId,
    first: Seq,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO inactive_spans (destination_id, first_seq, since) VALUES (?, ?, ?)")
        .bind(id.get())
        .bind(first.get())
        .bind(now.unix_ms())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// A span in which nothing came in is forgotten at once.
async fn close_span(
    transaction: &mut Transaction<'static, Sqlite>,
    id: DestinationId,
    last: Seq,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM inactive_spans WHERE destination_id = ? AND last_seq IS NULL AND first_seq > ?")
        .bind(id.get())
        .bind(last.get())
        .execute(&mut **transaction)
        .await?;
    sqlx::query("UPDATE inactive_spans SET last_seq = ? WHERE destination_id = ? AND last_seq IS NULL")
        .bind(last.get())
        .bind(id.get())
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "DELETE FROM inactive_spans WHERE destination_id = ?1 AND first_seq <= (SELECT first_seq FROM inactive_spans \
         WHERE destination_id = ?1 ORDER BY first_seq DESC LIMIT 1 OFFSET ?2)",
    )
    .bind(id.get())
    .bind(KEPT_SPANS)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

impl Database {
    /// Of each destination that is inactive: the first position that is not sent, and since when it is inactive.
    pub(crate) async fn read_open_spans(&self) -> Result<HashMap<DestinationId, (Seq, Timestamp)>, StoreError> {
        let rows = sqlx::query("SELECT destination_id, first_seq, since FROM inactive_spans WHERE last_seq IS NULL")
            .fetch_all(self.read()?)
            .await?;
        let spans = rows.iter().map(|row| {
            let span = (Seq::new(row.get(1)), Timestamp::from_unix_ms(row.get(2)));
            (DestinationId::new(row.get(0)), span)
        });
        Ok(spans.collect())
    }
}

/// What has come in while the destination was inactive, as far as that is over and lies above the cursor. In order.
pub(in crate::store) async fn read_spans(
    connection: &mut SqliteConnection,
    id: DestinationId,
) -> Result<Vec<(Seq, Seq)>, StoreError> {
    let rows = sqlx::query(
        "SELECT first_seq, last_seq FROM inactive_spans WHERE destination_id = ?1 \
         AND last_seq > (SELECT acknowledged_seq FROM cursors WHERE destination_id = ?1) ORDER BY first_seq",
    )
    .bind(id.get())
    .fetch_all(connection)
    .await?;
    let spans = rows.iter().map(|row| (Seq::new(row.get(0)), Seq::new(row.get(1))));
    Ok(spans.collect())
}
