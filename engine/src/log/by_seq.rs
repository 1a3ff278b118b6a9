//! Reading in the order in which events came in, through a filter: for programs that poll.
//!
//! An event says itself when it was created and may come in late, so whoever follows the log by the time of creation
//! misses some. Positions only grow: who asks for what comes after the last one seen misses nothing. Each block of the
//! index is a stretch of positions, so they are gone through one after the other, and what can't hold anything is skipped;
//! the events after the last block are read from the log itself.

mod filter;

use std::ops::Range;

use domain::{Timestamp, ids::Seq};
use sqlx::{QueryBuilder, Row, Sqlite};

pub use self::filter::SeqFilter;
use super::{BrowsePosition, BrowseRow, EventLog, LogError, SCAN_ROWS, browse::Scanned, places::unpack};

/// Where to start, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeqRequest {
    Newest,
    Oldest,
    Before(Seq),
    After(Seq),
}

/// What was found, in the order of its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeqBrowsed {
    pub rows: Vec<BrowseRow>,
    /// How far this goes, if it ended before the log and before enough was found.
    pub searched_to: Option<Seq>,
    /// The last position that was looked at, whether or not its event is among the rows.
    pub end: Option<Seq>,
}

/// One page, counted from an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedPage {
    /// Where its events stand; [`EventLog::show_within`] reads them.
    pub places: Vec<BrowsePosition>,
    pub is_more: bool,
    /// How many there are on all pages; none if they are more than were to be counted.
    pub total: Option<usize>,
}

/// Positions without their ends, and the way through them.
#[derive(Clone, Copy)]
struct Way {
    above: i64,
    below: i64,
    goes_back: bool,
}

impl From<SeqRequest> for Way {
    fn from(request: SeqRequest) -> Self {
        let (above, below, goes_back) = match request {
            SeqRequest::Newest => (0, i64::MAX, true),
            SeqRequest::Oldest => (0, i64::MAX, false),
            SeqRequest::Before(seq) => (0, seq.get(), true),
            SeqRequest::After(seq) => (seq.get(), i64::MAX, false),
        };
        Self {
            above,
            below,
            goes_back,
        }
    }
}

