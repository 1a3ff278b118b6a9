//! Event filters as stored: one row for each event type that a filter names. The rows of a destination are all of one kind.

use std::collections::HashMap;

use domain::{
    destination::{EventFilter, FilterKind},
    event::EventType,
    ids::DestinationId,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

use super::super::StoreError;

/// The filter of every destination that has one.
pub(super) async fn read_filters(
    connection: &mut SqliteConnection,
) -> Result<HashMap<DestinationId, EventFilter>, StoreError> {
    let rows = sqlx::query("SELECT destination_id, kind, event_type FROM destination_event_types")
        .fetch_all(connection)
        .await?;
    let mut filters: HashMap<DestinationId, (FilterKind, Vec<EventType>)> = HashMap::new();
    for row in &rows {
        let (id, kind, event_type) = read_row(row)?;
        let (known_kind, types) = filters.entry(id).or_insert_with(|| (kind, Vec::new()));
        if *known_kind != kind {
            return Err(unreadable(id, "kind"));
        }
        types.push(event_type);
    }
    let filters = filters
        .into_iter()
        .map(|(id, (kind, types))| (id, EventFilter::new(kind, types)));
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
    for event_type in filter.types() {
        sqlx::query("INSERT INTO destination_event_types (destination_id, kind, event_type) VALUES (?, ?, ?)")
            .bind(destination.get())
            .bind(filter.kind().as_str())
            .bind(event_type.as_str())
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

fn read_row(row: &SqliteRow) -> Result<(DestinationId, FilterKind, EventType), StoreError> {
    let id = DestinationId::new(row.get("destination_id"));
    let kind = FilterKind::parse(row.get("kind")).ok_or_else(|| unreadable(id, "kind"))?;
    let event_type = EventType::parse(row.get("event_type")).ok_or_else(|| unreadable(id, "event type"))?;
    Ok((id, kind, event_type))
}

const fn unreadable(id: DestinationId, what: &'static str) -> StoreError {
    StoreError::Unreadable {
        table: "destination_event_types",
        id: id.get(),
        what,
    }
}
