//! Filters of the Log that users have saved under names.

use domain::{
    ids::{UserId, ViewId},
    view::{MOST_SAVED_VIEWS, SavedView, ViewName},
};
use sqlx::{Row, sqlite::SqliteQueryResult};

use super::{Database, StoreError, error::is_taken};

/// Why a view was not saved or renamed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    #[error("the user has a view with this name")]
    Taken,
    #[error("the user has as many views as can be saved")]
    TooMany,
    #[error("the user has no such view")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ViewError {
    fn from(error: sqlx::Error) -> Self {
        if is_taken(&error, "saved_views.user_id, saved_views.name") {
            Self::Taken
        } else {
            Self::Store(error.into())
        }
    }
}

impl Database {
    /// The views of a user, by name.
    pub(crate) async fn list_views(&self, user: UserId) -> Result<Vec<SavedView>, StoreError> {
        let rows =
            sqlx::query("SELECT id, name, query FROM saved_views WHERE user_id = ? ORDER BY name COLLATE NOCASE, id")
                .bind(user.get())
                .fetch_all(self.read()?)
                .await?;
        let view = |row: &sqlx::sqlite::SqliteRow| SavedView {
            id: ViewId::new(row.get("id")),
            name: row.get("name"),
            query: row.get("query"),
        };
        Ok(rows.iter().map(view).collect())
    }

    pub(crate) async fn insert_view(&self, user: UserId, name: &ViewName, query: &str) -> Result<ViewId, ViewError> {
        let mut transaction = self.write().await?;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM saved_views WHERE user_id = ?")
            .bind(user.get())
            .fetch_one(&mut *transaction)
            .await?;
        if count >= i64::from(MOST_SAVED_VIEWS) {
            return Err(ViewError::TooMany);
        }
        let inserted = sqlx::query("INSERT INTO saved_views (user_id, name, query) VALUES (?, ?, ?)")
            .bind(user.get())
            .bind(name.as_str())
            .bind(query)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(ViewId::new(inserted.last_insert_rowid()))
    }

    pub(crate) async fn rename_view(&self, user: UserId, id: ViewId, name: &ViewName) -> Result<(), ViewError> {
        let mut transaction = self.write().await?;
        let renamed = sqlx::query("UPDATE saved_views SET name = ? WHERE id = ? AND user_id = ?")
            .bind(name.as_str())
            .bind(id.get())
            .bind(user.get())
            .execute(&mut *transaction)
            .await?;
        found(&renamed)?;
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn delete_view(&self, user: UserId, id: ViewId) -> Result<(), ViewError> {
        let mut transaction = self.write().await?;
        let deleted = sqlx::query("DELETE FROM saved_views WHERE id = ? AND user_id = ?")
            .bind(id.get())
            .bind(user.get())
            .execute(&mut *transaction)
            .await?;
        found(&deleted)?;
        Ok(transaction.commit().await?)
    }
}

fn found(changed: &SqliteQueryResult) -> Result<(), ViewError> {
    if changed.rows_affected() == 0 {
        return Err(ViewError::NotFound);
    }
    Ok(())
}
