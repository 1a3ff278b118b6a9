//! Own events between the change they tell of and the log.

use domain::Timestamp;
use sqlx::{Row, Sqlite, Transaction};

use super::{Database, StoreError};
use crate::own_events::Recorded;

/// An own event that is not yet known to be in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingOwnEvent {
    pub id: String,
    /// The JSON object that goes into the log.
    pub event: String,
    pub created_at: Timestamp,
}

/// Stores an own event in the transaction of the change it tells of.
pub(super) async fn insert_own_event(
    transaction: &mut Transaction<'static, Sqlite>,
    own_event: &Recorded,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO own_events (id, event, created_at) VALUES (?, ?, ?)")
        .bind(own_event.0.id.as_str())
        .bind(&*own_event.0.body)
        .bind(own_event.0.created_at.unix_ms())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Stores several, in their order.
pub(super) async fn insert_own_events(
    transaction: &mut Transaction<'static, Sqlite>,
    own_events: &[Recorded],
) -> Result<(), StoreError> {
    for own_event in own_events {
        insert_own_event(transaction, own_event).await?;
    }
    Ok(())
}

impl Database {
    /// Stores an own event that tells of no change in the store, such as a failed sign-in.
    pub async fn record(&self, own_event: &Recorded) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        insert_own_event(&mut transaction, own_event).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Stores several in one transaction.
    pub(crate) async fn record_all(&self, own_events: &[Recorded]) -> Result<(), StoreError> {
        if own_events.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        insert_own_events(&mut transaction, own_events).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Oldest first, at most 500.
    pub async fn pending_own_events(&self) -> Result<Vec<PendingOwnEvent>, StoreError> {
        let rows = sqlx::query("SELECT id, event, created_at FROM own_events ORDER BY created_at, id LIMIT 500")
            .fetch_all(self.read()?)
            .await?;
        let pending = rows.iter().map(|row| PendingOwnEvent {
            id: row.get("id"),
            event: row.get("event"),
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
        });
        Ok(pending.collect())
    }

    /// Removes what is in the log now.
    pub async fn remove_own_events(&self, logged: &[PendingOwnEvent]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for event in logged {
            sqlx::query("DELETE FROM own_events WHERE id = ?")
                .bind(&event.id)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
