//! Which instance the store belongs to, and how far its log was.

use domain::ids::Seq;
use sqlx::Row;

use super::{Database, StoreError};
use crate::pairing::StoreSide;

impl Database {
    /// What the store says about itself and its log.
    pub(crate) async fn pairing(&self) -> Result<StoreSide, StoreError> {
        let row = sqlx::query(
            "SELECT id, is_paired, generation, \
             CASE WHEN log_reached IS NOT NULL OR EXISTS (SELECT 1 FROM log_minutes) \
             THEN max(coalesce(log_reached, 0), coalesce((SELECT max(last_seq) FROM log_minutes), 0)) END AS log_reached \
             FROM instance",
        )
        .fetch_one(self.read())
        .await?;
        let reached: Option<i64> = row.get("log_reached");
        let reached = reached.map(Seq::new);
        Ok(StoreSide {
            instance: row.get("id"),
            is_paired: row.get("is_paired"),
            generation: row.get("generation"),
            log_reached: reached.max(self.furthest_cursor().await?),
        })
    }

    /// Notes that the log carries the instance's id and has reached a position. Returns the generation that begins with it.
    pub(crate) async fn pair(&self, log_reached: Seq) -> Result<i64, StoreError> {
        let mut transaction = self.write().await?;
        let generation = sqlx::query_scalar(
            "UPDATE instance SET is_paired = 1, generation = generation + 1, \
             log_reached = max(coalesce(log_reached, 0), ?) RETURNING generation",
        )
        .bind(log_reached.get())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(generation)
    }
}
