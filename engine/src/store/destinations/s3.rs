//! What belongs to an AWS S3 destination, as stored.

use std::collections::HashMap;

use domain::{
    destination::{DestinationUrl, Encryption, ObjectLayout, S3Draft, S3Settings, SecretAccessKey},
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
        let options = settings.options();
        let encryption = options.encryption.as_ref();
        let secret = self
            .vault
            .seal(place(id, SECRET_ACCESS_KEY), target.secret_access_key.expose());
        sqlx::query(
            "INSERT INTO s3_targets (destination_id, endpoint_url, region, bucket, key_prefix, object_layout, \
             access_key_id, secret_access_key_sealed, partitions, omit_checksums, encryption, kms_key_id, lock_mode, \
             lock_days) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (destination_id) DO UPDATE SET endpoint_url = excluded.endpoint_url, \
             region = excluded.region, bucket = excluded.bucket, key_prefix = excluded.key_prefix, \
             object_layout = excluded.object_layout, access_key_id = excluded.access_key_id, \
             secret_access_key_sealed = excluded.secret_access_key_sealed, partitions = excluded.partitions, \
             omit_checksums = excluded.omit_checksums, encryption = excluded.encryption, \
             kms_key_id = excluded.kms_key_id, lock_mode = excluded.lock_mode, lock_days = excluded.lock_days",
        )
        .bind(id.get())
        .bind(settings.endpoint_url().map_or("", DestinationUrl::as_str))
        .bind(settings.region())
        .bind(settings.bucket())
        .bind(settings.key_prefix())
        .bind(settings.layout().as_str())
        .bind(settings.access_key_id())
        .bind(secret.map_err(StoreError::from)?)
        .bind(options.partitions.as_str())
        .bind(options.omit_checksums)
        .bind(encryption.map_or("", Encryption::as_str))
        .bind(encryption.and_then(Encryption::kms_key_id).unwrap_or_default())
        .bind(options.lock.map_or("", |lock| lock.mode.as_str()))
        .bind(options.lock.map(|lock| lock.days))
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
            partitions: row.get("partitions"),
            omit_checksums: row.get("omit_checksums"),
            encryption: row.get("encryption"),
            kms_key_id: row.get("kms_key_id"),
            lock_mode: row.get("lock_mode"),
            lock_days: row
                .get::<Option<u32>, _>("lock_days")
                .map_or_else(String::new, |days| days.to_string()),
        };
        Ok(S3Target {
            settings: S3Settings::parse(&draft).map_err(|_| unreadable("S3 settings"))?,
            secret_access_key: SecretAccessKey::parse(&secret).map_err(|_| unreadable("secret access key"))?,
        })
    }
}
