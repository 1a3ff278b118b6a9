//! Reading for people: a page at a time, each page found by where the one before it ended.
//!
//! Author, entity, event type and IP address are found through the index, times through a B-tree on them; so a page takes
//! as long at ten million events as at ten thousand. A text in the details is in no index: an index of every word would
//! be larger than the log. What the other conditions admit is read through instead, at most [`SCAN_ROWS`] and
//! [`SCAN_BYTES`] of them for one answer; it then says how far it has come, and whoever asked may go on from there. Nothing
//! is left out in silence.

use std::collections::{HashMap, HashSet};

use domain::{
    Timestamp,
    event::{
        EventId,
        body::{Members, contains_text},
    },
    ids::Seq,
};
use sqlx::{Row, sqlite::SqliteRow};

use super::{
    BrowsePosition, EventFilter, EventLog, LogError,
    damage::is_damage,
    filter::{BrowseRequest, Walk},
};

/// Events whose details are searched through for one answer: a tenth of a second or so.
pub(crate) const SCAN_ROWS: usize = 20_000;

/// Bodies whose details are searched through for one answer, where events are large.
pub(crate) const SCAN_BYTES: usize = 32 * 1024 * 1024;

/// Events read in one query.
const CHUNK: usize = 500;

/// One event for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowseRow {
    /// Where it is in the order of the Log.
    pub position: BrowsePosition,
    /// Who posted it: a token, or this instance.
    pub source: String,
    /// Id of the event, unique for one source.
    pub id: EventId,
    /// What happened.
    pub event_type: String,
    /// When this server received it.
    pub received_at: Timestamp,
    /// The event as it was posted: JSON.
    pub body: String,
}

/// What was found, next to where the request starts first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Browsed {
    /// In the order that was requested.
    pub rows: Vec<BrowseRow>,
    /// How far this goes, if it ended before the log and before enough was found.
    pub searched_to: Option<BrowsePosition>,
    /// The last place that was looked at, whether or not its event is among the rows.
    pub end: Option<BrowsePosition>,
    /// Events whose details were searched for a text.
    pub searched: usize,
}

/// How far places were looked at.
pub(super) struct Scanned {
    /// The last of them; the last match where enough were found.
    pub(super) end: Option<BrowsePosition>,
    /// The same, if it ended before the log and before enough was found.
    pub(super) cut_at: Option<BrowsePosition>,
    /// How many were searched for a text.
    pub(super) searched: usize,
}

impl Scanned {
    pub(super) fn all(places: &[BrowsePosition]) -> Self {
        Self {
            end: places.last().copied(),
            cut_at: None,
            searched: 0,
        }
    }
}

/// Where a text stands.
pub(super) struct Matches {
    pub(super) places: Vec<BrowsePosition>,
    /// Places that were searched, of those that were given.
    pub(super) searched: usize,
}

const CHOSEN: &str = "SELECT seq, name AS source, events.id, event_type, created_at, received_at, body \
    FROM events JOIN sources ON sources.id = events.source WHERE seq IN (SELECT value FROM json_each(?1))";

/// The same of an event that has left the log but is kept.
const KEPT: &str = "SELECT seq, name AS source, kept_events.id, event_type, created_at, received_at, body \
    FROM kept_events JOIN sources ON sources.id = kept_events.source WHERE seq = ?";

/// Bodies that may have a text in their details: where nothing is escaped, a value stands in the body as it is.
const WITH_TEXT: &str = "SELECT seq, body FROM events WHERE seq IN (SELECT value FROM json_each(?1)) \
    AND (instr(lower(body), ?2) OR instr(body, '\\'))";

/// Bodies searched before other tasks of the thread have their turn.
const SCAN_AT_ONCE: usize = 1024 * 1024;

