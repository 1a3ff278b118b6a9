//! Walking through the log in the order of positions, in either direction: for programs that poll, for readers who follow
//! the log, and for replays.
//!
//! An event states itself when it was created and may arrive late, so a range of time is no range of positions. But each
//! block of the index is a range of positions, and stores between which times its events were created and which tokens they
//! have. A walk goes from one [`Stretch`] to the next: a block that may contain something, or a part of the log after the
//! last block. Blocks that can't contain anything are skipped. So a step is short and holds little in memory, and no further
//! step is taken once the caller no longer waits.

use std::{collections::BTreeSet, ops::Range};

use domain::{Timestamp, ids::Seq};
use rusqlite::{Connection, Row};

use super::{
    BrowsePosition, EventFilter, LogError,
    damage::{first_readable, is_damaged_row},
    filter::{Condition, push_conditions},
    places::unpack,
    statement::Statement,
};

/// Positions after the last block that are read in one step.
const STEP: i64 = 4_096;

/// Events of a block that are read one by one at most.
const SINGLE_READS: usize = 256;

/// What is left of a walk: the positions after `after` and up to `last`, and the direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) after: i64,
    pub(super) last: i64,
    pub(super) goes_back: bool,
}

impl Way {
    pub(super) const fn forwards(after: i64, last: i64) -> Self {
        Self {
            after,
            last,
            goes_back: false,
        }
    }

    /// What is left once this stretch was read.
    pub(super) const fn beyond(mut self, stretch: &Stretch) -> Self {
        if self.goes_back {
            self.last = stretch.after;
        } else {
            self.after = stretch.last;
        }
        self
    }

    const fn order(self) -> &'static str {
        if self.goes_back { " DESC" } else { "" }
    }
}

/// A part of the log that may contain something: the positions after `after` and up to `last`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) after: i64,
    pub(super) last: i64,
    /// The block of the index that it is in; `None` after the last block.
    pub(super) block: Option<Block>,
}

/// A whole block of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Its first position.
    pub(super) first: i64,
    /// Its last position.
    pub(super) last: i64,
    /// When its oldest event was created, in Unix milliseconds.
    pub(super) oldest: i64,
    /// When its newest event was created, in Unix milliseconds.
    pub(super) newest: i64,
}

/// The next stretch on the way with events that were created in this range of Unix milliseconds and, as far as the index
/// knows, meet the conditions. `None` if there is nothing more.
///
/// # Errors
/// [`LogError`] if the disk can't be read.
pub(super) fn next_stretch(
    connection: &Connection,
    created: &Range<i64>,
    conditions: &[Condition],
    way: Way,
) -> Result<Option<Stretch>, LogError> {
    if way.goes_back
        && let Some(stretch) = unindexed(connection, way)?
    {
        return Ok(Some(stretch));
    }
    let mut query = Statement::new(
        "SELECT block, last_seq, oldest, newest FROM index_blocks \
         WHERE block >= coalesce((SELECT max(block) FROM index_blocks WHERE block <= 1 + ",
    );
    query.bind(way.after).push("), 0) AND last_seq > ").bind(way.after);
    query.push(" AND block <= ").bind(way.last);
    query.push(" AND newest >= ").bind(created.start);
    query.push(" AND oldest < ").bind(created.end);
    push_conditions(&mut query, conditions);
    query.push(" ORDER BY block").push(way.order()).push(" LIMIT 1");
    let blocks = query.rows(connection, |row| {
        let (first, last): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(Stretch {
            after: way.after.max(first - 1),
            last: way.last.min(last),
            block: Some(Block {
                first,
                last,
                oldest: row.get(2)?,
                newest: row.get(3)?,
            }),
        })
    })?;
    match blocks.first() {
        None if !way.goes_back => unindexed(connection, way),
        block => Ok(block.copied()),
    }
}

/// The next part of the way that is in no block.
fn unindexed(connection: &Connection, way: Way) -> Result<Option<Stretch>, LogError> {
    let Some(oldest) = oldest(connection)? else {
        return Ok(None);
    };
    let start = way.after.max(oldest - 1).max(indexed_to(connection)?);
    if start >= way.last {
        return Ok(None);
    }
    let (after, last) = if way.goes_back {
        (start.max(way.last.saturating_sub(STEP)), way.last)
    } else {
        (start, way.last.min(start.saturating_add(STEP)))
    };
    Ok(Some(Stretch {
        after,
        last,
        block: None,
    }))
}

