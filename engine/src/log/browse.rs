//! Reading newest first, for people.

use domain::{Timestamp, event::EventId, ids::Seq};
use sqlx::{Row, sqlite::SqliteRow};

use super::{EventLog, LogError};

/// Order of the Log: by the event's own time, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrowsePosition {
    pub created_at: Timestamp,
    pub seq: Seq,
}

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowseRequest {
    Newest,
    OlderThan(BrowsePosition),
    NewerThan(BrowsePosition),
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

const NEWEST: &str = "SELECT seq, name AS source, events.id, event_type, created_at, received_at, body \
    FROM events JOIN sources ON sources.id = events.source ORDER BY created_at DESC, seq DESC LIMIT ?3";
const OLDER: &str = "SELECT seq, name AS source, events.id, event_type, created_at, received_at, body \
    FROM events JOIN sources ON sources.id = events.source \
    WHERE (created_at, seq) < (?1, ?2) ORDER BY created_at DESC, seq DESC LIMIT ?3";
const NEWER: &str = "SELECT seq, name AS source, events.id, event_type, created_at, received_at, body \
    FROM events JOIN sources ON sources.id = events.source \
    WHERE (created_at, seq) > (?1, ?2) ORDER BY created_at, seq LIMIT ?3";
const ONE: &str = "SELECT seq, name AS source, events.id, event_type, created_at, received_at, body \
    FROM events JOIN sources ON sources.id = events.source WHERE seq = ?";

impl EventLog {
    /// At most `limit` rows, newest first whichever way they were asked for; those next to the position.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn browse(&self, request: BrowseRequest, limit: u32) -> Result<Vec<BrowseRow>, LogError> {
        let (sql, position) = match request {
            BrowseRequest::Newest => (NEWEST, None),
            BrowseRequest::OlderThan(position) => (OLDER, Some(position)),
            BrowseRequest::NewerThan(position) => (NEWER, Some(position)),
        };
        let rows = sqlx::query(sql)
            .bind(position.map(|position| position.created_at.unix_ms()))
            .bind(position.map(|position| position.seq.get()))
            .bind(limit)
            .fetch_all(&self.reader)
            .await?;
        let mut rows = rows.iter().map(read_row).collect::<Result<Vec<_>, _>>()?;
        if matches!(request, BrowseRequest::NewerThan(_)) {
            rows.reverse();
        }
        Ok(rows)
    }

    /// One event for display; none if it was never there or has gone.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn show(&self, seq: Seq) -> Result<Option<BrowseRow>, LogError> {
        let row = sqlx::query(ONE).bind(seq.get()).fetch_optional(&self.reader).await?;
        row.as_ref().map(read_row).transpose()
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
