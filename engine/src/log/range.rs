//! Reading and counting a range of time in log order, for replays: the walk of [`super::walk`], one stretch at a time.
//!
//! Counting reads as little as it can: of a block that lies in the range as a whole, its bounds; of event types that are
//! chosen, or of those that are left out of such a block, the index; and only where groups and projects are chosen or a block is
//! cut by the range, the events, without their bodies.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use domain::{
    destination::{EventFilter, FilterKind, NamespaceFilter},
    event::EventType,
    ids::Seq,
    replay::ReplayRange,
};
use rusqlite::{Connection, Row};

use super::{
    BrowsePosition, EventLog, LogError, LoggedEvent,
    damage::{is_damage, unreadable_after},
    filter::Condition,
    index::Token,
    row::{COLUMNS, read_event},
    walk::{Block, Stretch, Way, look_up_within, next_stretch},
};

// The time is looked at in each row: the index on it would give another order. A search begins at the next position and not
// beyond this one, because its page may be damaged.
const WITHIN: &str = "WHERE seq >= ? + 1 AND seq <= ? AND +created_at >= ? AND +created_at < ? ORDER BY seq";

/// Which events are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeFilter {
    /// Which positions or times.
    pub range: ReplayRange,
    /// Both have to admit an event.
    pub types: [EventFilter; 2],
    /// Events of which groups and projects.
    pub namespaces: NamespaceFilter,
}

impl RangeFilter {
    /// The types that both filters admit. `None` if neither is an allowlist: then there is no end to them.
    fn chosen_types(&self) -> Option<Vec<&EventType>> {
        let [one, other] = &self.types;
        let is_allowlist = |filter: &EventFilter| filter.kind() == FilterKind::Allow && !filter.admits_all();
        let (narrow, wide) = if is_allowlist(one) { (one, other) } else { (other, one) };
        is_allowlist(narrow).then(|| narrow.types().filter(|chosen| wide.admits(chosen)).collect())
    }

    /// The types that a denylist names, each once.
    fn denied_types(&self) -> BTreeSet<&EventType> {
        let lists = self.types.iter().map(|filter| filter.list(FilterKind::Deny));
        lists.flatten().collect()
    }

    fn admits_all(&self) -> bool {
        self.types.iter().all(EventFilter::admits_all) && self.namespaces.admits_all()
    }

    fn admits(&self, event_type: &EventType, entity_type: &str, entity_path: &str) -> bool {
        self.types.iter().all(|types| types.admits(event_type)) && self.namespaces.admits(entity_type, entity_path)
    }

    /// When the events were created, in Unix milliseconds.
    const fn created(&self) -> Range<i64> {
        self.range.from().unix_ms()..self.range.before().unix_ms()
    }

    /// The next part of the log that may contain events of the range.
    fn next_stretch(&self, connection: &Connection, (after, last): (Seq, Seq)) -> Result<Option<Stretch>, LogError> {
        let way = Way::forwards(after.get(), last.get());
        next_stretch(connection, &self.created(), &[], way)
    }
}

/// What one step has found, in log order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangePage {
    /// In log order.
    pub events: Vec<Arc<LoggedEvent>>,
    /// What stands up to here has been looked at.
    pub read_to: Seq,
}

impl RangePage {
    const fn empty(read_to: Seq) -> Self {
        Self {
            events: Vec::new(),
            read_to,
        }
    }
}

/// How many events there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RangeCount {
    pub events: u64,
    /// Where the first of them stands.
    pub first: Option<Seq>,
}

impl RangeCount {
    fn add(&mut self, seq: Seq) {
        self.events += 1;
        self.first = self.first.or(Some(seq));
    }
}