/// The last position of the last block.
pub(super) fn indexed_to(connection: &Connection) -> Result<i64, LogError> {
    let last: Option<i64> = connection.query_row("SELECT max(last_seq) FROM index_blocks", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

/// The first position in the log that can be read; `None` if the log is empty. On a damaged log, it is after the damaged page if
/// that is the first one.
pub(super) fn oldest(connection: &Connection) -> Result<Option<i64>, LogError> {
    match connection.query_row("SELECT min(seq) FROM events", [], |row| row.get(0)) {
        Err(error) if is_damaged_row(&error) => {
            let last = connection.query_row("SELECT last_seq FROM positions", [], |row| row.get(0))?;
            let first = first_readable(connection, "events", Seq::START.next(), Seq::new(last))?;
            Ok(Some(first.get()))
        }
        oldest => Ok(oldest?),
    }
}

/// At most `wanted` of the places in the stretch that the filter admits, whatever its text says, in the order of the way.
///
/// # Errors
/// [`LogError`] if the disk can't be read.
pub(super) fn places_in(
    connection: &Connection,
    filter: &EventFilter,
    stretch: &Stretch,
    goes_back: bool,
    wanted: usize,
) -> Result<Vec<BrowsePosition>, LogError> {
    let (Some(block), true) = (stretch.block, filter.is_indexed()) else {
        let mut way = Way::forwards(stretch.after, stretch.last);
        way.goes_back = goes_back;
        return read_places(connection, filter, way, wanted);
    };
    let created = filter.created();
    let mut places = admitted(connection, filter, (block.first, block.last))?;
    let after = oldest(connection)?.map_or(i64::MAX, |oldest| stretch.after.max(oldest - 1));
    places.retain(|place| after < place.seq.get() && place.seq.get() <= stretch.last);
    places.retain(|place| created.contains(&place.created_at.unix_ms()));
    if goes_back {
        places.reverse();
    }
    places.truncate(wanted);
    Ok(places)
}

/// Where in a stretch of a block the events are that meet all conditions, in the order of positions.
///
/// # Errors
/// [`LogError`] if the disk can't be read.
pub(super) fn look_up_within(
    connection: &Connection,
    conditions: &[Condition],
    stretch: &Stretch,
    block: Block,
) -> Result<Vec<BrowsePosition>, LogError> {
    // Events leave the log before their block does.
    let after = oldest(connection)?.map_or(i64::MAX, |oldest| stretch.after.max(oldest - 1));
    let mut places = look_up(connection, conditions, block.first)?;
    places.retain(|place| after < place.seq.get() && place.seq.get() <= stretch.last);
    Ok(places)
}

/// Where in a block the events are that meet all conditions, in the order of positions; also those that have left the log.
///
/// # Errors
/// [`LogError`] if the disk can't be read.
pub(super) fn look_up(
    connection: &Connection,
    conditions: &[Condition],
    block: i64,
) -> Result<Vec<BrowsePosition>, LogError> {
    let mut all: Option<Vec<BrowsePosition>> = None;
    for condition in conditions {
        let mut query = Statement::new("SELECT places FROM index_entries WHERE block = ");
        query.bind(block).push(" AND (");
        condition.push_to(&mut query);
        query.push(")");
        let mut places = Vec::new();
        query.each(connection, |row| {
            let packed = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            places.extend(unpack(packed).ok_or(LogError::Unreadable { seq: block })?);
            Ok(true)
        })?;
        places.sort_unstable_by_key(|place| place.seq);
        places.dedup();
        match &mut all {
            Some(all) => all.retain(|place| places.binary_search_by_key(&place.seq, |other| other.seq).is_ok()),
            None => all = Some(places),
        }
    }
    Ok(all.unwrap_or_default())
}

/// Where in a block the events are that the filter admits, whatever its text and times say, in the order of positions; also
/// those that have left the log. `block` is its first and its last position.
///
/// # Errors
/// [`LogError`] if the disk can't be read.
pub(super) fn admitted(
    connection: &Connection,
    filter: &EventFilter,
    (first, last): (i64, i64),
) -> Result<Vec<BrowsePosition>, LogError> {
    let conditions = filter.conditions();
    let mut excluded = BTreeSet::new();
    if let Some(condition) = filter.except.condition() {
        let places = look_up(connection, std::slice::from_ref(&condition), first)?;
        excluded.extend(places.into_iter().map(|place| place.seq.get()));
    }
    if conditions.is_empty() {
        return all_but(connection, &excluded, (first, last));
    }
    let mut places = look_up(connection, &conditions, first)?;
    places.retain(|place| !excluded.contains(&place.seq.get()));
    Ok(places)
}

/// Every place in a block but those at the excluded positions. Where nearly all are excluded, the others are read one by one.
fn all_but(
    connection: &Connection,
    excluded: &BTreeSet<i64>,
    (first, last): (i64, i64),
) -> Result<Vec<BrowsePosition>, LogError> {
    let left: Vec<i64> = (first..=last).filter(|seq| !excluded.contains(seq)).collect();
    if left.len() <= SINGLE_READS {
        let mut query = Statement::new("SELECT created_at, seq FROM events WHERE seq IN (SELECT value FROM json_each(");
        query.bind(format!("{left:?}")).push(")) ORDER BY seq");
        return query.rows(connection, read_place);
    }
    let way = Way::forwards(first - 1, last);
    let mut places = read_places(connection, &EventFilter::default(), way, usize::MAX)?;
    places.retain(|place| !excluded.contains(&place.seq.get()));
    Ok(places)
}

/// Reads the log itself: at most `wanted` of the places on the way that the filter admits, whatever its text says.
///
/// # Errors
/// [`LogError`] if the disk can't be read.
pub(super) fn read_places(
    connection: &Connection,
    filter: &EventFilter,
    way: Way,
    wanted: usize,
) -> Result<Vec<BrowsePosition>, LogError> {
    let created = filter.created();
    let mut query = Statement::new("SELECT created_at, seq FROM events WHERE seq > ");
    query.bind(way.after).push(" AND seq <= ").bind(way.last);
    // The time is compared in each row: the index on it would give another order.
    query.push(" AND +created_at >= ").bind(created.start);
    query.push(" AND +created_at < ").bind(created.end);
    filter.push_columns(&mut query);
    query.push(" ORDER BY seq").push(way.order());
    query.push(" LIMIT ").bind(i64::try_from(wanted).unwrap_or(i64::MAX));
    query.rows(connection, read_place)
}

/// Reads `created_at` and `seq`.
pub(super) fn read_place(row: &Row<'_>) -> Result<BrowsePosition, LogError> {
    Ok(BrowsePosition {
        created_at: Timestamp::from_unix_ms(row.get(0)?),
        seq: Seq::new(row.get(1)?),
    })
}
