//! What a browser keeps to show that somebody has signed in from it before. Nothing of it is stored here: it is sealed with the
//! instance's key.

use domain::ids::UserId;

use super::Database;
use crate::vault::{KeyError, Place};

const PLACE: Place = Place {
    table: "browsers",
    column: "user",
    row: 0,
};

/// Whose browser it is, and which of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownBrowser {
    pub user: UserId,
    /// Random text.
    pub id: String,
}

impl Database {
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn seal_browser(&self, browser: &KnownBrowser) -> Result<Vec<u8>, KeyError> {
        self.vault.seal(PLACE, &format!("{}:{}", browser.user, browser.id))
    }

    /// None if it was not sealed by this instance.
    pub fn open_browser(&self, sealed: &[u8]) -> Option<KnownBrowser> {
        let text = self.vault.open(PLACE, sealed).ok()?;
        let (user, id) = text.split_once(':')?;
        Some(KnownBrowser {
            user: UserId::new(user.parse().ok()?),
            id: id.to_owned(),
        })
    }
}