impl EventLog {
    /// One step: events after `after` and up to `last` that the filter admits, at most `count` of them and no more when
    /// `bytes` of bodies are reached. There may be none although more follow: `read_to` says how far the step went.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub async fn read_range(
        &self,
        filter: &Arc<RangeFilter>,
        (after, last): (Seq, Seq),
        count: usize,
        bytes: usize,
    ) -> Result<RangePage, LogError> {
        let filter = Arc::clone(filter);
        let step = move |connection: &Connection| {
            // Where the index ends and what it holds, both from the same moment: a block may close in between.
            let snapshot = connection.unchecked_transaction()?;
            match filter.next_stretch(&snapshot, (after, last))? {
                Some(stretch) => read_stretch(&snapshot, &filter, stretch, count, bytes),
                None => Ok((RangePage::empty(last), Vec::new())),
            }
        };
        let (page, unreadable) = self.readers.read(step).await?;
        self.damage.record(&unreadable);
        Ok(page)
    }

    /// Counts what the filter admits up to `last`. Exact, as long as nothing leaves the log meanwhile. Can be dropped at any
    /// time, and then ends with its present step.
    ///
    /// # Errors
    /// [`LogError`] if the disk can't be read.
    pub(crate) async fn count_range(&self, filter: &Arc<RangeFilter>, last: Seq) -> Result<RangeCount, LogError> {
        let (mut counted, mut after) = (RangeCount::default(), Seq::START);
        while after < last {
            let filter = Arc::clone(filter);
            let step = move |connection: &Connection| {
                // Of a block and of what it holds, both from the same moment.
                let snapshot = connection.unchecked_transaction()?;
                match filter.next_stretch(&snapshot, (after, last))? {
                    Some(stretch) => Ok((count_stretch(&snapshot, &filter, stretch)?, Seq::new(stretch.last))),
                    None => Ok((RangeCount::default(), last)),
                }
            };
            let (found, read_to) = self.readers.read(step).await?;
            counted.events += found.events;
            counted.first = counted.first.or(found.first);
            after = read_to;
        }
        Ok(counted)
    }
}

/// What was found, and which positions can't be read.
fn read_stretch(
    connection: &Connection,
    filter: &RangeFilter,
    stretch: Stretch,
    count: usize,
    bytes: usize,
) -> Result<(RangePage, Vec<Seq>), LogError> {
    let mut page = RangePage::empty(Seq::new(stretch.after));
    match scan(connection, filter, stretch, (count, bytes), &mut page) {
        Ok(()) => Ok((page, Vec::new())),
        // What was read is good. The next step begins with what can't be.
        Err(error) if is_damage(&error) && page.read_to.get() > stretch.after => Ok((page, Vec::new())),
        Err(error) if is_damage(&error) => {
            let unreadable = unreadable_after(connection, (page.read_to, Seq::new(stretch.last))).ok_or(error)?;
            let read_to = unreadable.last().copied().unwrap_or(page.read_to);
            Ok((RangePage::empty(read_to), unreadable))
        }
        Err(error) => Err(error),
    }
}

fn scan(
    connection: &Connection,
    filter: &RangeFilter,
    stretch: Stretch,
    (count, bytes): (usize, usize),
    page: &mut RangePage,
) -> Result<(), LogError> {
    let Range {
        start: from,
        end: before,
    } = filter.created();
    let mut statement = connection.prepare_cached(&[COLUMNS, WITHIN].concat())?;
    let mut rows = statement.query([stretch.after, stretch.last, from, before])?;
    let mut room = bytes;
    while let Some(row) = rows.next()? {
        let seq = Seq::new(row.get(0)?);
        if admits_row(filter, row, [3, 4, 6])? {
            let event = read_event(row, page.events.last().map(|event| &event.source))?;
            room = room.saturating_sub(event.body.len());
            page.events.push(Arc::new(event));
        }
        page.read_to = seq;
        if room == 0 || page.events.len() >= count {
            return Ok(());
        }
    }
    page.read_to = Seq::new(stretch.last);
    Ok(())
}

fn count_stretch(connection: &Connection, filter: &RangeFilter, stretch: Stretch) -> Result<RangeCount, LogError> {
    let created = filter.created();
    let is_whole = |block: Block| created.start <= block.oldest && block.newest < created.end;
    match (stretch.block, filter.chosen_types()) {
        (Some(block), None) if is_whole(block) && filter.admits_all() => count_all(connection, stretch),
        (Some(block), Some(types)) if filter.namespaces.admits_all() => {
            count_by_index(connection, filter, (stretch, block), &types)
        }
        (Some(block), None) if is_whole(block) && filter.namespaces.admits_all() => {
            count_all_but_denied(connection, filter, (stretch, block))
        }
        _ => count_rows(connection, filter, stretch),
    }
}

