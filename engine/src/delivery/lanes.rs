//! Events waiting to be sent, in lanes that keep each entity's order.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    hash::BuildHasher,
    sync::Arc,
};

use domain::ids::Seq;
use foldhash::fast::FixedState;

use crate::log::LoggedEvent;

/// More lanes than requests in flight, so that two entities rarely wait for each other.
const LANES: usize = 128;

/// Which lane; given out with an event and given back when the event is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LaneIndex(usize);

/// An event that was given out.
pub(super) type Taken = (LaneIndex, Arc<LoggedEvent>);

/// How much is given out at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) events: usize,
    /// Of bodies; the first event may have more.
    pub(super) bytes: usize,
    /// Nothing after this position.
    pub(super) last: Option<Seq>,
}

impl Room {
    pub(super) const ONE: Self = Self {
        events: 1,
        bytes: 0,
        last: None,
    };

    /// Whether there is room for one event more, which is then taken up.
    pub(super) fn takes(&mut self, event: &LoggedEvent, is_first: bool) -> bool {
        let fits = is_first || event.body.len() <= self.bytes;
        let takes = self.events > 0 && fits && self.last.is_none_or(|last| event.seq <= last);
        if takes {
            self.events -= 1;
            self.bytes = self.bytes.saturating_sub(event.body.len());
        }
        takes
    }
}

/// The lanes. Events of an entity share a lane, and what is out of a lane is out in one request.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Lanes that have an event and none out, each with the position of its next event: the oldest comes first, so that
    /// the cursor follows closely and what is settled above it stays little.
    ready: BinaryHeap<Reverse<(Seq, usize)>>,
    waiting: usize,
    waiting_bytes: usize,
}

#[derive(Default)]
struct Lane {
    events: VecDeque<Arc<LoggedEvent>>,
    out: usize,
}

impl Lanes {
    /// A lane for each hash of an entity.
    pub(super) fn by_entity() -> Self {
        Self::with_lanes(LANES)
    }

    /// One lane: everything in log order.
    pub(super) fn in_log_order() -> Self {
        Self::with_lanes(1)
    }

    fn with_lanes(count: usize) -> Self {
        let lanes = std::iter::repeat_with(Lane::default).take(count).collect();
        Self {
            lanes,
            ready: BinaryHeap::with_capacity(count),
            waiting: 0,
            waiting_bytes: 0,
        }
    }

    /// Events not yet given out.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Bytes of the bodies of events not yet given out.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Adds an event behind those of its entity. Events are added in log order.
    pub(super) fn push(&mut self, event: Arc<LoggedEvent>) {
        let index = lane_of(&event, self.lanes.len());
        let Some(lane) = self.lanes.get_mut(index) else { return };
        self.waiting += 1;
        self.waiting_bytes += event.body.len();
        if lane.events.is_empty() && lane.out == 0 {
            self.ready.push(Reverse((event.seq, index)));
        }
        lane.events.push_back(event);
    }

    /// Gives out the next events of the lanes that are ready, the lane with the oldest first, as many as there is room for.
    pub(super) fn take(&mut self, mut room: Room) -> Vec<Taken> {
        let mut taken = Vec::new();
        while let Some(Reverse((_, index))) = self.ready.peek().copied() {
            let before = taken.len();
            self.take_from(index, &mut room, &mut taken);
            if taken.len() == before {
                break;
            }
            self.ready.pop();
        }
        taken
    }

    /// The first and the last position of what [`Self::take`] would give out of a single lane.
    pub(super) fn bounds(&self, mut room: Room) -> Option<(Seq, Seq)> {
        let Reverse((_, index)) = *self.ready.peek()?;
        let lane = self.lanes.get(index)?;
        let first = lane.events.front()?.seq;
        let mut last = None;
        for event in &lane.events {
            if !room.takes(event, last.is_none()) {
                break;
            }
            last = Some(event.seq);
        }
        Some((first, last?))
    }

    fn take_from(&mut self, index: usize, room: &mut Room, taken: &mut Vec<Taken>) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        while let Some(event) = lane.events.pop_front_if(|event| room.takes(event, taken.is_empty())) {
            lane.out += 1;
            self.waiting -= 1;
            self.waiting_bytes -= event.body.len();
            taken.push((LaneIndex(index), event));
        }
    }

    /// The event given out is done with; its lane goes on when all that is out of it is.
    pub(super) fn done(&mut self, index: LaneIndex) {
        let Some(lane) = self.lanes.get_mut(index.0) else {
            return;
        };
        lane.out -= 1;
        if let (0, Some(next)) = (lane.out, lane.events.front()) {
            self.ready.push(Reverse((next.seq, index.0)));
        }
    }

    /// The event given out is to be sent again, before those that wait behind it. Of several the last comes first.
    pub(super) fn put_back(&mut self, index: LaneIndex, event: Arc<LoggedEvent>) {
        let Some(lane) = self.lanes.get_mut(index.0) else {
            return;
        };
        self.waiting += 1;
        self.waiting_bytes += event.body.len();
        let seq = event.seq;
        lane.events.push_front(event);
        lane.out -= 1;
        if lane.out == 0 {
            self.ready.push(Reverse((seq, index.0)));
        }
    }

    /// Whether an event may be given out.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

