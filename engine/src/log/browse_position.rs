//! A position in the order in which the Log is shown.

use domain::{Timestamp, ids::Seq};

/// Order of the Log: by the event's own time, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowsePosition {
    pub created_at: Timestamp,
    pub seq: Seq,
}
