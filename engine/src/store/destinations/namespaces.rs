//! The groups and projects that destinations are limited to, as stored.

use std::collections::HashMap;

use domain::{
    destination::{NamespaceFilter, NamespacePath},
    ids::{DestinationId, NamespaceId},
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::super::StoreError;

/// One group or project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Id of the entry.
    pub id: NamespaceId,
    /// Full path of the group or project.
    pub path: NamespacePath,
}

/// Those of every destination that has some, by path.
pub(super) async fn read_namespaces(
    connection: &mut SqliteConnection,
) -> Result<HashMap<DestinationId, Vec<Namespace>>, StoreError> {
    let rows = sqlx::query("SELECT * FROM destination_namespaces ORDER BY destination_id, path")
        .fetch_all(connection)
        .await?;
    let mut namespaces: HashMap<_, Vec<Namespace>> = HashMap::new();
    for row in &rows {
        let id: i64 = row.get("id");
        let path = NamespacePath::parse(row.get("path")).map_err(|_| StoreError::Unreadable {
            table: "destination_namespaces",
            id,
            what: "path",
        })?;
        let destination = DestinationId::new(row.get("destination_id"));
        namespaces.entry(destination).or_default().push(Namespace {
            id: NamespaceId::new(id),
            path,
        });
    }
    Ok(namespaces)
}

/// Makes the filter what is wanted. Namespaces that were there keep their ids.
pub(super) async fn replace_namespaces(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    before: &[Namespace],
    wanted: &NamespaceFilter,
) -> Result<Vec<Namespace>, StoreError> {
    for gone in before
        .iter()
        .filter(|known| !wanted.iter().any(|path| *path == known.path))
    {
        sqlx::query("DELETE FROM destination_namespaces WHERE id = ?")
            .bind(gone.id.get())
            .execute(&mut **transaction)
            .await?;
    }
    let mut stored = Vec::new();
    for path in wanted.iter() {
        if let Some(known) = before.iter().find(|known| known.path == *path) {
            stored.push(known.clone());
            continue;
        }
        let inserted = sqlx::query("INSERT INTO destination_namespaces (destination_id, path) VALUES (?, ?)")
            .bind(destination.get())
            .bind(path.as_str())
            .execute(&mut **transaction)
            .await?;
        stored.push(Namespace {
            id: NamespaceId::new(inserted.last_insert_rowid()),
            path: path.clone(),
        });
    }
    Ok(stored)
}
