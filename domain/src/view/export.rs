//! How far an export of the Log is.

use serde::{Deserialize, Serialize};

/// An export as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportView {
    /// Number of events that were written to the file.
    pub events: u64,
    pub state: ExportState,
}

/// Whether the file is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportState {
    Running,
    Complete,
    /// The file has no end, or there is none.
    Failed {
        /// Why it was rejected; `None` if it was interrupted.
        reason: Option<String>,
    },
}
