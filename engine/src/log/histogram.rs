//! How many events were created in each interval of time: for the chart above the Log.
//!
//! A chart must not cost more than the page below it. Of a block of the index that lies in one interval, only its bounds are
//! read; of others, their places; and when that would be too much, there is no answer.

use std::sync::Arc;

use domain::Timestamp;
use rusqlite::Connection;

use super::{
    BrowsePosition, EventFilter, EventLog, LogError,
    filter::push_conditions,
    statement::Statement,
    walk::{Way, admitted, indexed_to, oldest, read_places},
};

/// Places that are looked at for one answer: about half a second.
const MOST_PLACES: usize = 3_000_000;

/// Blocks whose events are read for one answer.
const MOST_BLOCKS_READ: usize = 128;

/// Equal intervals, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Start of the first interval.
    pub from: Timestamp,
    /// Length of each interval in milliseconds.
    pub length_ms: i64,
    /// Number of intervals.
    pub count: usize,
}

impl Intervals {
    /// The end of the last one.
    pub fn end(self) -> Timestamp {
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        Timestamp::from_unix_ms(self.from.unix_ms().saturating_add(self.length_ms.saturating_mul(count)))
    }

    /// Which of them a moment is in.
    fn of(self, created_ms: i64) -> Option<usize> {
        let since = created_ms
            .checked_sub(self.from.unix_ms())
            .filter(|since| *since >= 0)?;
        let index = usize::try_from(since / self.length_ms.max(1)).ok()?;
        (index < self.count).then_some(index)
    }
}

/// A block of the index that may contain something.
struct Bounds {
    first: i64,
    last: i64,
    oldest: i64,
    newest: i64,
}

struct Counts {
    intervals: Intervals,
    counts: Vec<u64>,
    looked_at: usize,
}

impl Counts {
    fn add(&mut self, created_ms: i64, events: u64) {
        let count = self
            .intervals
            .of(created_ms)
            .and_then(|index| self.counts.get_mut(index));
        if let Some(count) = count {
            *count = count.saturating_add(events);
        }
    }

    fn add_all(&mut self, places: &[BrowsePosition]) {
        self.looked_at = self.looked_at.saturating_add(places.len());
        for place in places {
            self.add(place.created_at.unix_ms(), 1);
        }
    }

    /// The interval in which the block lies as a whole.
    fn only_interval(&self, block: &Bounds) -> Option<usize> {
        let first = self.intervals.of(block.oldest)?;
        (self.intervals.of(block.newest) == Some(first)).then_some(first)
    }
}

impl EventLog {
    /// How many of the events that `filter` admits, whatever its text says, were created in each interval. `None` if that can't
    /// be counted quickly.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn histogram(&self, filter: &EventFilter, intervals: Intervals) -> Result<Option<Vec<u64>>, LogError> {
        let filter = within(filter, intervals);
        // Dropped with this future: counting then ends with the block that it is looking at.
        let caller = Arc::new(());
        let waiting = Arc::downgrade(&caller);
        let count = move |connection: &Connection| {
            // Where the index ends and what it holds, both from the same moment: a block may close in between.
            let snapshot = connection.unchecked_transaction()?;
            count(&snapshot, &filter, intervals, || waiting.strong_count() > 0)
        };
        let counts = self.readers.read(count).await;
        drop(caller);
        counts
    }

    /// When the oldest and the newest event of the log were created; `None` if it is empty.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn created_bounds(&self) -> Result<Option<(Timestamp, Timestamp)>, LogError> {
        self.readers
            .read(|connection| {
                let edge = |sql| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
                let oldest = edge("SELECT min(created_at) FROM events")?;
                let newest = edge("SELECT max(created_at) FROM events")?;
                let moment = Timestamp::from_unix_ms;
                Ok(oldest
                    .zip(newest)
                    .map(|(oldest, newest)| (moment(oldest), moment(newest))))
            })
            .await
    }
}

/// The same filter, and nothing outside of the intervals.
fn within(filter: &EventFilter, intervals: Intervals) -> EventFilter {
    let end = intervals.end();
    EventFilter {
        created_from: Some(
            filter
                .created_from
                .map_or(intervals.from, |from| from.max(intervals.from)),
        ),
        created_before: Some(filter.created_before.map_or(end, |before| before.min(end))),
        ..filter.clone()
    }
}

fn count(
    connection: &Connection,
    filter: &EventFilter,
    intervals: Intervals,
    is_awaited: impl Fn() -> bool,
) -> Result<Option<Vec<u64>>, LogError> {
    let mut counts = Counts {
        intervals,
        counts: vec![0; intervals.count],
        looked_at: 0,
    };
    let blocks = blocks(connection, filter)?;
    let is_unconditional = filter.conditions().is_empty();
    let is_counted_whole = |counts: &Counts, block: &Bounds| {
        !filter.is_indexed() && contains(filter, block) && counts.only_interval(block).is_some()
    };
    let read = blocks.iter().filter(|block| !is_counted_whole(&counts, block)).count();
    if is_unconditional && read > MOST_BLOCKS_READ {
        return Ok(None);
    }
    let first_left = oldest(connection)?.unwrap_or(i64::MAX);
    for block in &blocks {
        if !is_awaited() || counts.looked_at > MOST_PLACES {
            return Ok(None);
        }
        if is_counted_whole(&counts, block) {
            let events = block.last.saturating_sub(block.first.max(first_left)).saturating_add(1);
            counts.add(block.oldest, u64::try_from(events).unwrap_or(0));
            continue;
        }
        let mut places = admitted(connection, filter, (block.first, block.last))?;
        let created = filter.created();
        places.retain(|place| place.seq.get() >= first_left && created.contains(&place.created_at.unix_ms()));
        counts.add_all(&places);
    }
    let unindexed = Way::forwards(indexed_to(connection)?, i64::MAX);
    counts.add_all(&read_places(connection, filter, unindexed, usize::MAX)?);
    Ok(Some(counts.counts))
}

/// Whether every event of the block was created in the filter's range of time.
fn contains(filter: &EventFilter, block: &Bounds) -> bool {
    let created = filter.created();
    created.contains(&block.oldest) && created.contains(&block.newest)
}

fn blocks(connection: &Connection, filter: &EventFilter) -> Result<Vec<Bounds>, LogError> {
    let created = filter.created();
    let mut query = Statement::new("SELECT block, last_seq, oldest, newest FROM index_blocks WHERE newest >= ");
    query.bind(created.start).push(" AND oldest < ").bind(created.end);
    push_conditions(&mut query, &filter.conditions());
    query.rows(connection, |row| {
        Ok(Bounds {
            first: row.get(0)?,
            last: row.get(1)?,
            oldest: row.get(2)?,
            newest: row.get(3)?,
        })
    })
}
