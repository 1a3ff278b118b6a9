//! Events waiting to be sent, in lanes that keep each entity's order.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    hash::BuildHasher,
    sync::Arc,
};

use domain::ids::Seq;
use foldhash::fast::FixedState;

use crate::{log::LoggedEvent, sink::Batching};

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

    /// The most that a sink takes at once.
    pub(super) const fn of(batching: Batching) -> Self {
        match batching {
            Batching::Single => Self::ONE,
            Batching::Ready { events, bytes } | Batching::Runs { events, bytes, .. } => Self {
                events,
                bytes,
                last: None,
            },
        }
    }

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

/// How much one request carries: less than the sink allows after one was too large.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestRoom {
    pub(super) now: Room,
    pub(super) most: Room,
}

impl RequestRoom {
    pub(super) const fn new(most: Room) -> Self {
        Self { now: most, most }
    }

    /// A request with this many events was too large.
    pub(super) fn halve(&mut self, events: usize) {
        self.now.events = (events / 2).max(1);
    }

    /// All events of a request were accepted.
    pub(super) fn grow(&mut self) {
        self.now.events = self.most.events.min(self.now.events.saturating_mul(2));
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
    /// In log order.
    events: VecDeque<Arc<LoggedEvent>>,
    out: usize,
    /// Its first event is a suspect: nothing is given out but one chosen event at a time.
    is_blocked: bool,
}

impl Lane {
    /// The position of its next event, if that may be given out with others.
    fn ready(&self) -> Option<Seq> {
        let first = self.events.front().filter(|_| self.out == 0 && !self.is_blocked)?;
        Some(first.seq)
    }

    fn place_of(&self, seq: Seq) -> Result<usize, usize> {
        self.events.binary_search_by_key(&seq, |event| event.seq)
    }
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
        let was_empty = lane.events.is_empty();
        lane.events.push_back(event);
        if let (true, Some(seq)) = (was_empty, lane.ready()) {
            self.ready.push(Reverse((seq, index)));
        }
    }

    /// Gives out the next events of the lanes that are ready, the lane with the oldest first, as many as there is room for,
    /// and no more than `most` says for each of them.
    pub(super) fn take(&mut self, mut room: Room, most: impl Fn(Seq) -> Option<usize>) -> Vec<Taken> {
        let (mut taken, mut limit) = (Vec::new(), usize::MAX);
        while let Some(Reverse((_, index))) = self.ready.peek().copied() {
            let before = taken.len();
            self.take_from(index, &mut room, &mut taken, |event, count| {
                let lower = most(event.seq).map_or(limit, |most| limit.min(most));
                let fits = count < lower;
                limit = if fits { lower } else { limit };
                fits
            });
            if taken.len() == before {
                break;
            }
            self.ready.pop();
        }
        taken
    }

    /// Gives out this event alone, if nothing is out of its lane.
    pub(super) fn take_one(&mut self, index: LaneIndex, seq: Seq) -> Vec<Taken> {
        let is_out = self.lanes.get(index.0).is_none_or(|lane| lane.out > 0);
        match is_out {
            true => Vec::new(),
            false => self.take_between(index, seq, seq),
        }
    }

    /// Gives out what waits from `first` to `last` in a lane of which nothing is out.
    pub(super) fn take_between(&mut self, index: LaneIndex, first: Seq, last: Seq) -> Vec<Taken> {
        let Some(lane) = self.lanes.get_mut(index.0) else {
            return Vec::new();
        };
        let start = lane.events.partition_point(|event| event.seq < first);
        let end = lane.events.partition_point(|event| event.seq <= last).max(start);
        let taken: Vec<_> = lane.events.drain(start..end).map(|event| (index, event)).collect();
        lane.out += taken.len();
        self.waiting -= taken.len();
        self.waiting_bytes -= taken.iter().map(|(_, event)| event.body.len()).sum::<usize>();
        if !taken.is_empty() {
            self.ready.retain(|Reverse((_, ready))| *ready != index.0);
        }
        taken
    }

    /// The first and the last position of the next stretch of a single lane for which there is room: it neither begins nor ends
    /// with, nor holds, an event that is to be skipped, and no more than `most` says for each of its events.
    pub(super) fn bounds(
        &self,
        mut room: Room,
        is_skipped: impl Fn(Seq) -> bool,
        most: impl Fn(Seq) -> Option<usize>,
    ) -> Option<(Seq, Seq)> {
        let lane = self.lanes.first().filter(|lane| lane.out == 0)?;
        let mut events = lane.events.iter().skip_while(|event| is_skipped(event.seq)).peekable();
        let first = events.peek()?.seq;
        let (mut last, mut limit, mut count) = (None, usize::MAX, 0);
        for event in events {
            limit = most(event.seq).map_or(limit, |most| limit.min(most));
            if is_skipped(event.seq) || count >= limit || !room.takes(event, count == 0) {
                break;
            }
            count += 1;
            last = Some(event.seq);
        }
        Some((first, last?))
    }

