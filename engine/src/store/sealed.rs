//! Where encrypted values stand, and encrypting all of them again with another key.

use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction};

use super::{Database, StoreError, database::HAS_TO_BE_REWRITTEN, instance_events::insert_instance_event};
use crate::{
    instance_events::Recorded,
    vault::{Place, Vault},
};

/// A column with ciphertext, and how the place that a ciphertext is bound to follows from its row.
pub(super) struct SealedColumn {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    /// The table of the place.
    place: &'static str,
    /// SQL for the row and the column of the place. Together, they name one row of the table.
    row: &'static str,
    name: &'static str,
}

/// Every column whose name ends in `_sealed`.
pub(super) const SEALED: [SealedColumn; 6] = [
    SealedColumn {
        table: "destination_fields",
        column: "value_sealed",
        place: "destinations",
        row: "destination_id",
        name: "field",
    },
    SealedColumn {
        table: "previous_secrets",
        column: "value_sealed",
        place: "previous_secrets",
        row: "destination_id",
        name: "field",
    },
    SealedColumn {
        table: "destination_headers",
        column: "value_sealed",
        place: "destination_headers",
        row: "id",
        name: "'value'",
    },
    alert_column("email_password_sealed", "'email_password'"),
    alert_column("webhook_url_sealed", "'webhook_url'"),
    alert_column("webhook_secret_sealed", "'webhook_secret'"),
];

const fn alert_column(column: &'static str, name: &'static str) -> SealedColumn {
    SealedColumn {
        table: "alert_settings",
        column,
        place: "alert_settings",
        row: "id",
        name,
    }
}

impl SealedColumn {
    /// Row and column of the place, and the ciphertext, of each row that has one.
    pub(super) fn select(&self) -> String {
        let Self {
            table,
            column,
            row,
            name,
            ..
        } = self;
        format!("SELECT {row}, {name}, {column} FROM {table} WHERE {column} IS NOT NULL")
    }

    /// Parameters: ciphertext, row and column of the place.
    fn update(&self) -> String {
        let Self {
            table,
            column,
            row,
            name,
            ..
        } = self;
        format!("UPDATE {table} SET {column} = ? WHERE {row} = ? AND {name} = ?")
    }

    pub(super) const fn place<'name>(&self, row: i64, name: &'name str) -> Place<'name> {
        Place {
            table: self.place,
            column: name,
            row,
        }
    }
}

impl Database {
    /// Encrypts every secret with another key, computes every digest with it, and stores its id, all in one transaction with the
    /// instance event. Returns how many secrets there were. This handle keeps the key that it has: open the store again. What the previous
    /// key decrypts is in the file until [`Database::rewrite`].
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    pub(crate) async fn reseal(&self, new: &Vault, instance_event: &Recorded) -> Result<u64, StoreError> {
        let destinations = self.list_destinations().await?;
        let mut transaction = self.write().await?;
        let mut resealed = 0;
        for column in &SEALED {
            resealed += self.reseal_column(&mut transaction, column, new).await?;
        }
        for destination in destinations {
            sqlx::query("UPDATE destinations SET identity_digest = ? WHERE id = ?")
                .bind(new.digest(&destination.target.identity()))
                .bind(destination.id.get())
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query("UPDATE instance SET key_id = ?")
            .bind(new.id().to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(HAS_TO_BE_REWRITTEN).execute(&mut *transaction).await?;
        insert_instance_event(&mut transaction, instance_event).await?;
        transaction.commit().await?;
        Ok(resealed)
    }

    async fn reseal_column(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        column: &SealedColumn,
        new: &Vault,
    ) -> Result<u64, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(column.select()))
            .fetch_all(&mut **transaction)
            .await?;
        let mut resealed = 0;
        for found in &rows {
            let (row, name): (i64, String) = (found.get(0), found.get(1));
            let place = column.place(row, &name);
            let secret = self.vault.open(place, found.get(2))?;
            sqlx::query(AssertSqlSafe(column.update()))
                .bind(new.seal(place, &secret)?)
                .bind(row)
                .bind(&name)
                .execute(&mut **transaction)
                .await?;
            resealed += 1;
        }
        Ok(resealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else a rotation would leave secrets behind that nobody can decrypt.
    #[tokio::test]
    async fn every_sealed_column_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::for_tests();
        let database = Database::open(&folder.path().join("audit-streams.db"), vault)
            .await
            .unwrap();
        let mut stored: Vec<(String, String)> = sqlx::query_as(
            "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
             WHERE tables.type = 'table' AND (columns.name LIKE '%sealed%' OR columns.name LIKE '%encrypted%')",
        )
        .fetch_all(&database.reader)
        .await
        .unwrap();
        let mut listed: Vec<_> = SEALED
            .iter()
            .map(|column| (column.table.to_owned(), column.column.to_owned()))
            .collect();
        stored.sort_unstable();
        listed.sort_unstable();
        assert_eq!(stored, listed);
        database.close().await;
    }
}