/// The log has no hole, but what is oldest may have gone.
fn count_all(connection: &Connection, stretch: Stretch) -> Result<RangeCount, LogError> {
    let first: Option<i64> = connection
        .prepare_cached("SELECT min(seq) FROM events WHERE seq > ?")?
        .query_row([stretch.after], |row| row.get(0))?;
    let first = first.filter(|first| *first <= stretch.last);
    let events = first.map_or(0, |first| stretch.last - first + 1);
    Ok(RangeCount {
        events: u64::try_from(events).unwrap_or(0),
        first: first.map(Seq::new),
    })
}

fn count_by_index(
    connection: &Connection,
    filter: &RangeFilter,
    (stretch, block): (Stretch, Block),
    types: &[&EventType],
) -> Result<RangeCount, LogError> {
    let range = filter.range.from()..filter.range.before();
    let (mut events, mut first) = (0, None::<Seq>);
    for event_type in types {
        let places = places_of(connection, (stretch, block), event_type)?;
        let mut meant = places
            .iter()
            .filter(|place| range.contains(&place.created_at))
            .peekable();
        let nearest = meant.peek().map(|place| place.seq);
        first = first.into_iter().chain(nearest).min();
        events += u64::try_from(meant.count()).unwrap_or(0);
    }
    Ok(RangeCount { events, first })
}

/// Of a block that lies in the range as a whole.
fn count_all_but_denied(
    connection: &Connection,
    filter: &RangeFilter,
    (stretch, block): (Stretch, Block),
) -> Result<RangeCount, LogError> {
    let all = count_all(connection, stretch)?;
    let mut denied = BTreeSet::new();
    for event_type in filter.denied_types() {
        let places = places_of(connection, (stretch, block), event_type)?;
        denied.extend(places.iter().map(|place| place.seq.get()));
    }
    let events = all
        .events
        .saturating_sub(u64::try_from(denied.len()).unwrap_or(u64::MAX));
    let first = all.first.filter(|_| events > 0);
    let first = first.and_then(|first| (first.get()..=stretch.last).find(|seq| !denied.contains(seq)));
    Ok(RangeCount {
        events,
        first: first.map(Seq::new),
    })
}

/// Where events of a type are in the stretch, as the index of its block knows it.
fn places_of(
    connection: &Connection,
    (stretch, block): (Stretch, Block),
    event_type: &EventType,
) -> Result<Vec<BrowsePosition>, LogError> {
    let token = Condition::of([Token::EventType(event_type.as_str()).key()]);
    look_up_within(connection, &[token], &stretch, block)
}

/// What can't be read is not counted: it can't be sent either.
fn count_rows(connection: &Connection, filter: &RangeFilter, stretch: Stretch) -> Result<RangeCount, LogError> {
    let (mut counted, mut read_to) = (RangeCount::default(), Seq::new(stretch.after));
    let last = Seq::new(stretch.last);
    while let Err(error) = count_on(connection, filter, (&mut read_to, last), &mut counted) {
        let unreadable = Some(&error)
            .filter(|error| is_damage(error))
            .and_then(|_| unreadable_after(connection, (read_to, last)));
        read_to = unreadable.ok_or(error)?.last().copied().unwrap_or(last);
    }
    Ok(counted)
}

fn count_on(
    connection: &Connection,
    filter: &RangeFilter,
    (read_to, last): (&mut Seq, Seq),
    counted: &mut RangeCount,
) -> Result<(), LogError> {
    let Range {
        start: from,
        end: before,
    } = filter.created();
    let sql = ["SELECT seq, event_type, entity_type, entity_path FROM events ", WITHIN].concat();
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([read_to.get(), last.get(), from, before])?;
    while let Some(row) = rows.next()? {
        let seq = Seq::new(row.get(0)?);
        if admits_row(filter, row, [1, 2, 3])? {
            counted.add(seq);
        }
        *read_to = seq;
    }
    Ok(())
}

/// `columns` are those of the event's type, and of its entity's type and path.
fn admits_row(filter: &RangeFilter, row: &Row<'_>, columns: [usize; 3]) -> Result<bool, LogError> {
    if filter.admits_all() {
        return Ok(true);
    }
    let [event_type, entity_type, entity_path] = columns;
    let text = |column: usize| -> rusqlite::Result<&str> { Ok(row.get_ref(column)?.as_str()?) };
    let event_type = EventType::parse(text(event_type)?).ok_or(LogError::Unreadable { seq: row.get(0)? })?;
    Ok(filter.admits(&event_type, text(entity_type)?, text(entity_path)?))
}