/// Read from the head of each row; the bodies themselves are not read.
const SIZES: &str = "SELECT seq, octet_length(body) FROM events WHERE seq IN (SELECT value FROM json_each(?1))";

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
        self.browse_within(filter, request, limit, usize::MAX).await
    }

    /// The same, and no more when `bytes` of bodies are reached.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn browse_within(
        &self,
        filter: &EventFilter,
        request: BrowseRequest,
        limit: usize,
        bytes: usize,
    ) -> Result<Browsed, LogError> {
        let walk = Walk::new(filter, request);
        let wanted = if filter.text.is_some() { SCAN_ROWS } else { limit };
        let mut places = self.search(filter, &walk, wanted).await?;
        let mut scanned = Scanned::all(&places);
        if let Some(text) = &filter.text {
            (places, scanned) = self.scan(&places, text, limit).await?;
        }
        let (rows, cut_at) = self.read_places(&places, bytes).await?;
        Ok(Browsed {
            rows,
            searched_to: cut_at.or(scanned.cut_at),
            end: cut_at.or(scanned.end),
            searched: scanned.searched,
        })
    }

    /// The events at these places, in their order, without those that have gone.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn show_all(&self, places: &[BrowsePosition]) -> Result<Vec<BrowseRow>, LogError> {
        self.read_places(places, usize::MAX).await.map(|(rows, _)| rows)
    }

    /// The same for the first of the places, until there are `bytes` of bodies; and how many of the places that were.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn show_within(
        &self,
        places: &[BrowsePosition],
        bytes: usize,
    ) -> Result<(Vec<BrowseRow>, usize), LogError> {
        let (rows, cut_at) = self.read_places(places, bytes).await?;
        let last = cut_at.and_then(|cut_at| places.iter().position(|place| *place == cut_at));
        Ok((rows, last.map_or(places.len(), |last| last + 1)))
    }

    /// One event for display, also one that has left the log but is kept; none if it was never there or has gone.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn show(&self, seq: Seq) -> Result<Option<BrowseRow>, LogError> {
        let rows = sqlx::query(CHOSEN)
            .bind(format!("[{seq}]"))
            .fetch_all(self.reader()?)
            .await?;
        if let Some(row) = rows.first() {
            return read_row(row).map(Some);
        }
        let kept = sqlx::query(KEPT).bind(seq.get()).fetch_optional(self.reader()?).await?;
        kept.as_ref().map(read_row).transpose()
    }

    /// Positions between the oldest and the newest event: how many are stored, since none goes out of order.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn count(&self) -> Result<u64, LogError> {
        let oldest = self.oldest().await?;
        Ok(self.count_from(oldest.map(|(seq, _)| seq)))
    }

    /// The same from the oldest event on.
    pub(super) fn count_from(&self, oldest: Option<Seq>) -> u64 {
        let count = oldest.map_or(0, |oldest| {
            self.last_seq().get().saturating_sub(oldest.get()).saturating_add(1)
        });
        u64::try_from(count).unwrap_or(0)
    }

    /// Those of the places that have the text, at most `limit`, and how far that went.
    pub(super) async fn scan(
        &self,
        places: &[BrowsePosition],
        text: &str,
        limit: usize,
    ) -> Result<(Vec<BrowsePosition>, Scanned), LogError> {
        let found = self.matching(places, text, limit).await?;
        if found.places.len() >= limit {
            let scanned = Scanned {
                searched: found.searched,
                ..Scanned::all(&found.places)
            };
            return Ok((found.places, scanned));
        }
        let is_cut = found.searched < places.len() || places.len() == SCAN_ROWS;
        let end = found.searched.checked_sub(1).and_then(|last| places.get(last)).copied();
        let cut_at = end.filter(|_| is_cut);
        let searched = found.searched;
        Ok((found.places, Scanned { end, cut_at, searched }))
    }

    /// Those of the places, in their order, whose events have the text in their details: `enough` of them at most, found
    /// within [`SCAN_BYTES`].
    pub(super) async fn matching(
        &self,
        places: &[BrowsePosition],
        text: &str,
        enough: usize,
    ) -> Result<Matches, LogError> {
        let text = text.to_ascii_lowercase();
        let (mut matches, mut searched, mut room) = (Vec::new(), 0, SCAN_BYTES);
        for chunk in places.chunks(CHUNK) {
            let sizes = self.sizes(chunk).await?;
            let fitting = fitting(chunk, &sizes, &mut room);
            let rows = self.fetch(WITH_TEXT, fitting, Some(&text)).await?;
            let found = with_text_in_details(&rows, &text).await;
            matches.extend(fitting.iter().filter(|place| found.contains(&place.seq)));
            searched += fitting.len();
            if matches.len() >= enough || room == 0 {
                break;
            }
        }
        matches.truncate(enough);
        Ok(Matches {
            places: matches,
            searched,
        })
    }

    /// The events at these places, in their order, until there are `bytes` of bodies. Without those that have gone. And where
    /// that ended, unless the last row says so.
    pub(super) async fn read_places(
        &self,
        places: &[BrowsePosition],
        bytes: usize,
    ) -> Result<(Vec<BrowseRow>, Option<BrowsePosition>), LogError> {
        let (mut rows, mut room, mut done) = (Vec::new(), bytes, 0);
        for chunk in places.chunks(CHUNK) {
            let fitting = if bytes == usize::MAX {
                chunk
            } else {
                fitting(chunk, &self.sizes(chunk).await?, &mut room)
            };
            let mut read = HashMap::new();
            for row in self.fetch(CHOSEN, fitting, None).await? {
                match read_row(&row) {
                    Ok(row) => drop(read.insert(row.position.seq, row)),
                    Err(LogError::Unreadable { seq }) => self.damage.record(&[Seq::new(seq)]),
                    Err(error) => return Err(error),
                }
            }
            rows.extend(fitting.iter().filter_map(|place| read.remove(&place.seq)));
            done += fitting.len();
            if room == 0 {
                break;
            }
        }
        let last = done.checked_sub(1).and_then(|last| places.get(last));
        let is_short = done < places.len() || (bytes != usize::MAX && rows.len() < done);
        Ok((rows, last.copied().filter(|_| is_short)))
    }

    /// Bytes of the bodies at these places.
    async fn sizes(&self, places: &[BrowsePosition]) -> Result<HashMap<Seq, usize>, LogError> {
        let rows = self.fetch(SIZES, places, None).await?;
        let size = |row: &SqliteRow| usize::try_from(row.get::<i64, _>(1)).unwrap_or(usize::MAX);
        Ok(rows.iter().map(|row| (Seq::new(row.get(0)), size(row))).collect())
    }
}

