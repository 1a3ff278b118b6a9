//! Saved views of the Log. Each belongs to the user who saved it; nobody else sees it.

use domain::{
    Field,
    ids::{UserId, ViewId},
    view::{MOST_SAVED_VIEWS, SavedView, ViewName},
};

use super::AdminError;
use crate::{Engine, store::ViewError};

/// Longer than any filter of the page.
const MOST_QUERY_BYTES: usize = 8 * 1024;

impl Engine {
    /// The views of a user, by name.
    ///
    /// # Errors
    /// [`AdminError::Internal`].
    pub async fn list_views(&self, user: UserId) -> Result<Vec<SavedView>, AdminError> {
        Ok(self.database().list_views(user).await?)
    }

    /// Saves a filter, as the query of an address, under a name.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] if the name is taken or breaks its rule, or too many views are saved; or [`AdminError::Internal`].
    pub async fn save_view(&self, user: UserId, name: &str, query: &str) -> Result<ViewId, AdminError> {
        let name = ViewName::parse(name)?;
        if query.len() > MOST_QUERY_BYTES {
            return Err(AdminError::refused(
                Field::Filter,
                "Filter: too long to be saved. Remove some of its values.",
            ));
        }
        Ok(self.database().insert_view(user, &name, query).await?)
    }

    /// # Errors
    /// The same as [`Self::save_view`], and [`AdminError::NotFound`].
    pub async fn rename_view(&self, user: UserId, id: ViewId, name: &str) -> Result<(), AdminError> {
        let name = ViewName::parse(name)?;
        Ok(self.database().rename_view(user, id, &name).await?)
    }

    /// # Errors
    /// [`AdminError::NotFound`] or [`AdminError::Internal`].
    pub async fn delete_view(&self, user: UserId, id: ViewId) -> Result<(), AdminError> {
        Ok(self.database().delete_view(user, id).await?)
    }
}

impl From<ViewError> for AdminError {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Taken => Self::refused(Field::Name, "Name: you have a view with this name. Choose another one."),
            ViewError::TooMany => {
                let rule = format!("Name: you have {MOST_SAVED_VIEWS} saved views. Delete one first.");
                Self::refused(Field::Name, &rule)
            }
            ViewError::NotFound => Self::NotFound,
            ViewError::Store(error) => error.into(),
        }
    }
}
