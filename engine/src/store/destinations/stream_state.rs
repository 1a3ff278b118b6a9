//! The switches of a stream as stored, and what came in while it was inactive.

use domain::{
    destination::StreamState,
    ids::{DestinationId, Seq},
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::super::StoreError;

/// Sets the switches. `before` is `None` for a new destination; `position` returns that of the newest event.
pub(super) async fn store_stream_state(
    transaction: &mut Transaction<'static, Sqlite>,
    id: DestinationId,
    before: Option<StreamState>,
    wanted: StreamState,
    position: impl FnOnce() -> Seq,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE destinations SET active = ?, paused = ? WHERE id = ?")
        .bind(wanted.active)
        .bind(wanted.paused)
        .bind(id.get())
        .execute(&mut **transaction)
        .await?;
    match (before.unwrap_or_default().active, wanted.active) {
        (true, false) => open_span(transaction, id, position().next()).await,
        (false, true) => close_span(transaction, id, position()).await,
        (true, true) | (false, false) => Ok(()),
    }
}

async fn open_span(
    transaction: &mut Transaction<'static, Sqlite>,
    id: DestinationId,
    first: Seq,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO inactive_spans (destination_id, first_seq) VALUES (?, ?)")
        .bind(id.get())
        .bind(first.get())
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
    Ok(())
}

/// What has come in while the destination was inactive, as far as that is over. In order.
pub(in crate::store) async fn read_spans(
    connection: &mut SqliteConnection,
    id: DestinationId,
) -> Result<Vec<(Seq, Seq)>, StoreError> {
    let rows = sqlx::query(
        "SELECT first_seq, last_seq FROM inactive_spans WHERE destination_id = ? AND last_seq IS NOT NULL \
         ORDER BY first_seq",
    )
    .bind(id.get())
    .fetch_all(connection)
    .await?;
    let spans = rows.iter().map(|row| (Seq::new(row.get(0)), Seq::new(row.get(1))));
    Ok(spans.collect())
}

/// Forgets what lies behind the cursor.
pub(in crate::store) async fn forget_spans(
    transaction: &mut Transaction<'static, Sqlite>,
    id: DestinationId,
    acknowledged: Seq,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM inactive_spans WHERE destination_id = ? AND last_seq <= ?")
        .bind(id.get())
        .bind(acknowledged.get())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
