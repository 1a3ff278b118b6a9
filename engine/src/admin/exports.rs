//! Exports that a page watches.

use domain::{ids::SessionId, view::ExportView};

use crate::{Engine, exports::ExportProgress};

impl Engine {
    /// Begins to watch an export; `None` if the key is empty or too long.
    pub fn watch_export(&self, session: SessionId, key: &str) -> Option<ExportProgress> {
        self.exports().begin(session, key)
    }

    /// How far an export of this session is; `None` if it is not known.
    pub fn export_progress(&self, session: SessionId, key: &str) -> Option<ExportView> {
        self.exports().view(session, key)
    }
}
