//! The newest events, in memory: destinations that keep up never read the disk.

use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError, RwLock},
};

use domain::ids::Seq;

use super::LoggedEvent;

/// What the tail may hold, counted in bytes of bodies.
const TAIL_BYTES: usize = 8 * 1024 * 1024;

/// A run of consecutive committed events that ends with the newest one. It never has a hole: a reader that finds no event at
/// a position takes it that the event has left the log.
#[derive(Default)]
pub(super) struct Tail(RwLock<Events>);

#[derive(Default)]
struct Events {
    events: VecDeque<Arc<LoggedEvent>>,
    bytes: usize,
}

impl Tail {
    /// Adds what was just committed; the oldest go when there is too much, and all that does not reach up to it.
    pub(super) fn extend(&self, committed: Vec<Arc<LoggedEvent>>) {
        let mut tail = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for event in committed {
            if tail.events.back().is_some_and(|last| last.seq.next() != event.seq) {
                *tail = Events::default();
            }
            tail.bytes += event.body.len();
            tail.events.push_back(event);
        }
        while tail.bytes > TAIL_BYTES {
            let Some(oldest) = tail.events.pop_front() else { break };
            tail.bytes -= oldest.body.len();
        }
    }

    /// Forgets everything: the newest events are on disk only.
    pub(super) fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Events::default();
    }

    /// The events after `after`, at most `count` of them and `bytes` of bodies (but at least one). None if the tail does
    /// not reach back that far.
    pub(super) fn read_after(&self, after: Seq, count: usize, bytes: usize) -> Option<Vec<Arc<LoggedEvent>>> {
        let tail = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let first = tail.events.front()?;
        if first.seq > after.next() {
            return None;
        }
        let start = tail.events.partition_point(|event| event.seq <= after);
        let mut room = bytes;
        let fits = |event: &&Arc<LoggedEvent>| {
            let had_room = room > 0;
            room = room.saturating_sub(event.body.len());
            had_room
        };
        Some(
            tail.events
                .range(start..)
                .take(count)
                .take_while(fits)
                .cloned()
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::{
        Timestamp,
        event::{EventId, EventType},
    };

    use super::*;

    fn event(seq: i64, bytes: usize) -> Arc<LoggedEvent> {
        Arc::new(LoggedEvent {
            seq: Seq::new(seq),
            source: "test".into(),
            id: EventId::parse(&seq.to_string()).unwrap(),
            event_type: EventType::parse("x").unwrap(),
            entity_type: String::new(),
            entity_id: String::new(),
            entity_path: String::new(),
            created_at: Timestamp::from_unix_ms(0),
            received_at: Timestamp::from_unix_ms(0),
            body: Bytes::from(vec![b'x'; bytes]),
        })
    }

    fn seqs(events: Option<Vec<Arc<LoggedEvent>>>) -> Option<Vec<i64>> {
        events.map(|events| events.iter().map(|event| event.seq.get()).collect())
    }

    #[test]
    fn it_answers_only_for_what_it_holds_without_a_hole() {
        let tail = Tail::default();
        assert_eq!(seqs(tail.read_after(Seq::START, 10, 100)), None);
        tail.extend(vec![event(5, 10), event(6, 10), event(7, 10)]);
        assert_eq!(seqs(tail.read_after(Seq::new(3), 10, 100)), None);
        assert_eq!(seqs(tail.read_after(Seq::new(4), 10, 100)), Some(vec![5, 6, 7]));
        assert_eq!(seqs(tail.read_after(Seq::new(6), 10, 100)), Some(vec![7]));
        assert_eq!(seqs(tail.read_after(Seq::new(7), 10, 100)), Some(vec![]));
    }

    #[test]
    fn a_read_is_bounded_by_count_and_bytes_but_never_empty_for_size() {
        let tail = Tail::default();
        tail.extend(vec![event(1, 10), event(2, 10), event(3, 10)]);
        assert_eq!(seqs(tail.read_after(Seq::START, 2, 100)), Some(vec![1, 2]));
        assert_eq!(seqs(tail.read_after(Seq::START, 9, 15)), Some(vec![1, 2]));
        assert_eq!(seqs(tail.read_after(Seq::START, 9, 1)), Some(vec![1]));
    }

    #[test]
    fn what_is_added_after_a_hole_replaces_what_was_before_it() {
        let tail = Tail::default();
        tail.extend(vec![event(5, 10), event(6, 10)]);
        tail.extend(vec![event(9, 10), event(10, 10)]);
        assert_eq!(seqs(tail.read_after(Seq::new(5), 10, 100)), None);
        assert_eq!(seqs(tail.read_after(Seq::new(8), 10, 100)), Some(vec![9, 10]));
        tail.clear();
        assert_eq!(seqs(tail.read_after(Seq::new(9), 10, 100)), None);
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let tail = Tail::default();
        tail.extend((1..=3).map(|seq| event(seq, TAIL_BYTES / 2)).collect());
        assert_eq!(seqs(tail.read_after(Seq::START, 9, TAIL_BYTES)), None);
        assert_eq!(seqs(tail.read_after(Seq::new(1), 9, 4 * TAIL_BYTES)), Some(vec![2, 3]));
    }
}
