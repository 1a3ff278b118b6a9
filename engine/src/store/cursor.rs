//! How far a stream is, as a row of `cursors`.

use domain::{
    Timestamp,
    health::Refusing,
    ids::{DestinationId, Seq},
};
use sqlx::{Row, sqlite::SqliteRow};

use super::StoreError;
use crate::sink::Batch;

/// How far a stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Everything up to here is acknowledged.
    pub acknowledged: Seq,
    /// Inclusive ranges that are acknowledged too.
    pub acknowledged_above: Vec<(Seq, Seq)>,
    /// Events delivered since the destination was added, repeats after a crash included.
    pub delivered: u64,
    pub last_success_at: Option<Timestamp>,
    /// The batch that is being sent, stored before it is.
    pub batch: Option<Batch>,
    /// The batch that keeps failing, if `batch` is a single event that is tried in its place.
    pub kept: Option<Batch>,
    /// When the trouble that the destination is in began; none while events are accepted.
    pub troubled_since: Option<Timestamp>,
    /// None unless the latest event that was answered was refused.
    pub refusing: Option<Refusing>,
}

pub(super) fn read_cursor(destination: DestinationId, row: &SqliteRow) -> Result<Cursor, StoreError> {
    let ranges: String = row.get("acknowledged_above");
    let delivered: i64 = row.get("delivered");
    Ok(Cursor {
        acknowledged: Seq::new(row.get("acknowledged_seq")),
        acknowledged_above: read_ranges(destination, &ranges)?,
        delivered: u64::try_from(delivered).unwrap_or(0),
        last_success_at: row
            .get::<Option<i64>, _>("last_success_at")
            .map(Timestamp::from_unix_ms),
        batch: read_batch(row, ["batch_first", "batch_last", "batch_closed_at"]),
        kept: read_batch(row, ["kept_first", "kept_last", "kept_closed_at"]),
        troubled_since: row.get::<Option<i64>, _>("troubled_since").map(Timestamp::from_unix_ms),
        refusing: read_refusing(row),
    })
}

fn read_refusing(row: &SqliteRow) -> Option<Refusing> {
    Some(Refusing {
        since: Timestamp::from_unix_ms(row.get::<Option<i64>, _>("refusing_since")?),
        reason: row.get::<Option<String>, _>("refusal_reason")?,
        events: u64::try_from(row.get::<i64, _>("refusing_events")).unwrap_or(1),
    })
}

fn read_batch(row: &SqliteRow, [first, last, closed_at]: [&str; 3]) -> Option<Batch> {
    Some(Batch {
        first: Seq::new(row.get::<Option<i64>, _>(first)?),
        last: Seq::new(row.get::<Option<i64>, _>(last)?),
        closed_at: Timestamp::from_unix_ms(row.get::<Option<i64>, _>(closed_at)?),
    })
}

/// What the three columns of a batch hold.
pub(super) fn columns_of(batch: Option<Batch>) -> [Option<i64>; 3] {
    [
        batch.map(|batch| batch.first.get()),
        batch.map(|batch| batch.last.get()),
        batch.map(|batch| batch.closed_at.unix_ms()),
    ]
}

pub(super) fn print_ranges(ranges: &[(Seq, Seq)]) -> String {
    let ranges: Vec<String> = ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
    ranges.join(",")
}

pub(super) fn read_ranges(destination: DestinationId, text: &str) -> Result<Vec<(Seq, Seq)>, StoreError> {
    parse_ranges(text).ok_or(StoreError::Unreadable {
        table: "cursors",
        id: destination.get(),
        what: "acknowledged ranges",
    })
}

pub(super) fn parse_ranges(text: &str) -> Option<Vec<(Seq, Seq)>> {
    let range = |range: &str| {
        let (first, last) = range.split_once('-')?;
        Some((Seq::new(first.parse().ok()?), Seq::new(last.parse().ok()?)))
    };
    text.split(',').filter(|range| !range.is_empty()).map(range).collect()
}
