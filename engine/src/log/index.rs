//! The index by author, entity, event type and IP address: which events of each block of the log carry which token.
//!
//! A B-tree index on each of these columns would make every commit rewrite as many pages as it has authors and entities,
//! which costs more than storing the events themselves. So the log is indexed in blocks of some thousand events. While a
//! block fills, the writer keeps its tokens in memory; when it is full, they go into `index_entries` in one run, in the
//! order of the table, within the transaction that stores the last of its events. A search asks each block for its tokens
//! by primary key, intersects what it finds, and reads the events after the last block from the log itself: at 10 million
//! events that is about 2,400 small look-ups for what is nowhere, and one or two for what is common.
//!
//! A block says between which times its events were created, so that a search by time skips what can't hold any. Blocks
//! go when the last of their events has gone. What is in memory is no secret of the writer: after a restart or a failed
//! commit, the missing part is read from the log.

use std::collections::HashMap;

use domain::{Timestamp, event::AuditEvent, ids::Seq};
use foldhash::fast::RandomState;
use rusqlite::{Connection, Transaction, params};

use super::{
    BrowsePosition,
    damage::{is_damaged_row, unreadable_after},
    places::Places,
};

/// Events in a block, or more where one commit goes beyond. A smaller block leaves less to be read from the log itself, a
/// larger one makes fewer blocks to be asked.
const BLOCK: i64 = 4_096;

/// What an event can be found by. Author and entity are known by their id as well as by their name or path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token<'text> {
    Author(&'text str),
    Entity(&'text str, &'text str),
    EventType(&'text str),
    IpAddress(&'text str),
}

impl Token<'_> {
    /// As it stands in the index.
    pub(super) fn key(self) -> String {
        let mut key = String::new();
        self.write_key(&mut key);
        key
    }

    fn write_key(self, key: &mut String) {
        key.clear();
        match self {
            Self::Author(author) => key.extend(["a", author]),
            Self::Entity(entity_type, entity) => key.extend(["e", entity_type, "\n", entity]),
            Self::EventType(event_type) => key.extend(["t", event_type]),
            Self::IpAddress(ip_address) => key.extend(["i", ip_address]),
        }
    }
}

/// The first key of an entity of this type, and the first that is none any more.
pub(super) fn entities_of_type(entity_type: &str) -> (String, String) {
    let key = |end: &str| ["e", entity_type, end].concat();
    (key("\n"), key("\u{b}"))
}

/// Takes the blocks away of which no event is left.
pub(super) fn forget_blocks(connection: &Connection, last_deleted: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM index_entries WHERE block IN (SELECT block FROM index_blocks WHERE last_seq <= ?)",
        )?
        .execute([last_deleted])?;
    connection
        .prepare_cached("DELETE FROM index_blocks WHERE last_seq <= ?")?
        .execute([last_deleted])?;
    Ok(())
}

/// What a block has to contain.
pub(super) struct IndexedBlock {
    /// When its oldest and its newest event were created; `None` if it has none.
    pub(super) times: Option<(Timestamp, Timestamp)>,
    /// By token.
    pub(super) entries: HashMap<String, Vec<u8>>,
}

/// Indexes a stretch of the log again, and stores nothing.
pub(super) fn index_again(connection: &Connection, (first, last): (Seq, Seq)) -> rusqlite::Result<IndexedBlock> {
    let mut block = OpenBlock {
        indexed_to: Seq::new(first.get().saturating_sub(1)),
        first: last.next(),
        tokens: HashMap::default(),
        times: None,
        key: String::new(),
        is_doubtful: false,
        unreadable: Vec::new(),
    };
    block.read(connection, last)?;
    let entries = block
        .tokens
        .drain()
        .map(|(token, places)| (token, places.as_bytes().to_vec()));
    Ok(IndexedBlock {
        entries: entries.collect(),
        times: block.times,
    })
}

/// What of an event is indexed.
struct Indexed<'event> {
    author_id: &'event str,
    author_name: &'event str,
    entity_type: &'event str,
    entity_id: &'event str,
    entity_path: &'event str,
    event_type: &'event str,
    ip_address: &'event str,
}

/// The part of the log that is not in the index yet, as far as it is in memory.
pub(super) struct OpenBlock {
    /// The end of the last stored block.
    indexed_to: Seq,
    /// Where memory begins; events between the two have to be read from the log.
    first: Seq,
    tokens: HashMap<String, Places, RandomState>,
    times: Option<(Timestamp, Timestamp)>,
    key: String,
    /// The file could not be read after a transaction that failed, so what stands above may be more than it holds.
    is_doubtful: bool,
    /// Positions that were passed over because they can't be read.
    unreadable: Vec<Seq>,
}

