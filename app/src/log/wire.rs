//! What the Log's server functions answer.

use domain::{Timestamp, ids::Seq, view::EventRow};
use serde::{Deserialize, Serialize};

/// Rows of a page.
pub const PAGE_ROWS: usize = 25;

/// Where a page of the Log starts or ends: by the event's own time, then by its position in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogPosition {
    pub created_at: Timestamp,
    pub seq: Seq,
}

impl LogPosition {
    /// The position of a row.
    pub const fn of(row: &EventRow) -> Self {
        Self {
            created_at: row.created_at,
            seq: row.seq,
        }
    }
}

/// Which page of the Log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogPageRequest {
    /// The newest, or the oldest if the oldest come first.
    #[default]
    First,
    OlderThan(LogPosition),
    NewerThan(LogPosition),
}

/// One page, in the order that was requested. `newer` and `older` are there if there is something on that side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    pub rows: Vec<EventRow>,
    pub newer: Option<LogPosition>,
    pub older: Option<LogPosition>,
    /// How far a text was searched for, if that ended early.
    pub searched: Option<Searched>,
    /// Events that arrive later than this are not on the page.
    pub received_to: Seq,
    /// Whether an event has ever been posted to this instance.
    pub has_external_events: bool,
}

/// How far the events were searched for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searched {
    /// Where to continue.
    pub to: LogPosition,
    /// Events that were searched.
    pub events: u64,
    /// Events that are to be searched in all, if that is known.
    pub of: Option<u64>,
}

/// What has arrived since the reader last asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrivals {
    /// The newest of them, as many as a page has, newest first.
    pub rows: Vec<EventRow>,
    /// Of those that were received late, the last ones to arrive, as many as a page has.
    pub late: Vec<EventRow>,
    /// How many there are in all.
    pub count: u64,
    /// Events that arrive later than this are not included.
    pub received_to: Seq,
}

/// How many events were created in each of equal intervals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    pub from: Timestamp,
    pub interval_ms: i64,
    pub counts: Vec<u64>,
}

/// The answer to a request for the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    Histogram(Histogram),
    /// More than can be counted quickly.
    TooMany,
}

/// Values to suggest: for each field by its name, those that were seen lately.
pub type Suggestions = Vec<(String, Vec<String>)>;