    fn take_from(
        &mut self,
        index: usize,
        room: &mut Room,
        taken: &mut Vec<Taken>,
        mut fits: impl FnMut(&LoggedEvent, usize) -> bool,
    ) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        while let Some(event) = lane
            .events
            .pop_front_if(|event| fits(event, taken.len()) && room.takes(event, taken.is_empty()))
        {
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
        if let Some(seq) = lane.ready() {
            self.ready.push(Reverse((seq, index.0)));
        }
    }

    /// The event given out is to be sent again, in its place among those that wait.
    pub(super) fn put_back(&mut self, index: LaneIndex, event: Arc<LoggedEvent>) {
        let Some(lane) = self.lanes.get_mut(index.0) else {
            return;
        };
        self.waiting += 1;
        self.waiting_bytes += event.body.len();
        let (Ok(place) | Err(place)) = lane.place_of(event.seq);
        lane.events.insert(place, event);
        self.done(index);
    }

    /// Until [`Self::unblock`], the lane of an event that is out gives out nothing by itself.
    pub(super) fn block(&mut self, index: LaneIndex) {
        if let Some(lane) = self.lanes.get_mut(index.0) {
            lane.is_blocked = true;
        }
    }

    pub(super) fn unblock(&mut self, index: LaneIndex) {
        let Some(lane) = self.lanes.get_mut(index.0).filter(|lane| lane.is_blocked) else {
            return;
        };
        lane.is_blocked = false;
        if let Some(seq) = lane.ready() {
            self.ready.push(Reverse((seq, index.0)));
        }
    }

    /// Takes a waiting event out for good.
    pub(super) fn remove(&mut self, index: LaneIndex, seq: Seq) -> Option<Arc<LoggedEvent>> {
        let lane = self.lanes.get_mut(index.0)?;
        let place = lane.place_of(seq).ok()?;
        let was_ready = lane.ready();
        let event = lane.events.remove(place)?;
        self.waiting -= 1;
        self.waiting_bytes -= event.body.len();
        let is_ready = lane.ready();
        if was_ready != is_ready {
            self.ready.retain(|Reverse((_, ready))| *ready != index.0);
            self.ready.extend(is_ready.map(|seq| Reverse((seq, index.0))));
        }
        Some(event)
    }

    /// The first event of every lane of which nothing is out.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (LaneIndex, Seq)> {
        self.idle()
            .filter_map(|(index, lane)| Some((index, lane.events.front()?.seq)))
    }

    /// The other events of these lanes.
    pub(super) fn later(&self) -> impl Iterator<Item = (LaneIndex, Seq)> {
        self.idle()
            .flat_map(|(index, lane)| lane.events.iter().skip(1).map(move |event| (index, event.seq)))
    }

    /// The first event of every lane that is blocked, and of which nothing is out.
    pub(super) fn blocked(&self) -> impl Iterator<Item = (LaneIndex, Seq)> {
        let blocked = self.idle().filter(|(_, lane)| lane.is_blocked);
        blocked.filter_map(|(index, lane)| Some((index, lane.events.front()?.seq)))
    }

    /// The waiting events of a lane that come before this position.
    pub(super) fn before(&self, index: LaneIndex, seq: Seq) -> Vec<Seq> {
        let events = self.lanes.get(index.0).into_iter().flat_map(|lane| &lane.events);
        events
            .map(|event| event.seq)
            .take_while(|before| *before < seq)
            .collect()
    }

    /// Everything that waits in a single lane of which nothing is out.
    pub(super) fn single(&self) -> impl Iterator<Item = &Arc<LoggedEvent>> {
        let lane = self.lanes.first().filter(|lane| lane.out == 0);
        lane.into_iter().flat_map(|lane| &lane.events)
    }

    fn idle(&self) -> impl Iterator<Item = (LaneIndex, &Lane)> {
        let lanes = self.lanes.iter().enumerate().filter(|(_, lane)| lane.out == 0);
        lanes.map(|(index, lane)| (LaneIndex(index), lane))
    }

    /// Whether an event may be given out.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

impl LaneIndex {
    /// The lane of [`Lanes::in_log_order`].
    pub(super) const SINGLE: Self = Self(0);
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

    fn unlimited(_: Seq) -> Option<usize> {
        None
    }

