//! Custom headers as stored: values sealed, each bound to its row.

use std::collections::HashMap;

use domain::{
    destination::{HeaderName, HeaderText},
    ids::{DestinationId, HeaderId},
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, sqlite::SqliteRow};

use super::super::{Database, StoreError};
use crate::vault::Place;

/// A custom header as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Id of the header.
    pub id: HeaderId,
    /// Name of the header.
    pub name: HeaderName,
    /// Value of the header, decrypted.
    pub value: HeaderText,
    /// Whether it is sent.
    pub active: bool,
}

impl Database {
    /// The headers of every destination that has some, in their order.
    pub(super) async fn read_headers(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<HashMap<DestinationId, Vec<Header>>, StoreError> {
        let rows = sqlx::query("SELECT * FROM destination_headers ORDER BY destination_id, position")
            .fetch_all(connection)
            .await?;
        let mut headers: HashMap<_, Vec<Header>> = HashMap::new();
        for row in &rows {
            let destination = DestinationId::new(row.get("destination_id"));
            headers.entry(destination).or_default().push(self.read_header(row)?);
        }
        Ok(headers)
    }

    /// Makes `wanted` the headers of the destination, and gives an id to those that have none yet.
    pub(super) async fn replace_headers(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        destination: DestinationId,
        wanted: Vec<Header>,
    ) -> Result<Vec<Header>, StoreError> {
        // All are deleted first, so that two headers may exchange their names.
        sqlx::query("DELETE FROM destination_headers WHERE destination_id = ?")
            .bind(destination.get())
            .execute(&mut **transaction)
            .await?;
        let mut stored = Vec::with_capacity(wanted.len());
        for (row, header) in (0_u8..).zip(wanted) {
            let id = insert(transaction, destination, row, &header).await?;
            // The ciphertext is bound to the row's id, which for a new row is known only now.
            sqlx::query("UPDATE destination_headers SET value_sealed = ? WHERE id = ?")
                .bind(self.vault.seal(place(id), header.value.expose())?)
                .bind(id.get())
                .execute(&mut **transaction)
                .await?;
            stored.push(Header { id, ..header });
        }
        Ok(stored)
    }

    fn read_header(&self, row: &SqliteRow) -> Result<Header, StoreError> {
        let row_id: i64 = row.get("id");
        let id = HeaderId::new(row_id);
        let unreadable = |what| StoreError::Unreadable {
            table: "destination_headers",
            id: row_id,
            what,
        };
        let value = self.vault.open(place(id), row.get("value_sealed"))?;
        Ok(Header {
            id,
            name: HeaderName::parse(row.get("name"), 0).map_err(|_| unreadable("name"))?,
            value: HeaderText::parse(&value, 0).map_err(|_| unreadable("value"))?,
            active: row.get("active"),
        })
    }
}

async fn insert(
    transaction: &mut Transaction<'static, Sqlite>,
    destination: DestinationId,
    row: u8,
    header: &Header,
) -> Result<HeaderId, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO destination_headers (id, destination_id, position, name, value_sealed, active) \
         VALUES (?, ?, ?, ?, x'', ?)",
    )
    .bind((header.id != Header::UNSTORED).then_some(header.id.get()))
    .bind(destination.get())
    .bind(row)
    .bind(header.name.as_str())
    .bind(header.active)
    .execute(&mut **transaction)
    .await?;
    Ok(HeaderId::new(inserted.last_insert_rowid()))
}

const fn place(id: HeaderId) -> Place<'static> {
    Place {
        table: "destination_headers",
        column: "value",
        row: id.get(),
    }
}