impl OpenBlock {
    /// Finds out where the index ends, with nothing in memory.
    pub(super) fn after(connection: &Connection, last_seq: Seq) -> rusqlite::Result<Self> {
        let indexed_to: Option<i64> =
            connection.query_row("SELECT max(last_seq) FROM index_blocks", [], |row| row.get(0))?;
        let oldest = connection.query_row("SELECT min(seq) FROM events", [], |row| row.get::<_, Option<i64>>(0));
        let before_oldest = match oldest {
            // The page of the oldest event is damaged: the index alone says where it ends.
            Err(error) if is_damaged_row(&error) => 0,
            oldest => oldest?.map_or(last_seq.get(), |oldest| oldest - 1),
        };
        Ok(Self {
            indexed_to: Seq::new(indexed_to.unwrap_or(0).max(before_oldest)),
            first: last_seq.next(),
            tokens: HashMap::default(),
            times: None,
            key: String::new(),
            is_doubtful: false,
            unreadable: Vec::new(),
        })
    }

    /// Begins again from what the file holds: for after a transaction that failed.
    pub(super) fn restart(&mut self, connection: &Connection, last_seq: Seq) {
        match Self::after(connection, last_seq) {
            Ok(open) => *self = open,
            Err(error) => {
                tracing::error!(error = %error, "The log's index could not be read.");
                self.is_doubtful = true;
            }
        }
    }

    pub(super) fn add(&mut self, seq: Seq, event: &AuditEvent) {
        let place = BrowsePosition {
            created_at: event.created_at,
            seq,
        };
        self.add_tokens(
            place,
            &Indexed {
                author_id: &event.author_id,
                author_name: &event.author_name,
                entity_type: &event.entity_type,
                entity_id: &event.entity_id,
                entity_path: &event.entity_path,
                event_type: event.event_type.as_str(),
                ip_address: &event.ip_address,
            },
        );
    }

    /// Reads what is not in memory of a block that `more` events may fill.
    pub(super) fn complete(&mut self, connection: &Connection, last_seq: Seq, more: usize) -> rusqlite::Result<()> {
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        let length = (last_seq.get() - self.indexed_to.get()).saturating_add(more);
        if self.is_doubtful || self.first <= self.indexed_to.next() || length < BLOCK {
            return Ok(());
        }
        self.read(connection, last_seq)?;
        self.first = self.indexed_to.next();
        Ok(())
    }

    /// Stores the block if it is full. If the transaction then fails, `restart` has to follow.
    pub(super) fn store_if_full(&mut self, transaction: &Transaction<'_>, last_seq: Seq) -> rusqlite::Result<()> {
        if self.is_doubtful {
            *self = Self::after(transaction, last_seq)?;
        }
        if last_seq.get() - self.indexed_to.get() < BLOCK {
            return Ok(());
        }
        if self.first > self.indexed_to.next() {
            self.read(transaction, last_seq)?;
        }
        self.store(transaction, last_seq)
    }

    fn add_tokens(&mut self, place: BrowsePosition, event: &Indexed<'_>) {
        let (oldest, newest) = self.times.unwrap_or((place.created_at, place.created_at));
        self.times = Some((oldest.min(place.created_at), newest.max(place.created_at)));
        self.add_token(place, event.event_type, Token::EventType);
        self.add_token(place, event.ip_address, Token::IpAddress);
        self.add_token(place, event.author_id, Token::Author);
        if event.author_name != event.author_id {
            self.add_token(place, event.author_name, Token::Author);
        }
        let entity = |entity| Token::Entity(event.entity_type, entity);
        self.add_token(place, event.entity_id, entity);
        if event.entity_path != event.entity_id {
            self.add_token(place, event.entity_path, entity);
        }
    }

    fn add_token<'text>(
        &mut self,
        place: BrowsePosition,
        text: &'text str,
        token: impl Fn(&'text str) -> Token<'text>,
    ) {
        if text.is_empty() {
            return;
        }
        token(text).write_key(&mut self.key);
        match self.tokens.get_mut(&self.key) {
            Some(places) => places.push(place),
            None => self.tokens.entry(self.key.clone()).or_default().push(place),
        }
    }

    /// What can't be read and was therefore left out of the index, since this was last asked.
    pub(super) fn take_unreadable(&mut self) -> Vec<Seq> {
        std::mem::take(&mut self.unreadable)
    }

    /// Forgets what is in memory, and takes everything after the index up to `last_seq` from the log. What can't be read is
    /// left out: a damaged page must not keep new events from being stored.
    fn read(&mut self, connection: &Connection, last_seq: Seq) -> rusqlite::Result<()> {
        self.tokens.clear();
        self.times = None;
        let mut read_to = self.indexed_to;
        while let Err(error) = self.read_on(connection, &mut read_to, last_seq) {
            if !is_damaged_row(&error) {
                return Err(error);
            }
            let Some(unreadable) = unreadable_after(connection, (read_to, last_seq)) else {
                tracing::error!(
                    error = %error,
                    "Events can't be indexed, because more than a page of events.db is damaged: searches don't find them."
                );
                break;
            };
            read_to = unreadable.last().copied().unwrap_or(last_seq);
            self.unreadable.extend(unreadable);
        }
        Ok(())
    }

