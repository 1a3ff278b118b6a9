//! Searches in the order in which events arrived: for programs that poll, and for readers who follow the log.
//!
//! An event states itself when it was created and may arrive late, so following the log by the time of creation misses
//! some. Positions only grow: asking for what comes after the last one seen misses nothing.

use std::{ops::Range, sync::Arc};

use domain::ids::Seq;
use rusqlite::Connection;

use super::{
    BrowsePosition, BrowseRow, EventFilter, EventLog, LogError, SCAN_ROWS,
    browse::Scanned,
    walk::{Way, next_stretch, places_in, read_places},
};

/// Where to start, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeqRequest {
    /// The newest event and older ones.
    Newest,
    /// The oldest event and newer ones.
    Oldest,
    /// Events before this position, the nearest first.
    Before(Seq),
    /// Events after this position, the nearest first.
    After(Seq),
}

/// What was found, in the order of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeqBrowsed {
    /// The events.
    pub rows: Vec<BrowseRow>,
    /// How far the search went, if it ended before the log and before enough was found.
    pub searched_to: Option<Seq>,
    /// The last position that was looked at, whether or not its event is among the rows.
    pub end: Option<Seq>,
}

/// One page, counted from an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedPage {
    /// Where its events are; [`EventLog::show_within`] reads them.
    pub places: Vec<BrowsePosition>,
    /// Whether there is a next page.
    pub is_more: bool,
    /// How many events there are on all pages; `None` if there are more than were to be counted.
    pub total: Option<usize>,
}

/// Events that have arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// Their places, in the order in which they arrived.
    pub places: Vec<BrowsePosition>,
    /// How far the search went: where to continue.
    pub searched_to: Seq,
}

impl EventLog {
    /// At most `limit` of the events that `filter` admits, nearest to the start of the request first, and no more once there
    /// are `bytes` of bodies.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn browse_by_seq(
        &self,
        filter: &EventFilter,
        request: SeqRequest,
        limit: usize,
        bytes: usize,
    ) -> Result<SeqBrowsed, LogError> {
        let text = filter.text.as_deref();
        let wanted = if text.is_some() { SCAN_ROWS } else { limit };
        let mut places = self.places_by_seq(filter, request, wanted).await?;
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

    /// The places of the events at `range` of what `filter` admits, whatever its text says, counted from the newest or the
    /// oldest; and how many there are in all, unless they are more than `counted`.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn page_by_seq(
        &self,
        filter: &EventFilter,
        goes_back: bool,
        range: Range<usize>,
        counted: usize,
    ) -> Result<CountedPage, LogError> {
        let is_all = *filter == EventFilter::default();
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
        let places = self.places_by_seq(filter, request, wanted).await?;
        let total = all.unwrap_or(places.len());
        let shown = places.get(range.start..range.end.min(places.len())).unwrap_or_default();
        Ok(CountedPage {
            places: shown.to_vec(),
            is_more: places.len() > range.end,
            total: (total <= counted).then_some(total),
        })
    }

    /// What `filter` admits of the events that arrived after `after` and up to `up_to`: of the first [`SCAN_ROWS`] of them,
    /// and, if a text is searched for, of [`super::browse::SCAN_BYTES`].
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn arrivals(&self, filter: &EventFilter, after: Seq, up_to: Seq) -> Result<Arrivals, LogError> {
        let after = after.min(up_to).get();
        let reach = after.saturating_add(i64::try_from(SCAN_ROWS).unwrap_or(i64::MAX));
        let mut searched_to = up_to.min(Seq::new(reach));
        let (conditions, way) = (filter.clone(), Way::forwards(after, searched_to.get()));
        let read = move |connection: &Connection| read_places(connection, &conditions, way, usize::MAX);
        let mut places = self.readers.read(read).await?;
        if let Some(text) = &filter.text {
            let found = self.matching(&places, text, usize::MAX).await?;
            if let Some(next) = places.get(found.searched) {
                searched_to = Seq::new(next.seq.get().saturating_sub(1));
            }
            places = found.places;
        }
        Ok(Arrivals { places, searched_to })
    }

    /// The first `wanted` places on the way that `filter` admits, whatever its text says.
    async fn places_by_seq(
        &self,
        filter: &EventFilter,
        request: SeqRequest,
        wanted: usize,
    ) -> Result<Vec<BrowsePosition>, LogError> {
        let newest = self.last_seq().get();
        let (after, last, goes_back) = match request {
            SeqRequest::Newest => (0, newest, true),
            SeqRequest::Oldest => (0, newest, false),
            SeqRequest::Before(seq) => (0, newest.min(seq.get().saturating_sub(1)), true),
            SeqRequest::After(seq) => (seq.get(), newest, false),
        };
        let mut way = Way { after, last, goes_back };
        let filter = Arc::new(filter.clone());
        let mut found = Vec::new();
        while found.len() < wanted && way.after < way.last {
            let (filter, missing) = (Arc::clone(&filter), wanted - found.len());
            let step = move |connection: &Connection| {
                // Where the index ends and what it holds, both from the same moment: a block may close in between.
                let snapshot = connection.unchecked_transaction()?;
                let next = next_stretch(&snapshot, &filter.created(), &filter.conditions(), way)?;
                let read = |stretch| Ok((places_in(&snapshot, &filter, &stretch, goes_back, missing)?, stretch));
                next.map(read).transpose()
            };
            let Some((places, stretch)) = self.readers.read(step).await? else {
                break;
            };
            found.extend(places);
            way = way.beyond(&stretch);
        }
        Ok(found)
    }
}
