//! Where the events stand that a filter admits, in the order of the walk.

use domain::{Timestamp, ids::Seq};
use futures::TryStreamExt;
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use super::{BrowsePosition, EventFilter, EventLog, LogError, filter::Walk, places::unpack};

const DOWN: &str = "SELECT created_at, seq FROM events WHERE (created_at, seq) > (?1, ?2) AND (created_at, seq) < (?3, ?4) \
    ORDER BY created_at DESC, seq DESC LIMIT ?5";
const UP: &str = "SELECT created_at, seq FROM events WHERE (created_at, seq) > (?1, ?2) AND (created_at, seq) < (?3, ?4) \
    ORDER BY created_at, seq LIMIT ?5";

/// What has come in after ?6; without it, since the last block of the index was stored. In the order in which it came.
const RECEIVED: &str = "SELECT created_at, seq FROM events \
    WHERE seq > coalesce(?6, (SELECT max(last_seq) FROM index_blocks), 0) AND seq <= ?7 \
    AND (?1 IS NULL OR ?1 IN (author_id, author_name)) \
    AND (?2 IS NULL OR entity_type = ?2 AND ?3 IN (entity_id, entity_path)) \
    AND (?4 IS NULL OR event_type = ?4) \
    AND (?5 IS NULL OR json_extract(body, '$.ip_address') = ?5) \
    AND (?8 IS NULL OR ?8 IN (author_id, author_name) OR entity_type = 'User' AND ?8 IN (entity_id, entity_path)) \
    ORDER BY seq";

impl EventLog {
    /// The first `wanted` positions on the way that `filter` admits, whatever its `text` says.
    pub(super) async fn search(
        &self,
        filter: &EventFilter,
        walk: &Walk,
        wanted: usize,
    ) -> Result<Vec<BrowsePosition>, LogError> {
        let tokens = filter.tokens();
        if tokens.is_empty() {
            return self.search_by_time(walk, wanted).await;
        }
        // In this order: a block that is stored in between is seen twice, and not missed.
        let mut found = self.search_received(filter, walk, None, Seq::new(i64::MAX)).await?;
        walk.arrange(&mut found, wanted);
        self.search_index(&tokens, walk, wanted, found).await
    }

    async fn search_by_time(&self, walk: &Walk, wanted: usize) -> Result<Vec<BrowsePosition>, LogError> {
        let rows = sqlx::query(if walk.goes_back { DOWN } else { UP })
            .bind(walk.above.created_at.unix_ms())
            .bind(walk.above.seq.get())
            .bind(walk.below.created_at.unix_ms())
            .bind(walk.below.seq.get())
            .bind(i64::try_from(wanted).unwrap_or(i64::MAX))
            .fetch_all(self.reader()?)
            .await?;
        Ok(rows.iter().map(read_place).collect())
    }

    /// Reads the log itself: what has come in after `after` (without it, after the index ends), in that order.
    pub(super) async fn search_received(
        &self,
        filter: &EventFilter,
        walk: &Walk,
        after: Option<Seq>,
        up_to: Seq,
    ) -> Result<Vec<BrowsePosition>, LogError> {
        let entity = filter.entity.as_ref();
        let rows = sqlx::query(RECEIVED)
            .bind(&filter.author)
            .bind(entity.map(|entity| &entity.entity_type))
            .bind(entity.map(|entity| &entity.entity))
            .bind(&filter.event_type)
            .bind(&filter.ip_address)
            .bind(after.map(Seq::get))
            .bind(up_to.get())
            .bind(&filter.user)
            .fetch_all(self.reader()?)
            .await?;
        Ok(rows
            .iter()
            .map(read_place)
            .filter(|place| walk.passes(*place))
            .collect())
    }

    /// Goes through the blocks that have all tokens, those nearest the start of the way first, until no later one can hold
    /// anything that belongs before what was found.
    async fn search_index(
        &self,
        tokens: &[Vec<String>],
        walk: &Walk,
        wanted: usize,
        mut found: Vec<BrowsePosition>,
    ) -> Result<Vec<BrowsePosition>, LogError> {
        let oldest: Option<i64> = sqlx::query_scalar("SELECT min(seq) FROM events")
            .fetch_one(self.reader()?)
            .await?;
        let oldest = Seq::new(oldest.unwrap_or(i64::MAX));
        let mut query = blocks_with(tokens, walk);
        let mut blocks = query.build().fetch(self.reader()?);
        while let Some(block) = blocks.try_next().await? {
            if walk.is_done(&found, wanted, Timestamp::from_unix_ms(block.get(1))) {
                break;
            }
            let places = places_of(&block, tokens)?;
            found.extend(
                places
                    .into_iter()
                    .filter(|place| place.seq >= oldest && walk.passes(*place)),
            );
            walk.arrange(&mut found, wanted);
        }
        Ok(found)
    }
}

/// One row for each block: its number, the edge where the way enters it, and where each token stands.
fn blocks_with(tokens: &[Vec<String>], walk: &Walk) -> QueryBuilder<Sqlite> {
    let edge = if walk.goes_back { "newest" } else { "oldest" };
    let mut query = QueryBuilder::new("SELECT blocks.block, ");
    query.push(edge);
    for number in 0..tokens.iter().map(Vec::len).sum() {
        query.push(format_args!(", t{number}.places"));
    }
    query.push(" FROM index_blocks AS blocks");
    let mut conditions = String::new();
    let mut number = 0_usize;
    for any in tokens {
        // A cross join keeps SQLite to this order: blocks along their edge, then each token by the primary key. What has an
        // alternative may be absent.
        let join = if any.len() == 1 { "CROSS" } else { "LEFT" };
        let mut places = Vec::new();
        for token in any {
            query.push(format_args!(
                " {join} JOIN index_entries AS t{number} ON t{number}.block = blocks.block AND t{number}.token = "
            ));
            query.push_bind(token.clone());
            places.push(format!("t{number}.places IS NOT NULL"));
            number += 1;
        }
        conditions.push_str(&format!(" AND ({})", places.join(" OR ")));
    }
    query
        .push(" WHERE newest >= ")
        .push_bind(walk.above.created_at.unix_ms());
    query.push(" AND oldest <= ").push_bind(walk.below.created_at.unix_ms());
    query.push(conditions);
    query.push(" ORDER BY ").push(edge);
    query.push(if walk.goes_back { " DESC" } else { "" });
    query
}

/// Where in the block all the tokens stand.
fn places_of(block: &SqliteRow, tokens: &[Vec<String>]) -> Result<Vec<BrowsePosition>, LogError> {
    let first_seq: i64 = block.get(0);
    let mut all: Option<Vec<BrowsePosition>> = None;
    let mut column = 2;
    for any in tokens {
        let mut places = Vec::new();
        for _ in any {
            let packed: Option<&[u8]> = block.get(column);
            places.extend(unpack(packed.unwrap_or_default()).ok_or(LogError::Unreadable { seq: first_seq })?);
            column += 1;
        }
        places.sort_unstable_by_key(|place| place.seq);
        match &mut all {
            Some(all) => all.retain(|place| places.binary_search_by_key(&place.seq, |other| other.seq).is_ok()),
            None => all = Some(places),
        }
    }
    Ok(all.unwrap_or_default())
}

fn read_place(row: &SqliteRow) -> BrowsePosition {
    BrowsePosition {
        created_at: Timestamp::from_unix_ms(row.get(0)),
        seq: Seq::new(row.get(1)),
    }
}
