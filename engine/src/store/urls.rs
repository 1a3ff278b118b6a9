//! Sealing what an older version stored as text.

use domain::{destination::DestinationUrl, ids::DestinationId};
use sqlx::{Row, Sqlite, Transaction};

use super::{
    Database, StoreError,
    alerts::{SealedWebhookUrl, unreadable_webhook},
    destinations::{SealedUrl, unreadable_url},
};

impl Database {
    /// Seals the URLs that an older version stored as text, and takes what is left of them out of the file. To be called when
    /// the stored secrets have been opened: with another key, nobody could read the URLs any more.
    pub(crate) async fn seal_urls(&self) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sealed =
            self.seal_destination_urls(&mut transaction).await? + self.seal_webhook_url(&mut transaction).await?;
        transaction.commit().await?;
        if sealed > 0 {
            self.rewrite().await?;
            tracing::info!(sealed, "URLs that were stored as text are encrypted now.");
        }
        Ok(())
    }

    async fn seal_destination_urls(&self, transaction: &mut Transaction<'static, Sqlite>) -> Result<usize, StoreError> {
        let rows = sqlx::query("SELECT destination_id, url_digest FROM http_targets WHERE url_sealed IS NULL")
            .fetch_all(&mut **transaction)
            .await?;
        for row in &rows {
            let id = DestinationId::new(row.get("destination_id"));
            let url = DestinationUrl::parse(row.get("url_digest")).map_err(|_| unreadable_url(id))?;
            let sealed = SealedUrl::seal(&self.vault, id, &url)?;
            sqlx::query("UPDATE http_targets SET url_digest = ?, url_sealed = ? WHERE destination_id = ?")
                .bind(sealed.digest)
                .bind(sealed.ciphertext)
                .bind(id.get())
                .execute(&mut **transaction)
                .await?;
        }
        Ok(rows.len())
    }

    async fn seal_webhook_url(&self, transaction: &mut Transaction<'static, Sqlite>) -> Result<usize, StoreError> {
        let plain: Option<String> = sqlx::query_scalar(
            "SELECT webhook_origin FROM alert_settings WHERE webhook_origin IS NOT NULL AND webhook_url_sealed IS NULL",
        )
        .fetch_optional(&mut **transaction)
        .await?;
        let Some(plain) = plain else { return Ok(0) };
        let url = DestinationUrl::parse(&plain).map_err(|_| unreadable_webhook())?;
        let sealed = SealedWebhookUrl::seal(&self.vault, &url)?;
        sqlx::query("UPDATE alert_settings SET webhook_origin = ?, webhook_url_sealed = ?")
            .bind(sealed.origin)
            .bind(sealed.ciphertext)
            .execute(&mut **transaction)
            .await?;
        Ok(1)
    }
}
