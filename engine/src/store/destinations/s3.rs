//! What belongs to an AWS S3 destination, as stored.

use std::collections::HashMap;

use domain::{
    destination::{DestinationUrl, ObjectLayout, S3Draft, S3Settings, SecretAccessKey},
    ids::DestinationId,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

use super::{
    super::{Database, StoreError},
    S3Target, Target, UpdateError, place, taken, unreadable,
};

const SECRET_ACCESS_KEY: &str = "secret_access_key";

impl Database {
    pub(super) async fn read_s3_targets(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<HashMap<DestinationId, Target>, StoreError> {
        let rows = sqlx::query("SELECT * FROM s3_targets").fetch_all(connection).await?;
        let targets = rows.iter().map(|row| {
            let id = DestinationId::new(row.get("destination_id"));
            Ok((id, Target::AmazonS3(self.read_s3_target(id, row)?)))
        });
        targets.collect()
    }

    pub(super) async fn store_s3_target(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: DestinationId,
        target: &S3Target,
    ) -> Result<(), UpdateError> {
        let settings = &target.settings;
        let secret = self
            .vault
            .seal(place(id, SECRET_ACCESS_KEY), target.secret_access_key.expose());
        sqlx::query(
            "INSERT INTO s3_targets (destination_id, endpoint_url, region, bucket, key_prefix, object_layout, \
             access_key_id, secret_access_key_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (destination_id) DO UPDATE SET endpoint_url = excluded.endpoint_url, \
             region = excluded.region, bucket = excluded.bucket, key_prefix = excluded.key_prefix, \
             object_layout = excluded.object_layout, access_key_id = excluded.access_key_id, \
             secret_access_key_sealed = excluded.secret_access_key_sealed",
        )
        .bind(id.get())
        .bind(settings.endpoint_url().map_or("", DestinationUrl::as_str))
        .bind(settings.region())
        .bind(settings.bucket())
        .bind(settings.key_prefix())
        .bind(settings.layout().as_str())
        .bind(settings.access_key_id())
        .bind(secret.map_err(StoreError::from)?)
        .execute(&mut **transaction)
        .await
        .map_err(taken)?;
        Ok(())
    }

    fn read_s3_target(&self, id: DestinationId, row: &SqliteRow) -> Result<S3Target, StoreError> {
        let unreadable = |what| unreadable(id.get(), what);
        let secret = self
            .vault
            .open(place(id, SECRET_ACCESS_KEY), row.get("secret_access_key_sealed"))?;
        let draft = S3Draft {
            access_key_id: row.get("access_key_id"),
            secret_access_key: None,
            region: row.get("region"),
            bucket: row.get("bucket"),
            endpoint_url: row.get("endpoint_url"),
            key_prefix: row.get("key_prefix"),
            layout: ObjectLayout::parse(row.get("object_layout")).ok_or_else(|| unreadable("object layout"))?,
        };
        Ok(S3Target {
            settings: S3Settings::parse(&draft).map_err(|_| unreadable("S3 settings"))?,
            secret_access_key: SecretAccessKey::parse(&secret).map_err(|_| unreadable("secret access key"))?,
        })
    }
}
