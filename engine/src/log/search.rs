//! Where the events stand that a filter admits, in the order of the walk.

use domain::{Timestamp, ids::Seq};
use futures::TryStreamExt;
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use super::{BrowsePosition, EventFilter, EventLog, LogError, filter::Walk, places::unpack};

const DOWN: &str = "SELECT created_at, seq FROM events WHERE (created_at, seq) > (?1, ?2) AND (created_at, seq) < (?3, ?4) \
    ORDER BY created_at DESC, seq DESC LIMIT ?5";
const UP: &str = "SELECT created_at, seq FROM events WHERE (created_at, seq) > (?1, ?2) AND (created_at, seq) < (?3, ?4) \
    ORDER BY created_at, seq LIMIT ?5";

/// What has come in since the last block of the index was stored.
const NOT_INDEXED: &str = "SELECT created_at, seq FROM events \
    WHERE seq > (SELECT coalesce(max(last_seq), 0) FROM index_blocks) \
    AND (?1 IS NULL OR ?1 IN (author_id, author_name)) \
    AND (?2 IS NULL OR entity_type = ?2 AND ?3 IN (entity_id, entity_path)) \
    AND (?4 IS NULL OR event_type = ?4) \
    AND (?5 IS NULL OR json_extract(body, '$.ip_address') = ?5)";

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
        let mut found = self.search_not_indexed(filter, walk).await?;
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
            .fetch_all(&self.reader)
            .await?;
        Ok(rows.iter().map(read_place).collect())
    }

    async fn search_not_indexed(&self, filter: &EventFilter, walk: &Walk) -> Result<Vec<BrowsePosition>, LogError> {
        let entity = filter.entity.as_ref();
        let rows = sqlx::query(NOT_INDEXED)
            .bind(&filter.author)
            .bind(entity.map(|entity| &entity.entity_type))
            .bind(entity.map(|entity| &entity.entity))
            .bind(&filter.event_type)
            .bind(&filter.ip_address)
            .fetch_all(&self.reader)
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
        tokens: &[String],
        walk: &Walk,
        wanted: usize,
        mut found: Vec<BrowsePosition>,
    ) -> Result<Vec<BrowsePosition>, LogError> {
        let oldest: Option<i64> = sqlx::query_scalar("SELECT min(seq) FROM events")
            .fetch_one(&self.reader)
            .await?;
        let oldest = Seq::new(oldest.unwrap_or(i64::MAX));
        let mut query = blocks_with(tokens, walk);
        let mut blocks = query.build().fetch(&self.reader);
        while let Some(block) = blocks.try_next().await? {
            if walk.is_done(&found, wanted, Timestamp::from_unix_ms(block.get(1))) {
                break;
            }
            let places = places_of(&block, tokens.len())?;
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
fn blocks_with(tokens: &[String], walk: &Walk) -> QueryBuilder<Sqlite> {
    let edge = if walk.goes_back { "newest" } else { "oldest" };
    let mut query = QueryBuilder::new("SELECT blocks.block, ");
    query.push(edge);
    for position in 0..tokens.len() {
        query.push(format_args!(", t{position}.places"));
    }
    query.push(" FROM index_blocks AS blocks");
    // A cross join keeps SQLite to this order: blocks along their edge, then each token by the primary key.
    for position in 0..tokens.len() {
        query.push(format_args!(" CROSS JOIN index_entries AS t{position}"));
    }
    query
        .push(" WHERE newest >= ")
        .push_bind(walk.above.created_at.unix_ms());
    query.push(" AND oldest <= ").push_bind(walk.below.created_at.unix_ms());
    for (position, token) in tokens.iter().enumerate() {
        query.push(format_args!(
            " AND t{position}.block = blocks.block AND t{position}.token = "
        ));
        query.push_bind(token.clone());
    }
    query.push(" ORDER BY ").push(edge);
    query.push(if walk.goes_back { " DESC" } else { "" });
    query
}

/// Where in the block all the tokens stand.
fn places_of(block: &SqliteRow, tokens: usize) -> Result<Vec<BrowsePosition>, LogError> {
    let first_seq: i64 = block.get(0);
    let list = |token: usize| unpack(block.get(2 + token)).ok_or(LogError::Unreadable { seq: first_seq });
    let mut places = list(0)?;
    for token in 1..tokens {
        let others = list(token)?;
        places.retain(|place| others.binary_search_by_key(&place.seq, |other| other.seq).is_ok());
    }
    Ok(places)
}

fn read_place(row: &SqliteRow) -> BrowsePosition {
    BrowsePosition {
        created_at: Timestamp::from_unix_ms(row.get(0)),
        seq: Seq::new(row.get(1)),
    }
}