    fn read_on(&mut self, connection: &Connection, read_to: &mut Seq, last_seq: Seq) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "SELECT seq, created_at, event_type, author_id, author_name, entity_type, entity_id, entity_path, \
             CASE WHEN json_valid(body) THEN coalesce(json_extract(body, '$.ip_address'), '') ELSE '' END \
             FROM events WHERE seq >= ? + 1 AND seq <= ? ORDER BY seq",
        )?;
        let mut rows = statement.query(params![read_to.get(), last_seq.get()])?;
        while let Some(row) = rows.next()? {
            let place = BrowsePosition {
                created_at: Timestamp::from_unix_ms(row.get(1)?),
                seq: Seq::new(row.get(0)?),
            };
            let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
            // SQLite writes half of a surrogate pair as bytes that are not UTF-8.
            let ip_address = row.get_ref(8)?.as_bytes()?;
            let ip_address = String::from_utf8_lossy(ip_address);
            let event = Indexed {
                event_type: text(2)?,
                author_id: text(3)?,
                author_name: text(4)?,
                entity_type: text(5)?,
                entity_id: text(6)?,
                entity_path: text(7)?,
                ip_address: &ip_address,
            };
            self.add_tokens(place, &event);
            *read_to = place.seq;
        }
        Ok(())
    }

    fn store(&mut self, transaction: &Transaction<'_>, last_seq: Seq) -> rusqlite::Result<()> {
        let Some((oldest, newest)) = self.times.take() else {
            // No event stands there: positions were passed over when a log from a backup was accepted.
            self.indexed_to = last_seq;
            self.first = last_seq.next();
            return Ok(());
        };
        let mut block = transaction
            .prepare_cached("INSERT INTO index_blocks (block, last_seq, oldest, newest) VALUES (?, ?, ?, ?)")?;
        let first = self.indexed_to.next().get();
        block.execute(params![first, last_seq.get(), oldest.unix_ms(), newest.unix_ms()])?;
        let mut entry =
            transaction.prepare_cached("INSERT INTO index_entries (block, token, places) VALUES (?, ?, ?)")?;
        let mut tokens: Vec<(String, Places)> = self.tokens.drain().collect();
        tokens.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (token, places) in tokens {
            entry.execute(params![first, token, places.as_bytes()])?;
        }
        self.indexed_to = last_seq;
        self.first = last_seq.next();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::schema, *};

    fn log() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::prepare(&mut connection, None).unwrap();
        connection
            .execute("INSERT INTO sources (id, name) VALUES (1, 'a')", [])
            .unwrap();
        connection
    }

    fn insert_block(transaction: &Transaction<'_>) {
        for seq in 1..=BLOCK {
            transaction
                .execute(
                    "INSERT INTO events VALUES (?1, 1, ?1, 'x', '7', 'Ada', '', '', '', 0, 0, '{}')",
                    [seq],
                )
                .unwrap();
        }
    }

    #[test]
    fn half_of_a_surrogate_pair_is_indexed() {
        let mut connection = log();
        let transaction = connection.transaction().unwrap();
        insert_block(&transaction);
        transaction
            .execute(
                "UPDATE events SET body = '{\"ip_address\":\"\\ud83d\"}' WHERE seq = 7",
                [],
            )
            .unwrap();
        transaction.commit().unwrap();
        let end = Seq::new(BLOCK);
        let mut open = OpenBlock::after(&connection, end).unwrap();
        open.complete(&connection, end, 0).unwrap();
        let transaction = connection.transaction().unwrap();
        open.store_if_full(&transaction, end).unwrap();
        transaction.commit().unwrap();
        assert_eq!(open.indexed_to, end);
    }

    #[test]
    fn a_block_whose_commit_failed_is_stored_later_even_if_the_file_could_not_be_read() {
        let (mut connection, end) = (log(), Seq::new(BLOCK));
        let mut open = OpenBlock::after(&connection, Seq::START).unwrap();
        let failing = connection.transaction().unwrap();
        insert_block(&failing);
        open.first = Seq::new(BLOCK + 1);
        open.store_if_full(&failing, end).unwrap();
        failing.rollback().unwrap();
        let unreadable = Connection::open_in_memory().unwrap();
        open.restart(&unreadable, Seq::START);

        let transaction = connection.transaction().unwrap();
        insert_block(&transaction);
        open.store_if_full(&transaction, end).unwrap();
        transaction.commit().unwrap();
        let blocks = "SELECT last_seq, (SELECT count(*) FROM index_entries WHERE index_entries.block = index_blocks.block) \
                      FROM index_blocks";
        let stored: Vec<(i64, i64)> = connection
            .prepare(blocks)
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(stored, [(BLOCK, 3)]);
    }
}
