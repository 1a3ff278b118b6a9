//! A position in the order in which the Log is shown.

use domain::{Timestamp, ids::Seq};

/// Order of the Log: by the event's own time, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowsePosition {
    /// When the event happened, by the clock of its source.
    pub created_at: Timestamp,
    /// Position in the log.
    pub seq: Seq,
}
