//! Secrets that a rotation replaced, and that stay valid for a while.

use std::{collections::HashMap, fmt};

use domain::{Field, Timestamp, destination::DestinationKind, ids::DestinationId};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::{
    super::{Database, StoreError},
    error::unreadable,
};
use crate::vault::Place;

/// The secret that a rotation replaced.
#[derive(Clone, PartialEq, Eq)]
pub struct PreviousSecret {
    /// Which secret.
    pub field: Field,
    /// The secret itself, decrypted.
    pub value: String,
    /// From then on it is not used.
    pub ends_at: Timestamp,
}

impl PreviousSecret {
    /// Whether it is still used.
    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        now < self.ends_at
    }
}

impl fmt::Debug for PreviousSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PreviousSecret")
            .field("field", &self.field)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

/// A previous secret under the name of its field in the APIs.
pub(super) struct StoredPrevious {
    name: String,
    sealed: Vec<u8>,
    ends_at: Timestamp,
}

/// Those of every destination.
pub(super) async fn read_previous(
    connection: &mut SqliteConnection,
) -> Result<HashMap<DestinationId, Vec<StoredPrevious>>, StoreError> {
    let rows = sqlx::query("SELECT * FROM previous_secrets")
        .fetch_all(connection)
        .await?;
    let mut previous: HashMap<_, Vec<StoredPrevious>> = HashMap::new();
    for row in &rows {
        let id = DestinationId::new(row.get("destination_id"));
        previous.entry(id).or_default().push(StoredPrevious {
            name: row.get("field"),
            sealed: row.get("value_sealed"),
            ends_at: Timestamp::from_unix_ms(row.get("ends_at")),
        });
    }
    Ok(previous)
}

impl Database {
    pub(super) fn open_previous(
        &self,
        id: DestinationId,
        kind: DestinationKind,
        stored: Vec<StoredPrevious>,
    ) -> Result<Vec<PreviousSecret>, StoreError> {
        let opened = stored.into_iter().map(|stored| {
            let mut secrets = kind.spec().secrets().map(|(spec, _)| spec);
            let spec = secrets.find(|spec| spec.api_key == stored.name);
            let spec = spec.ok_or_else(|| unreadable(id.get(), "a previous secret that its kind does not have"))?;
            Ok(PreviousSecret {
                field: spec.field,
                value: self.vault.open(place(id, spec.api_key), &stored.sealed)?,
                ends_at: stored.ends_at,
            })
        });
        opened.collect()
    }

    pub(super) async fn replace_previous(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        id: DestinationId,
        kind: DestinationKind,
        previous: &[PreviousSecret],
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM previous_secrets WHERE destination_id = ?")
            .bind(id.get())
            .execute(&mut **transaction)
            .await?;
        for previous in previous {
            let Some(spec) = kind.spec().field(previous.field) else {
                continue;
            };
            sqlx::query(
                "INSERT INTO previous_secrets (destination_id, field, value_sealed, ends_at) VALUES (?, ?, ?, ?)",
            )
            .bind(id.get())
            .bind(spec.api_key)
            .bind(self.vault.seal(place(id, spec.api_key), &previous.value)?)
            .bind(previous.ends_at.unix_ms())
            .execute(&mut **transaction)
            .await?;
        }
        Ok(())
    }

    /// Deletes previous secrets that are not used any more, and returns whether there were any. Their destinations get a new version, so
    /// that streams forget them, too: they do not come back if the clock is set back.
    pub(crate) async fn delete_ended_secrets(&self, now: Timestamp) -> Result<bool, StoreError> {
        // Asked first: there rarely is one, and a write takes the lock.
        let is_any: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM previous_secrets WHERE ends_at <= ?)")
            .bind(now.unix_ms())
            .fetch_one(self.read()?)
            .await?;
        if !is_any {
            return Ok(false);
        }
        let mut transaction = self.write().await?;
        sqlx::query(
            "UPDATE destinations SET version = version + 1 \
             WHERE id IN (SELECT destination_id FROM previous_secrets WHERE ends_at <= ?)",
        )
        .bind(now.unix_ms())
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM previous_secrets WHERE ends_at <= ?")
            .bind(now.unix_ms())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Where the sealed previous value of a field stands.
const fn place(id: DestinationId, column: &'static str) -> Place<'static> {
    Place {
        table: "previous_secrets",
        column,
        row: id.get(),
    }
}
