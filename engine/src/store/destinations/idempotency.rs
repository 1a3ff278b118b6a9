//! Which requests to add a destination are repeats of one that was answered before.

use std::time::Duration;

use domain::{Timestamp, ids::DestinationId};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::{
    super::{Database, StoreError},
    UpdateError,
};

/// How long a key is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// How a repeated request is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is: those of two clients have nothing to do with each other.
    pub owner: String,
    /// What the client sent as `Idempotency-Key`.
    pub key: String,
    /// Hash of the request: a key is good for one.
    pub fingerprint: [u8; 32],
}

impl Database {
    /// The destination that was made under this key; none if the key is new.
    ///
    /// # Errors
    /// [`UpdateError::KeyReused`] if another request was sent under it.
    pub(crate) async fn find_repeated(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<DestinationId>, UpdateError> {
        let mut connection = self.read()?.acquire().await.map_err(StoreError::from)?;
        find_repeated(&mut connection, key, now).await
    }
}

/// The same, within a transaction.
pub(super) async fn find_repeated(
    connection: &mut SqliteConnection,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<DestinationId>, UpdateError> {
    let row = sqlx::query(
        "SELECT fingerprint, destination_id FROM idempotency_keys WHERE owner = ? AND key = ? AND created_at > ?",
    )
    .bind(&key.owner)
    .bind(&key.key)
    .bind(now.minus(REMEMBERED).unix_ms())
    .fetch_optional(connection)
    .await
    .map_err(StoreError::from)?;
    match row {
        Some(row) if row.get::<&[u8], _>(0) == key.fingerprint => Ok(Some(DestinationId::new(row.get(1)))),
        Some(_) => Err(UpdateError::KeyReused),
        None => Ok(None),
    }
}

pub(super) async fn remember(
    transaction: &mut Transaction<'static, Sqlite>,
    key: &IdempotencyKey,
    made: DestinationId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM idempotency_keys WHERE created_at <= ?")
        .bind(now.minus(REMEMBERED).unix_ms())
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "INSERT INTO idempotency_keys (owner, key, fingerprint, destination_id, created_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&key.owner)
    .bind(&key.key)
    .bind(key.fingerprint.as_slice())
    .bind(made.get())
    .bind(now.unix_ms())
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
