//! Event filters as stored: one row for each admitted type.

use std::collections::HashMap;

use domain::{destination::EventFilter, event::EventType, ids::DestinationId};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::super::StoreError;

/// The filter of every destination that has one.
pub(super) async fn read_filters(
    connection: &mut SqliteConnection,
) -> Result<HashMap<DestinationId, EventFilter>, StoreError> {
    let rows = sqlx::query("SELECT destination_id, event_type FROM destination_event_types")
        .fetch_all(connection)
        .await?;
    let mut types: HashMap<_, Vec<EventType>> = HashMap::new();
    for row in &rows {
        let id: i64 = row.get("destination_id");
        let event_type = EventType::parse(row.get("event_type")).ok_or(StoreError::Unreadable {
            table: "destination_event_types",
            id,
            what: "event type",
        })?;
        types.entry(DestinationId::new(id)).or_default().push(event_type);
    }
    let filters = types.into_iter().map(|(id, types)| (id, types.into_iter().collect()));
    Ok(filters.collect())
}

pub(super) async fn replace_filter(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    filter: &EventFilter,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM destination_event_types WHERE destination_id = ?")
        .bind(destination.get())
        .execute(&mut **transaction)
        .await?;
    for event_type in filter.iter() {
        sqlx::query("INSERT INTO destination_event_types (destination_id, event_type) VALUES (?, ?)")
            .bind(destination.get())
            .bind(event_type.as_str())
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}
