//! Reading for people: a page at a time, each page found by where the one before it ended.
//!
//! Author, entity, event type and IP address are found through the index, times through a B-tree on them; so a page takes
//! as long at ten million events as at ten thousand. A text in the details is in no index: an index of every word would
//! be larger than the log. What the other conditions admit is read through instead, at most [`SCAN_ROWS`] of them for one
//! answer; it then says how far it has come, and whoever asked may go on from there. Nothing is left out in silence.

use std::collections::HashMap;

use domain::{Timestamp, event::EventId, ids::Seq};
use sqlx::{Row, sqlite::SqliteRow};

use super::{
    EventFilter, EventLog, LogError,
    filter::{BrowseRequest, Walk},
};

/// Events whose details are searched through for one answer: a tenth of a second or so.
pub const SCAN_ROWS: usize = 20_000;

/// Events read in one query.
const CHUNK: usize = 500;

/// Order of the Log: by the event's own time, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowsePosition {
    pub created_at: Timestamp,
    pub seq: Seq,
}

/// One event for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowseRow {
    pub position: BrowsePosition,
    pub source: String,
    pub id: EventId,
    pub event_type: String,
    pub received_at: Timestamp,
    pub body: String,
}

/// What was found, next to where the request starts first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Browsed {
    pub rows: Vec<BrowseRow>,
    /// How far a text was searched, if that ended before the log and before enough was found.
    pub searched_to: Option<BrowsePosition>,
}

const CHOSEN: &str = "SELECT seq, name AS source, events.id, event_type, created_at, received_at, body \
    FROM events JOIN sources ON sources.id = events.source WHERE seq IN (SELECT value FROM json_each(?1))";

/// `json_tree` takes long, so bodies that can't match are passed over by their text: where nothing is escaped, a value
/// stands in the body as it is.
const CHOSEN_WITH_TEXT: &str = "SELECT seq, name AS source, events.id, event_type, created_at, received_at, body \
    FROM events JOIN sources ON sources.id = events.source WHERE seq IN (SELECT value FROM json_each(?1)) \
    AND (instr(lower(body), ?2) OR instr(body, '\\')) \
    AND EXISTS (SELECT 1 FROM json_tree(body, '$.details') WHERE instr(lower(atom), ?2))";

impl EventLog {
    /// At most `limit` of the events that `filter` admits: those next to where the request starts, in the order of its way.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn browse(
        &self,
        filter: &EventFilter,
        request: BrowseRequest,
        limit: usize,
    ) -> Result<Browsed, LogError> {
        let walk = Walk::new(filter, request);
        let wanted = if filter.text.is_some() { SCAN_ROWS } else { limit };
        let places = self.search(filter, &walk, wanted).await?;
        let text = filter.text.as_ref().map(|text| text.to_ascii_lowercase());
        let mut rows = Vec::new();
        for chunk in places.chunks(CHUNK) {
            rows.extend(self.read_places(chunk, text.as_deref()).await?);
            if rows.len() >= limit {
                break;
            }
        }
        let is_cut = text.is_some() && rows.len() < limit && places.len() == SCAN_ROWS;
        rows.truncate(limit);
        Ok(Browsed {
            rows,
            searched_to: places.last().copied().filter(|_| is_cut),
        })
    }

    /// One event for display; none if it was never there or has gone.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn show(&self, seq: Seq) -> Result<Option<BrowseRow>, LogError> {
        let rows = sqlx::query(CHOSEN)
            .bind(format!("[{seq}]"))
            .fetch_all(&self.reader)
            .await?;
        rows.first().map(read_row).transpose()
    }

    /// Positions between the oldest and the newest event: how many are stored, since none goes out of order.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn count(&self) -> Result<u64, LogError> {
        let oldest: Option<i64> = sqlx::query_scalar("SELECT min(seq) FROM events")
            .fetch_one(&self.reader)
            .await?;
        let count = oldest.map_or(0, |oldest| {
            self.last_seq().get().saturating_sub(oldest).saturating_add(1)
        });
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The events at these places, in their order, without those that lack the text.
    async fn read_places(&self, places: &[BrowsePosition], text: Option<&str>) -> Result<Vec<BrowseRow>, LogError> {
        let seqs: Vec<String> = places.iter().map(|place| place.seq.to_string()).collect();
        let chosen = sqlx::query(if text.is_some() { CHOSEN_WITH_TEXT } else { CHOSEN })
            .bind(format!("[{}]", seqs.join(",")))
            .bind(text)
            .fetch_all(&self.reader)
            .await?;
        let rows = chosen
            .iter()
            .map(|row| read_row(row).map(|row| (row.position.seq, row)));
        let mut rows = rows.collect::<Result<HashMap<_, _>, _>>()?;
        Ok(places.iter().filter_map(|place| rows.remove(&place.seq)).collect())
    }
}

fn read_row(row: &SqliteRow) -> Result<BrowseRow, LogError> {
    let seq: i64 = row.get("seq");
    Ok(BrowseRow {
        position: BrowsePosition {
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
            seq: Seq::new(seq),
        },
        source: row.get("source"),
        id: EventId::parse(row.get("id")).ok_or(LogError::Unreadable { seq })?,
        event_type: row.get("event_type"),
        received_at: Timestamp::from_unix_ms(row.get("received_at")),
        body: row.get("body"),
    })
}