    #[test]
    fn one_event_of_an_entity_is_out_at_a_time() {
        let mut lanes = Lanes::by_entity();
        lanes.push(event(1, 7));
        lanes.push(event(2, 7));
        let (lane, first) = lanes.take(Room::ONE, unlimited).pop().unwrap();
        assert!(lanes.take(Room::ONE, unlimited).is_empty());
        lanes.put_back(lane, first);
        let (lane, first) = lanes.take(Room::ONE, unlimited).pop().unwrap();
        assert_eq!(first.seq, Seq::new(1));
        lanes.done(lane);
        assert_eq!(lanes.take(Room::ONE, unlimited).pop().unwrap().1.seq, Seq::new(2));
    }

    #[test]
    fn the_oldest_event_that_may_be_given_out_comes_first() {
        let mut lanes = Lanes::by_entity();
        for (seq, entity) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
            lanes.push(event(seq, entity));
        }
        let (first, _) = lanes.take(Room::ONE, unlimited).pop().unwrap();
        let (second, _) = lanes.take(Room::ONE, unlimited).pop().unwrap();
        assert_ne!(first, second, "the two entities have a lane each");
        lanes.done(second);
        lanes.done(first);
        assert_eq!(seqs(&lanes.take(Room::ONE, unlimited)), [3]);
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
        assert_eq!(
            lanes.bounds(room, |_| false, unlimited),
            Some((Seq::new(1), Seq::new(7)))
        );
        let three = lanes.take(Room { events: 3, ..room }, unlimited);
        assert_eq!(seqs(&three), [1, 2, 3]);
        assert!(
            lanes.take(room, unlimited).is_empty(),
            "what follows waits for what is out"
        );
        for (lane, event) in three.into_iter().rev() {
            lanes.put_back(lane, event);
        }
        let two = lanes.take(Room { bytes: 5, ..room }, unlimited);
        assert_eq!(seqs(&two), [1, 2], "a body has two bytes");
        two.iter().for_each(|(lane, _)| lanes.done(*lane));
        assert_eq!(seqs(&lanes.take(room, unlimited)), [3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_blocked_lane_gives_out_only_what_is_asked_for() {
        let mut lanes = Lanes::by_entity();
        for (seq, entity) in [(1, 1), (2, 2), (3, 1)] {
            lanes.push(event(seq, entity));
        }
        let (lane, first) = lanes.take(Room::ONE, unlimited).pop().unwrap();
        lanes.block(lane);
        lanes.put_back(lane, first);
        assert_eq!(
            seqs(&lanes.take(
                Room {
                    events: 9,
                    bytes: 99,
                    last: None
                },
                unlimited
            )),
            [2]
        );
        assert_eq!(lanes.blocked().collect::<Vec<_>>(), [(lane, Seq::new(1))]);
        assert_eq!(lanes.later().collect::<Vec<_>>(), [(lane, Seq::new(3))]);
        let later = lanes.take_one(lane, Seq::new(3));
        assert_eq!((seqs(&later), lanes.take_one(lane, Seq::new(1)).len()), (vec![3], 0));
        lanes.done(lane);
        assert_eq!(
            lanes.remove(lane, Seq::new(1)).map(|event| event.seq),
            Some(Seq::new(1))
        );
        assert_eq!((lanes.waiting(), lanes.waiting_bytes()), (0, 0));
        lanes.unblock(lane);
        lanes.push(event(4, 1));
        assert_eq!(seqs(&lanes.take(Room::ONE, unlimited)), [4]);
    }

    #[test]
    fn an_event_limits_the_request_that_it_is_in() {
        let mut lanes = Lanes::in_log_order();
        for seq in 1..=9 {
            lanes.push(event(seq, 1));
        }
        let most = |seq: Seq| match seq.get() {
            3..=7 => Some(2),
            8 => Some(1),
            _ => None,
        };
        let room = Room {
            events: 100,
            bytes: 100,
            last: None,
        };
        let mut taken = Vec::new();
        while lanes.waiting() > 0 {
            let bounds = lanes.bounds(room, |_| false, most).unwrap();
            let request = lanes.take(room, most);
            request.iter().for_each(|(lane, _)| lanes.done(*lane));
            let request = seqs(&request);
            assert_eq!((bounds.0.get(), bounds.1.get()), (request[0], *request.last().unwrap()));
            taken.push(request);
        }
        assert_eq!(taken, [vec![1, 2], vec![3, 4], vec![5, 6], vec![7], vec![8], vec![9]]);
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
                    let taken = lanes.take(Room { events: size, bytes: 100, last: None }, unlimited);
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