impl EventLog {
    /// At most `limit` of the events that `filter` admits, next to where the request starts, and no more when `bytes` of bodies
    /// are reached.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn browse_by_seq(
        &self,
        filter: &SeqFilter,
        request: SeqRequest,
        limit: usize,
        bytes: usize,
    ) -> Result<SeqBrowsed, LogError> {
        let text = filter.filter.text.as_deref();
        let wanted = if text.is_some() { SCAN_ROWS } else { limit };
        let mut places = self.places_by_seq(filter, request.into(), wanted).await?;
        let mut scanned = Scanned::all(&places);
        if let Some(text) = text {
            (places, scanned) = self.scan(&places, text, limit).await?;
        }
        let (rows, cut_at) = self.read_places(&places, bytes).await?;
        let seq = |place: Option<BrowsePosition>| place.map(|place| place.seq);
        Ok(SeqBrowsed {
            rows,
            searched_to: seq(cut_at.or(scanned.cut_at)),
            end: seq(cut_at.or(scanned.end)),
        })
    }

    /// Where the events stand that are at `range` of what `filter` admits, whatever its text says, counted from the newest or
    /// the oldest; and how many there are in all, unless they are more than `counted`.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn page_by_seq(
        &self,
        filter: &SeqFilter,
        goes_back: bool,
        range: Range<usize>,
        counted: usize,
    ) -> Result<CountedPage, LogError> {
        let is_all = *filter == SeqFilter::default();
        let all = if is_all {
            Some(usize::try_from(self.count().await?).unwrap_or(usize::MAX))
        } else {
            None
        };
        let counting = if is_all { 0 } else { counted.saturating_add(1) };
        let wanted = range.end.saturating_add(1).max(counting);
        let request = if goes_back {
            SeqRequest::Newest
        } else {
            SeqRequest::Oldest
        };
        let places = self.places_by_seq(filter, request.into(), wanted).await?;
        let total = all.unwrap_or(places.len());
        let shown = places.get(range.start..range.end.min(places.len())).unwrap_or_default();
        Ok(CountedPage {
            places: shown.to_vec(),
            is_more: places.len() > range.end,
            total: (total <= counted).then_some(total),
        })
    }

    /// The first `wanted` positions on the way that `filter` admits, whatever its text says.
    async fn places_by_seq(
        &self,
        filter: &SeqFilter,
        way: Way,
        wanted: usize,
    ) -> Result<Vec<BrowsePosition>, LogError> {
        // Before the events are read: what is put into a block meanwhile is still read from the log.
        let indexed_to: Option<i64> = sqlx::query_scalar("SELECT max(last_seq) FROM index_blocks")
            .fetch_one(self.reader()?)
            .await?;
        let indexed_to = indexed_to.unwrap_or(0);
        let unindexed = Way {
            above: way.above.max(indexed_to),
            ..way
        };
        let mut found = Vec::new();
        if way.goes_back {
            found = self.read_stretch(filter, unindexed, wanted).await?;
        }
        for block in self.blocks_by_seq(filter, way, indexed_to).await? {
            if found.len() >= wanted {
                return Ok(found);
            }
            let stretch = Way {
                above: way.above.max(block.start - 1),
                below: way.below.min(block.end + 1),
                ..way
            };
            let missing = wanted - found.len();
            let places = if filter.is_indexed() {
                self.look_up_block(filter, block.start, stretch).await?
            } else {
                self.read_stretch(filter, stretch, missing).await?
            };
            found.extend(places.into_iter().take(missing));
        }
        if !way.goes_back && found.len() < wanted {
            found.extend(self.read_stretch(filter, unindexed, wanted - found.len()).await?);
        }
        Ok(found)
    }

    /// First and last position of each block that may hold something, in the order of the way.
    async fn blocks_by_seq(&self, filter: &SeqFilter, way: Way, indexed_to: i64) -> Result<Vec<Range<i64>>, LogError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT block, last_seq FROM index_blocks WHERE last_seq > ");
        query.push_bind(way.above).push(" AND block < ").push_bind(way.below);
        query.push(" AND last_seq <= ").push_bind(indexed_to);
        let (from, before) = filter.created();
        query.push(" AND newest >= ").push_bind(from);
        query.push(" AND oldest < ").push_bind(before);
        for condition in filter.conditions() {
            query.push(" AND EXISTS (SELECT 1 FROM index_entries WHERE index_entries.block = index_blocks.block AND (");
            condition.push_to(&mut query);
            query.push("))");
        }
        query
            .push(" ORDER BY block")
            .push(if way.goes_back { " DESC" } else { "" });
        let rows = query.build().fetch_all(self.reader()?).await?;
        Ok(rows.iter().map(|row| row.get(0)..row.get(1)).collect())
    }

    /// Where in a block everything stands that the filter asks for.
    async fn look_up_block(&self, filter: &SeqFilter, block: i64, way: Way) -> Result<Vec<BrowsePosition>, LogError> {
        let mut all: Option<Vec<BrowsePosition>> = None;
        for condition in filter.conditions() {
            let mut query = QueryBuilder::<Sqlite>::new("SELECT places FROM index_entries WHERE block = ");
            query.push_bind(block).push(" AND (");
            condition.push_to(&mut query);
            query.push(")");
            let mut places = Vec::new();
            for row in query.build().fetch_all(self.reader()?).await? {
                places.extend(unpack(row.get(0)).ok_or(LogError::Unreadable { seq: block })?);
            }
            places.sort_unstable_by_key(|place| place.seq);
            places.dedup();
            match &mut all {
                Some(all) => all.retain(|place| places.binary_search_by_key(&place.seq, |other| other.seq).is_ok()),
                None => all = Some(places),
            }
        }
        let (from, before) = filter.created();
        let mut places = all.unwrap_or_default();
        places.retain(|place| {
            let (seq, created_at) = (place.seq.get(), place.created_at.unix_ms());
            way.above < seq && seq < way.below && (from..before).contains(&created_at)
        });
        if way.goes_back {
            places.reverse();
        }
        self.keep_stored(places).await
    }

    /// Without what has gone from the log while its block is still there.
    async fn keep_stored(&self, mut places: Vec<BrowsePosition>) -> Result<Vec<BrowsePosition>, LogError> {
        let oldest: Option<i64> = sqlx::query_scalar("SELECT min(seq) FROM events")
            .fetch_one(self.reader()?)
            .await?;
        places.retain(|place| oldest.is_some_and(|oldest| place.seq.get() >= oldest));
        Ok(places)
    }

    /// Reads a stretch of the log itself.
    async fn read_stretch(&self, filter: &SeqFilter, way: Way, wanted: usize) -> Result<Vec<BrowsePosition>, LogError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT created_at, seq FROM events WHERE seq > ");
        query.push_bind(way.above).push(" AND seq < ").push_bind(way.below);
        // The time is looked at in each row: the index on it would give another order.
        let (from, before) = filter.created();
        query.push(" AND +created_at >= ").push_bind(from);
        query.push(" AND +created_at < ").push_bind(before);
        filter.push_columns(&mut query);
        query
            .push(" ORDER BY seq")
            .push(if way.goes_back { " DESC" } else { "" });
        query
            .push(" LIMIT ")
            .push_bind(i64::try_from(wanted).unwrap_or(i64::MAX));
        let rows = query.build().fetch_all(self.reader()?).await?;
        let places = rows.iter().map(|row| BrowsePosition {
            created_at: Timestamp::from_unix_ms(row.get(0)),
            seq: Seq::new(row.get(1)),
        });
        Ok(places.collect())
    }
}
