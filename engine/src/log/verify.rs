//! What `audit-streams check` finds out about the log of a stopped server. Nothing is changed.

use std::path::Path;

use domain::ids::Seq;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    LogError, check,
    damage::is_damaged_row,
    schema,
    unchanged::{broken_references, damaged_pages, is_cut_off, open_copy, open_unchanged, wrong_definitions},
};
use crate::pairing::LogSide;

/// Gaps, blocks and hours that are listed; there may be more.
const LISTED: usize = 20;

/// The log of a stopped server.
pub(crate) struct LogFile {
    pub(super) connection: Connection,
}

/// Which events are in the log.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    pub(crate) events: i64,
    pub(crate) oldest: Option<Seq>,
    /// The last position that was given to an event.
    pub(crate) last: Seq,
    /// Events outside of the log that a destination may still get.
    pub(crate) kept: i64,
    /// Stretches that were given to no event.
    pub(crate) skipped: Vec<(Seq, Seq)>,
    /// Stretches whose events are missing.
    pub(crate) gaps: Vec<(Seq, Seq)>,
}

impl LogFile {
    /// # Errors
    /// [`LogError`] if the file can't be opened, or is none that this version can read.
    pub(crate) fn open(path: &Path) -> Result<Self, LogError> {
        Self::of(open_unchanged(path)?, path)
    }

