//! What belongs to a Google Cloud Logging destination, as stored.

use std::collections::HashMap;

use domain::{
    destination::{GoogleSettings, PrivateKey},
    ids::DestinationId,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

use super::{
    super::{Database, StoreError},
    GoogleTarget, Target, UpdateError, place, taken, unreadable,
};

const PRIVATE_KEY: &str = "private_key";

impl Database {
    pub(super) async fn read_google_targets(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<HashMap<DestinationId, Target>, StoreError> {
        let rows = sqlx::query("SELECT * FROM google_targets")
            .fetch_all(connection)
            .await?;
        let targets = rows.iter().map(|row| {
            let id = DestinationId::new(row.get("destination_id"));
            Ok((id, Target::GoogleCloudLogging(self.read_google_target(id, row)?)))
        });
        targets.collect()
    }

    pub(super) async fn store_google_target(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: DestinationId,
        target: &GoogleTarget,
    ) -> Result<(), UpdateError> {
        let key = self.vault.seal(place(id, PRIVATE_KEY), target.private_key.expose());
        sqlx::query(
            "INSERT INTO google_targets (destination_id, project_id, log_id, client_email, private_key_sealed) \
             VALUES (?, ?, ?, ?, ?) ON CONFLICT (destination_id) DO UPDATE SET project_id = excluded.project_id, \
             log_id = excluded.log_id, client_email = excluded.client_email, \
             private_key_sealed = excluded.private_key_sealed",
        )
        .bind(id.get())
        .bind(target.settings.project_id())
        .bind(target.settings.log_id())
        .bind(target.settings.client_email())
        .bind(key.map_err(StoreError::from)?)
        .execute(&mut **transaction)
        .await
        .map_err(taken)?;
        Ok(())
    }

    fn read_google_target(&self, id: DestinationId, row: &SqliteRow) -> Result<GoogleTarget, StoreError> {
        let unreadable = |what| unreadable(id.get(), what);
        let key = self.vault.open(place(id, PRIVATE_KEY), row.get("private_key_sealed"))?;
        let settings = GoogleSettings::parse(row.get("project_id"), row.get("client_email"), row.get("log_id"));
        Ok(GoogleTarget {
            settings: settings.map_err(|_| unreadable("Google settings"))?,
            private_key: PrivateKey::parse(&key).map_err(|_| unreadable("private key"))?,
        })
    }
}
