//! Which instance the store belongs to, and how far its log was.

use std::path::Path;

use domain::ids::Seq;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use sqlx::Row;

use super::{Database, StoreError};
use crate::{instance_events::Recorded, lineage::Lineage, log::close_whole, pairing::StoreSide};

impl Database {
    /// What the store says about itself and its log.
    pub(crate) async fn pairing(&self) -> Result<StoreSide, StoreError> {
        let row = sqlx::query(
            "SELECT id, generation, max(log_reached, coalesce((SELECT max(last_seq) FROM log_minutes), 0)) AS log_reached \
             FROM instance",
        )
        .fetch_one(self.read()?)
        .await?;
        let reached: Option<i64> = row.get("log_reached");
        let furthest = self.furthest_cursor().await?.unwrap_or(Seq::START);
        Ok(StoreSide {
            instance: row.get("id"),
            generation: row.get("generation"),
            log_reached: reached.map(|reached| furthest.max(Seq::new(reached))),
            noted_reached: None,
        })
    }

    /// How many instance events were ever stored.
    pub(crate) async fn changes(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar("SELECT changes FROM instance")
            .fetch_one(self.read()?)
            .await?)
    }

    /// Stores that the log carries the instance's id and has reached a position, and at the first start, which key secrets are
    /// encrypted with. Returns the generation that begins with it.
    pub(crate) async fn pair(&self, log_reached: Seq) -> Result<i64, StoreError> {
        let mut transaction = self.write().await?;
        let generation = sqlx::query_scalar(
            "UPDATE instance SET generation = generation + 1, log_reached = max(coalesce(log_reached, 0), ?), \
             key_id = coalesce(key_id, ?) RETURNING generation",
        )
        .bind(log_reached.get())
        .bind(self.vault.id().to_string())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(generation)
    }

    /// The lineage of the log if it was restored from a backup.
    pub(crate) async fn restored_lineage(&self) -> Result<Option<Lineage>, StoreError> {
        let id = sqlx::query_scalar::<_, String>("SELECT id FROM instance WHERE restored_from IS NOT NULL");
        let id = id.fetch_optional(self.read()?).await?;
        Ok(id.as_deref().map(Lineage::of_instance))
    }
}

/// Makes a store that was copied from a backup another instance: with a new id, which is returned, without sessions, and with the
/// instance event about it. The file must not be open elsewhere; the change is on disk when this returns.
pub(crate) fn begin_anew(path: &Path, instance_event: &Recorded) -> rusqlite::Result<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = transaction.query_row(
        "UPDATE instance SET restored_from = id, id = lower(hex(randomblob(16))), changes = changes + 1 RETURNING id",
        [],
        |row| row.get(0),
    )?;
    transaction.execute("DELETE FROM sessions", [])?;
    let Recorded(event) = instance_event;
    transaction.execute(
        "INSERT INTO instance_events (id, event, created_at) VALUES (?, ?, ?)",
        params![event.id.as_str(), &*event.body, event.created_at.unix_ms()],
    )?;
    transaction.commit()?;
    close_whole(connection)?;
    Ok(id)
}
