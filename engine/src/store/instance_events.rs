//! Instance events between the change that they record and the log.

use domain::Timestamp;
use sqlx::{Row, Sqlite, Transaction};

use super::{Database, StoreError};
use crate::instance_events::Recorded;

/// An instance event that is not yet known to be in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PendingInstanceEvent {
    pub id: String,
    /// The JSON object that goes into the log.
    pub event: String,
    pub created_at: Timestamp,
}

/// Stores an instance event in the transaction of the change that it records.
pub(super) async fn insert_instance_event(
    transaction: &mut Transaction<'static, Sqlite>,
    instance_event: &Recorded,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO instance_events (id, event, created_at) VALUES (?, ?, ?)")
        .bind(instance_event.0.id.as_str())
        .bind(&*instance_event.0.body)
        .bind(instance_event.0.created_at.unix_ms())
        .execute(&mut **transaction)
        .await?;
    // So that a start notices that changes were lost (`note`).
    sqlx::query("UPDATE instance SET changes = changes + 1")
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Stores several, in their order.
pub(super) async fn insert_instance_events(
    transaction: &mut Transaction<'static, Sqlite>,
    instance_events: &[Recorded],
) -> Result<(), StoreError> {
    for instance_event in instance_events {
        insert_instance_event(transaction, instance_event).await?;
    }
    Ok(())
}

impl Database {
    /// Stores an instance event without a change in the store, such as a failed sign-in.
    pub(crate) async fn record(&self, instance_event: &Recorded) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        insert_instance_event(&mut transaction, instance_event).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Stores several in one transaction.
    pub(crate) async fn record_all(&self, instance_events: &[Recorded]) -> Result<(), StoreError> {
        if instance_events.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        insert_instance_events(&mut transaction, instance_events).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Oldest first, at most 500.
    pub(crate) async fn pending_instance_events(&self) -> Result<Vec<PendingInstanceEvent>, StoreError> {
        let rows = sqlx::query("SELECT id, event, created_at FROM instance_events ORDER BY created_at, id LIMIT 500")
            .fetch_all(self.read()?)
            .await?;
        let pending = rows.iter().map(|row| PendingInstanceEvent {
            id: row.get("id"),
            event: row.get("event"),
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
        });
        Ok(pending.collect())
    }

    /// Removes what is in the log now.
    pub(crate) async fn remove_instance_events(&self, logged: &[PendingInstanceEvent]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for event in logged {
            sqlx::query("DELETE FROM instance_events WHERE id = ?")
                .bind(&event.id)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