fn lane_of(event: &LoggedEvent, lanes: usize) -> usize {
    let hash = FixedState::default().hash_one((&event.entity_type, &event.entity_id));
    let lanes = u64::try_from(lanes).unwrap_or(u64::MAX);
    usize::try_from(hash % lanes).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bytes::Bytes;
    use domain::{
        Timestamp,
        event::{EventId, EventType},
    };
    use proptest::prelude::*;

    use super::*;

    fn event(seq: i64, entity: u8) -> Arc<LoggedEvent> {
        Arc::new(LoggedEvent {
            seq: Seq::new(seq),
            source: "test".into(),
            id: EventId::parse(&seq.to_string()).unwrap(),
            event_type: EventType::parse("x").unwrap(),
            entity_type: "Project".into(),
            entity_id: entity.to_string(),
            entity_path: String::new(),
            created_at: Timestamp::from_unix_ms(0),
            received_at: Timestamp::from_unix_ms(0),
            body: Bytes::from_static(b"{}"),
        })
    }

    #[test]
    fn one_event_of_an_entity_is_out_at_a_time() {
        let mut lanes = Lanes::by_entity();
        lanes.push(event(1, 7));
        lanes.push(event(2, 7));
        let (lane, first) = lanes.take(Room::ONE).pop().unwrap();
        assert!(lanes.take(Room::ONE).is_empty());
        lanes.put_back(lane, first);
        let (lane, first) = lanes.take(Room::ONE).pop().unwrap();
        assert_eq!(first.seq, Seq::new(1));
        lanes.done(lane);
        assert_eq!(lanes.take(Room::ONE).pop().unwrap().1.seq, Seq::new(2));
    }

    #[test]
    fn the_oldest_event_that_may_be_given_out_comes_first() {
        let mut lanes = Lanes::by_entity();
        for (seq, entity) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
            lanes.push(event(seq, entity));
        }
        let (first, _) = lanes.take(Room::ONE).pop().unwrap();
        let (second, _) = lanes.take(Room::ONE).pop().unwrap();
        assert_ne!(first, second, "the two entities have a lane each");
        lanes.done(second);
        lanes.done(first);
        assert_eq!(seqs(&lanes.take(Room::ONE)), [3]);
    }

    fn seqs(taken: &[Taken]) -> Vec<i64> {
        taken.iter().map(|(_, event)| event.seq.get()).collect()
    }

    #[test]
    fn a_request_takes_what_it_has_room_for() {
        let mut lanes = Lanes::in_log_order();
        for seq in 1..=9 {
            lanes.push(event(seq, u8::try_from(seq).unwrap()));
        }
        let room = Room {
            events: 100,
            bytes: 100,
            last: Some(Seq::new(7)),
        };
        assert_eq!(lanes.bounds(room), Some((Seq::new(1), Seq::new(7))));
        let three = lanes.take(Room { events: 3, ..room });
        assert_eq!(seqs(&three), [1, 2, 3]);
        assert!(lanes.take(room).is_empty(), "what follows waits for what is out");
        for (lane, event) in three.into_iter().rev() {
            lanes.put_back(lane, event);
        }
        let two = lanes.take(Room { bytes: 5, ..room });
        assert_eq!(seqs(&two), [1, 2], "a body has two bytes");
        two.iter().for_each(|(lane, _)| lanes.done(*lane));
        assert_eq!(seqs(&lanes.take(room)), [3, 4, 5, 6, 7]);
    }

    proptest! {
        /// Whatever is put back and in whatever order requests end, each entity's events are accepted in log order, each
        /// once, and none is left behind.
        #[test]
        fn entities_keep_their_order(
            entities in proptest::collection::vec(0_u8..12, 1..120),
            fates in proptest::collection::vec((any::<bool>(), any::<usize>()), 400),
            size in 1_usize..8,
        ) {
            let mut lanes = Lanes::by_entity();
            let of: HashMap<i64, u8> = (1_i64..).zip(entities.iter().copied()).collect();
            for (seq, entity) in (1_i64..).zip(&entities) {
                lanes.push(event(seq, *entity));
            }
            let (mut out, mut accepted): (Vec<Vec<Taken>>, Vec<i64>) = (Vec::new(), Vec::new());
            let mut fates = fates.into_iter();
            loop {
                while out.len() < 5 {
                    let taken = lanes.take(Room { events: size, bytes: 100, last: None });
                    if taken.is_empty() { break }
                    out.push(taken);
                }
                if out.is_empty() {
                    break;
                }
                let (fails, which) = fates.next().unwrap_or((false, 0));
                let request = out.remove(which % out.len());
                // Of a request, the later half may fail alone.
                let kept = if fails { which % (request.len() + 1) } else { request.len() };
                accepted.extend(request.iter().take(kept).map(|(_, event)| event.seq.get()));
                for (position, (lane, event)) in request.into_iter().enumerate().rev() {
                    if position >= kept {
                        lanes.put_back(lane, event);
                    } else {
                        lanes.done(lane);
                    }
                }
            }
            prop_assert_eq!(accepted.len(), entities.len());
            prop_assert_eq!((lanes.waiting(), lanes.waiting_bytes()), (0, 0));
            let mut last: HashMap<u8, i64> = HashMap::new();
            for seq in accepted {
                let entity = of[&seq];
                prop_assert!(last.insert(entity, seq).is_none_or(|before| before < seq));
            }
        }
    }
}
