//! Events waiting to be sent, in lanes that keep each entity's order.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use domain::ids::Seq;

use crate::log::LoggedEvent;

/// More lanes than requests in flight, so that two entities rarely wait for each other.
const LANES: usize = 128;

/// Which lane; given out with an event and given back when the event is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LaneIndex(usize);

/// The lanes. At most one event of a lane is out at a time; events of an entity share a lane.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Lanes that have an event and none out, in the order in which they became so.
    ready: VecDeque<usize>,
    waiting: usize,
    waiting_bytes: usize,
}

#[derive(Default)]
struct Lane {
    events: VecDeque<Arc<LoggedEvent>>,
    is_out: bool,
}

impl Lanes {
    pub(super) fn new() -> Self {
        let lanes = std::iter::repeat_with(Lane::default).take(LANES).collect();
        Self {
            lanes,
            ready: VecDeque::new(),
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
        let index = lane_of(&event);
        let Some(lane) = self.lanes.get_mut(index) else { return };
        self.waiting += 1;
        self.waiting_bytes += event.body.len();
        if lane.events.is_empty() && !lane.is_out {
            self.ready.push_back(index);
        }
        lane.events.push_back(event);
    }

    /// Gives out the next event of the lane that has been ready longest.
    pub(super) fn take(&mut self) -> Option<(LaneIndex, Arc<LoggedEvent>)> {
        let index = self.ready.pop_front()?;
        self.take_from(index)
    }

    /// Gives out the oldest event that is ready: the one to probe with.
    pub(super) fn take_oldest(&mut self) -> Option<(LaneIndex, Arc<LoggedEvent>)> {
        let seq_of = |index: &usize| {
            self.lanes
                .get(*index)
                .and_then(|lane| lane.events.front())
                .map(|event| event.seq)
        };
        let oldest = self.ready.iter().copied().min_by_key(seq_of)?;
        self.ready.retain(|index| *index != oldest);
        self.take_from(oldest)
    }

    fn take_from(&mut self, index: usize) -> Option<(LaneIndex, Arc<LoggedEvent>)> {
        let lane = self.lanes.get_mut(index)?;
        let event = lane.events.pop_front()?;
        lane.is_out = true;
        self.waiting -= 1;
        self.waiting_bytes -= event.body.len();
        Some((LaneIndex(index), event))
    }

    /// The event given out is done with; its lane goes on.
    pub(super) fn done(&mut self, index: LaneIndex) {
        let Some(lane) = self.lanes.get_mut(index.0) else {
            return;
        };
        lane.is_out = false;
        if !lane.events.is_empty() {
            self.ready.push_back(index.0);
        }
    }

    /// The event given out is to be sent again, before those that wait behind it.
    pub(super) fn put_back(&mut self, index: LaneIndex, event: Arc<LoggedEvent>) {
        let Some(lane) = self.lanes.get_mut(index.0) else {
            return;
        };
        self.waiting += 1;
        self.waiting_bytes += event.body.len();
        lane.events.push_front(event);
        lane.is_out = false;
        self.ready.push_front(index.0);
    }

    /// The position of the oldest event not given out.
    pub(super) fn oldest_ready(&self) -> Option<Seq> {
        self.ready
            .iter()
            .filter_map(|index| Some(self.lanes.get(*index)?.events.front()?.seq))
            .min()
    }
}

fn lane_of(event: &LoggedEvent) -> usize {
    let mut hasher = DefaultHasher::new();
    (&event.entity_type, &event.entity_id).hash(&mut hasher);
    let lanes = u64::try_from(LANES).unwrap_or(u64::MAX);
    usize::try_from(hasher.finish() % lanes).unwrap_or(0)
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
            created_at: Timestamp::from_unix_ms(0),
            body: Bytes::from_static(b"{}"),
        })
    }

    #[test]
    fn one_event_of_an_entity_is_out_at_a_time() {
        let mut lanes = Lanes::new();
        lanes.push(event(1, 7));
        lanes.push(event(2, 7));
        let (lane, first) = lanes.take().unwrap();
        assert!(lanes.take().is_none());
        lanes.put_back(lane, first);
        let (lane, first) = lanes.take_oldest().unwrap();
        assert_eq!(first.seq, Seq::new(1));
        lanes.done(lane);
        assert_eq!(lanes.take().unwrap().1.seq, Seq::new(2));
    }

    proptest! {
        /// Whatever is put back and in whatever order requests end, each entity's events are accepted in log order, each
        /// once, and none is left behind.
        #[test]
        fn entities_keep_their_order(
            entities in proptest::collection::vec(0_u8..12, 1..120),
            fates in proptest::collection::vec((any::<bool>(), any::<usize>()), 400),
        ) {
            let mut lanes = Lanes::new();
            let of: HashMap<i64, u8> = (1_i64..).zip(entities.iter().copied()).collect();
            for (seq, entity) in (1_i64..).zip(&entities) {
                lanes.push(event(seq, *entity));
            }
            let (mut out, mut accepted) = (Vec::new(), Vec::new());
            let mut fates = fates.into_iter();
            loop {
                while out.len() < 5 {
                    let Some(taken) = lanes.take() else { break };
                    out.push(taken);
                }
                if out.is_empty() {
                    break;
                }
                let (fails, which) = fates.next().unwrap_or((false, 0));
                let (lane, event) = out.remove(which % out.len());
                if fails {
                    lanes.put_back(lane, event);
                } else {
                    accepted.push(event.seq.get());
                    lanes.done(lane);
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
