//! Which instance the store belongs to, and how far its log was.

use domain::ids::Seq;
use sqlx::Row;

use super::{Database, StoreError};
use crate::pairing::StoreSide;

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
}