/// Those whose details have the text. SQLite's own JSON functions would read half of a surrogate pair as bytes that are no
/// text, and a number beyond `f64` as infinity.
async fn with_text_in_details(rows: &[SqliteRow], text: &str) -> HashSet<Seq> {
    let (mut found, mut scanned) = (HashSet::new(), 0_usize);
    for row in rows {
        let Ok(body) = row.try_get::<&str, _>(1) else {
            tracing::error!(
                seq = row.get::<i64, _>(0),
                "The body of a stored event is damaged and cannot be searched."
            );
            continue;
        };
        let members = Members::read(body).unwrap_or_else(|error| {
            tracing::error!(seq = row.get::<i64, _>(0), %error, "The body of a stored event cannot be searched.");
            Members::default()
        });
        if members
            .json("details")
            .is_some_and(|details| contains_text(details, text))
        {
            found.insert(Seq::new(row.get(0)));
        }
        scanned += body.len();
        if scanned >= SCAN_AT_ONCE {
            tokio::task::yield_now().await;
            scanned = 0;
        }
    }
    found
}

impl EventLog {
    /// Asks about the events at these places. If a page that one of them is on is damaged, about each alone, without those that
    /// can't be read.
    async fn fetch(
        &self,
        sql: &'static str,
        places: &[BrowsePosition],
        text: Option<&str>,
    ) -> Result<Vec<SqliteRow>, LogError> {
        match self.fetch_all(sql, places, text).await {
            Err(error) if is_damage(&error) => {}
            fetched => return fetched,
        }
        let mut rows = Vec::new();
        for place in places {
            match self.fetch_all(sql, std::slice::from_ref(place), text).await {
                Ok(found) => rows.extend(found),
                Err(error) if is_damage(&error) => {
                    self.check_in_place()?;
                    self.damage.record(&[place.seq]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    async fn fetch_all(
        &self,
        sql: &'static str,
        places: &[BrowsePosition],
        text: Option<&str>,
    ) -> Result<Vec<SqliteRow>, LogError> {
        let query = sqlx::query(sql).bind(seqs(places));
        let query = match text {
            Some(text) => query.bind(text),
            None => query,
        };
        Ok(query.fetch_all(self.reader()?).await?)
    }
}

/// The first of the places, until there is no room left; the one that takes the last of it may be larger.
fn fitting<'places>(
    places: &'places [BrowsePosition],
    sizes: &HashMap<Seq, usize>,
    room: &mut usize,
) -> &'places [BrowsePosition] {
    let mut count = 0;
    for place in places {
        if *room == 0 {
            break;
        }
        *room = room.saturating_sub(sizes.get(&place.seq).copied().unwrap_or_default());
        count += 1;
    }
    places.get(..count).unwrap_or_default()
}

/// As SQLite reads it.
fn seqs(places: &[BrowsePosition]) -> String {
    let seqs: Vec<String> = places.iter().map(|place| place.seq.to_string()).collect();
    format!("[{}]", seqs.join(","))
}

fn read_row(row: &SqliteRow) -> Result<BrowseRow, LogError> {
    let seq: i64 = row.get("seq");
    let unreadable = || LogError::Unreadable { seq };
    let text = |column| row.try_get::<String, _>(column).map_err(|_| unreadable());
    Ok(BrowseRow {
        position: BrowsePosition {
            created_at: Timestamp::from_unix_ms(row.get("created_at")),
            seq: Seq::new(seq),
        },
        source: text("source")?,
        id: EventId::parse(&text("id")?).ok_or_else(unreadable)?,
        event_type: text("event_type")?,
        received_at: Timestamp::from_unix_ms(row.get("received_at")),
        body: text("body")?,
    })
}