    /// The log of a backup.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_copy(path: &Path) -> Result<Self, LogError> {
        Self::of(open_copy(path)?, path)
    }

    fn of(connection: Connection, path: &Path) -> Result<Self, LogError> {
        if !schema::is_log(&connection)? {
            return Err(LogError::NotALog);
        }
        if is_cut_off(&connection, path)? {
            return Err(LogError::CutOff);
        }
        Ok(Self { connection })
    }

    /// The version of its layout.
    pub(crate) const fn layout(&self) -> i64 {
        schema::VERSION
    }

    /// Tables, indexes and triggers that are not defined as in a new log.
    pub(crate) fn wrong_definitions(&self) -> Result<Vec<String>, LogError> {
        let mut expected = Connection::open_in_memory()?;
        schema::prepare(&mut expected, None)?;
        Ok(wrong_definitions(&self.connection, &expected)?)
    }

    /// What it says about itself.
    pub(crate) fn side(&self) -> Result<Option<LogSide>, LogError> {
        check::read(&self.connection)
    }

    /// What SQLite finds wrong in its pages.
    pub(crate) fn damaged_pages(&self) -> Result<Vec<String>, LogError> {
        Ok(damaged_pages(&self.connection)?)
    }

    /// How many rows refer to a row that is not there, by table.
    pub(crate) fn broken_references(&self) -> Result<Vec<(String, i64)>, LogError> {
        Ok(broken_references(&self.connection)?)
    }

    /// How many events it has. `None` if a page that has to be read for that is damaged.
    pub(crate) fn count(&self) -> Result<Option<i64>, LogError> {
        match self
            .connection
            .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        {
            Err(error) if is_damaged_row(&error) => Ok(None),
            counted => Ok(Some(counted?)),
        }
    }

    pub(crate) fn extent(&self) -> Result<Extent, LogError> {
        let sql = "SELECT count(*), (SELECT min(seq) FROM events), (SELECT max(seq) FROM events), \
                   (SELECT last_seq FROM positions), (SELECT count(*) FROM kept_events) FROM events";
        let (events, oldest, newest, last, kept): (i64, Option<i64>, Option<i64>, i64, i64) =
            self.connection.query_row(sql, [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
        let skipped = self.stretches(
            "SELECT first_seq, last_seq FROM skipped_positions ORDER BY first_seq",
            [],
        )?;
        let mut extent = Extent {
            events,
            oldest: oldest.map(Seq::new),
            last: Seq::new(last),
            kept,
            skipped,
            gaps: Vec::new(),
        };
        let skipped: i64 = extent
            .skipped
            .iter()
            .map(|(first, last)| length(first.get(), last.get()))
            .fold(0, i64::saturating_add);
        // A log without events may have had some, which were pruned.
        if let (Some(oldest), Some(newest)) = (oldest, newest) {
            let is_whole = newest == last && events == length(oldest, newest);
            if !is_whole && (skipped == 0 || !self.is_whole_but_for_skipped(&extent, oldest)?) {
                extent.gaps = self.gaps(&extent, oldest)?;
            }
        }
        Ok(extent)
    }

    fn is_whole_but_for_skipped(&self, extent: &Extent, oldest: i64) -> Result<bool, LogError> {
        let within: i64 = self.connection.query_row(
            "SELECT cast(total(last_seq - max(first_seq, ?1) + 1) AS INTEGER) FROM skipped_positions WHERE last_seq >= ?1",
            [oldest],
            |row| row.get(0),
        )?;
        Ok(extent.events.saturating_add(within) == length(oldest, extent.last.get()))
    }

    /// The stretches after the oldest event that have no events and were not skipped, also at the end.
    fn gaps(&self, extent: &Extent, oldest: i64) -> Result<Vec<(Seq, Seq)>, LogError> {
        let sql = "SELECT before + 1, seq - 1 FROM (SELECT seq, lag(seq, 1, ?1 - 1) OVER (ORDER BY seq) AS before FROM \
                   (SELECT seq FROM events UNION ALL SELECT ?2 + 1)) WHERE seq > before + 1";
        let missing = self.stretches(sql, params![oldest, extent.last.get()])?;
        let mut gaps = Vec::new();
        for stretch in missing {
            gaps.extend(without(stretch, &extent.skipped));
        }
        gaps.truncate(LISTED);
        Ok(gaps)
    }

    /// How many events are not JSON, and the position of the first.
    pub(crate) fn unreadable_bodies(&self) -> Result<Option<(i64, Seq)>, LogError> {
        let sql = "SELECT count(*), min(seq) FROM events WHERE NOT json_valid(body)";
        let (events, first): (i64, Option<i64>) = self
            .connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first.map(|first| (events, Seq::new(first))))
    }

    /// Hours and types of which the log has more events than were counted.
    pub(crate) fn wrong_counts(&self) -> Result<Vec<String>, LogError> {
        // Counts of old hours are removed, also if events of that time are still in the log.
        let sql = "WITH stored AS (SELECT received_at / 3600000 AS hour, event_type, count(*) AS events FROM events GROUP BY 1, 2) \
                   SELECT hour, event_type, events, coalesce(count, 0) FROM stored \
                   LEFT JOIN event_counts USING (hour, event_type) \
                   WHERE hour >= (SELECT min(hour) FROM event_counts) AND events > coalesce(count, 0) LIMIT 20";
        let mut statement = self.connection.prepare(sql)?;
        let wrong = statement.query_map([], |row| {
            let (hour, event_type, events, counted): (i64, String, i64, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let hour = domain::Timestamp::from_unix_ms(hour.saturating_mul(3_600_000));
            Ok(format!(
                "{events} events of type {event_type} were received in the hour from {hour}, but {counted} were counted"
            ))
        })?;
        Ok(wrong.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether the event at a position is in the log, or kept outside of it.
    pub(crate) fn has(&self, seq: Seq) -> Result<bool, LogError> {
        let sql = "SELECT 1 FROM events WHERE seq = ?1 UNION ALL SELECT 1 FROM kept_events WHERE seq = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([seq.get()], |_| Ok(())).optional()?.is_some())
    }

    /// Kept events that are in the log as well, or beyond its end.
    pub(crate) fn misplaced_kept(&self) -> Result<i64, LogError> {
        let sql = "SELECT count(*) FROM kept_events WHERE seq IN (SELECT seq FROM events) OR seq > (SELECT last_seq FROM positions)";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn stretches(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<(Seq, Seq)>, LogError> {
        let mut statement = self.connection.prepare(sql)?;
        let stretches = statement.query_map(parameters, |row| Ok((Seq::new(row.get(0)?), Seq::new(row.get(1)?))))?;
        Ok(stretches.collect::<rusqlite::Result<_>>()?)
    }
}

/// How many positions a stretch has. Numbers from a damaged file may be anything.
const fn length(first: i64, last: i64) -> i64 {
    last.saturating_sub(first).saturating_add(1)
}

/// The position before this one, whatever number a damaged file has.
pub(crate) const fn before(seq: Seq) -> Seq {
    Seq::new(seq.get().saturating_sub(1))
}

/// What is left of a stretch without others, which are in order.
pub(crate) fn without((first, last): (Seq, Seq), others: &[(Seq, Seq)]) -> Vec<(Seq, Seq)> {
    let (mut left, mut next) = (Vec::new(), first);
    for (start, end) in others
        .iter()
        .copied()
        .filter(|(start, end)| *end >= first && *start <= last)
    {
        if start > next {
            left.push((next, before(start)));
        }
        next = next.max(end.next());
    }
    if next <= last {
        left.push((next, last));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_cut_out_of_others() {
        let stretches = |numbers: &[(i64, i64)]| -> Vec<(Seq, Seq)> {
            let seqs = numbers.iter().map(|(first, last)| (Seq::new(*first), Seq::new(*last)));
            seqs.collect()
        };
        for (others, left) in [
            (&[][..], &[(5, 10)][..]),
            (&[(1, 4), (11, 12)], &[(5, 10)]),
            (&[(1, 5)], &[(6, 10)]),
            (&[(1, 20)], &[]),
            (&[(6, 7), (9, 30)], &[(5, 5), (8, 8)]),
            (&[(5, 6), (6, 8), (10, 10)], &[(9, 9)]),
        ] {
            let cut = without((Seq::new(5), Seq::new(10)), &stretches(others));
            assert_eq!(cut, stretches(left), "{others:?}");
        }
    }
}
