//! Events waiting to be sent, in queues that keep each entity's order.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    hash::BuildHasher,
    sync::Arc,
};

use domain::ids::Seq;
use foldhash::fast::FixedState;

use crate::{log::LoggedEvent, sink::Batching};

/// More queues than requests in flight, so that two entities rarely wait for each other.
const QUEUES: usize = 512;

/// Which queue; given out with an event and given back when the event is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueueIndex(usize);

/// An event that was given out.
pub(super) type Taken = (QueueIndex, Arc<LoggedEvent>);

/// How much is given out at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) events: usize,
    /// Of bodies, and what comes with each; the first event may have more.
    pub(super) bytes: usize,
    /// How many bytes come with each body.
    pub(super) between: usize,
    /// Nothing after this position.
    pub(super) last: Option<Seq>,
}

impl Room {
    pub(super) const ONE: Self = Self {
        events: 1,
        bytes: 0,
        between: 0,
        last: None,
    };

    /// The most that a sink takes at once.
    pub(super) const fn of(batching: Batching) -> Self {
        match batching {
            Batching::Single => Self::ONE,
            Batching::Ready { events, bytes } => Self {
                events,
                bytes,
                ..Self::ONE
            },
            Batching::Batches { events, bytes, .. } => Self::of_batches(events, bytes),
        }
    }

    /// Of a batch, in which something stands between the events.
    pub(super) const fn of_batches(events: usize, bytes: usize) -> Self {
        Self {
            events,
            bytes,
            between: 1,
            last: None,
        }
    }

    /// Whether there is room for one event more, which is then taken up.
    pub(super) fn takes(&mut self, event: &LoggedEvent, is_first: bool) -> bool {
        let bytes = event.body.len() + self.between;
        let fits = is_first || bytes <= self.bytes;
        let takes = self.events > 0 && fits && self.last.is_none_or(|last| event.seq <= last);
        if takes {
            self.events -= 1;
            self.bytes = self.bytes.saturating_sub(bytes);
        }
        takes
    }
}

/// The queues. Events of an entity share a queue, and what is out of a queue is out in one request.
pub(super) struct EntityQueues {
    queues: Vec<EntityQueue>,
    /// Queues that have an event and none out, each with the position of its next event: the oldest comes first, so that
    /// the cursor follows closely and what is acknowledged above it stays little.
    ready: BinaryHeap<Reverse<(Seq, usize)>>,
    waiting: usize,
    waiting_bytes: usize,
}

#[derive(Default)]
struct EntityQueue {
    /// In log order.
    events: VecDeque<Arc<LoggedEvent>>,
    out: usize,
    /// Its first event is a suspect: nothing is given out but one chosen event at a time.
    is_blocked: bool,
}

impl EntityQueue {
    /// The position of its next event, if that may be given out with others.
    fn ready(&self) -> Option<Seq> {
        let first = self.events.front().filter(|_| self.out == 0 && !self.is_blocked)?;
        Some(first.seq)
    }

    fn place_of(&self, seq: Seq) -> Result<usize, usize> {
        self.events.binary_search_by_key(&seq, |event| event.seq)
    }
}

impl EntityQueues {
    /// A queue for each hash of an entity.
    pub(super) fn by_entity() -> Self {
        Self::with_queues(QUEUES)
    }

    /// One queue: everything in log order.
    pub(super) fn in_log_order() -> Self {
        Self::with_queues(1)
    }

    fn with_queues(count: usize) -> Self {
        let queues = std::iter::repeat_with(EntityQueue::default).take(count).collect();
        Self {
            queues,
            ready: BinaryHeap::with_capacity(count),
            waiting: 0,
            waiting_bytes: 0,
        }
    }

    /// The queue of this event's entity.
    pub(super) fn index_of(&self, event: &LoggedEvent) -> QueueIndex {
        QueueIndex(queue_of(event, self.queues.len()))
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
        let index = queue_of(&event, self.queues.len());
        let Some(queue) = self.queues.get_mut(index) else {
            return;
        };
        self.waiting += 1;
        self.waiting_bytes += event.body.len();
        let was_empty = queue.events.is_empty();
        queue.events.push_back(event);
        if let (true, Some(seq)) = (was_empty, queue.ready()) {
            self.ready.push(Reverse((seq, index)));
        }
    }

    /// Gives out the next events of the queues that are ready, the queue with the oldest first, as many as there is room for,
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

    /// Gives out this event alone, if nothing is out of its queue.
    pub(super) fn take_one(&mut self, index: QueueIndex, seq: Seq) -> Vec<Taken> {
        let is_out = self.queues.get(index.0).is_none_or(|queue| queue.out > 0);
        match is_out {
            true => Vec::new(),
            false => self.take_between(index, seq, seq),
        }
    }

    /// Gives out what waits from `first` to `last` in a queue of which nothing is out.
    pub(super) fn take_between(&mut self, index: QueueIndex, first: Seq, last: Seq) -> Vec<Taken> {
        let Some(queue) = self.queues.get_mut(index.0) else {
            return Vec::new();
        };
        let start = queue.events.partition_point(|event| event.seq < first);
        let end = queue.events.partition_point(|event| event.seq <= last).max(start);
        let taken: Vec<_> = queue.events.drain(start..end).map(|event| (index, event)).collect();
        queue.out += taken.len();
        self.waiting -= taken.len();
        self.waiting_bytes -= taken.iter().map(|(_, event)| event.body.len()).sum::<usize>();
        if !taken.is_empty() {
            self.ready.retain(|Reverse((_, ready))| *ready != index.0);
        }
        taken
    }

    /// The first and the last position of the next stretch of a single queue for which there is room: it neither begins nor ends
    /// with, nor holds, an event that is to be skipped, and no more than `most` says for each of its events.
    pub(super) fn bounds(
        &self,
        mut room: Room,
        is_skipped: impl Fn(Seq) -> bool,
        most: impl Fn(Seq) -> Option<usize>,
    ) -> Option<(Seq, Seq)> {
        let queue = self.queues.first().filter(|queue| queue.out == 0)?;
        let mut events = queue.events.iter().skip_while(|event| is_skipped(event.seq)).peekable();
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
        let Some(queue) = self.queues.get_mut(index) else {
            return;
        };
        while let Some(event) = queue
            .events
            .pop_front_if(|event| fits(event, taken.len()) && room.takes(event, taken.is_empty()))
        {
            queue.out += 1;
            self.waiting -= 1;
            self.waiting_bytes -= event.body.len();
            taken.push((QueueIndex(index), event));
        }
    }

    /// The event given out is done with; its queue goes on when all that is out of it is.
    pub(super) fn done(&mut self, index: QueueIndex) {
        let Some(queue) = self.queues.get_mut(index.0) else {
            return;
        };
        queue.out -= 1;
        if let Some(seq) = queue.ready() {
            self.ready.push(Reverse((seq, index.0)));
        }
    }

    /// The event given out is to be sent again, in its place among those that wait.
    pub(super) fn put_back(&mut self, index: QueueIndex, event: Arc<LoggedEvent>) {
        let Some(queue) = self.queues.get_mut(index.0) else {
            return;
        };
        self.waiting += 1;
        self.waiting_bytes += event.body.len();
        let (Ok(place) | Err(place)) = queue.place_of(event.seq);
        queue.events.insert(place, event);
        self.done(index);
    }

    /// Until [`Self::unblock`], the queue of an event that is out gives out nothing by itself.
    pub(super) fn block(&mut self, index: QueueIndex) {
        if let Some(queue) = self.queues.get_mut(index.0) {
            queue.is_blocked = true;
        }
    }

    pub(super) fn unblock(&mut self, index: QueueIndex) {
        let Some(queue) = self.queues.get_mut(index.0).filter(|queue| queue.is_blocked) else {
            return;
        };
        queue.is_blocked = false;
        if let Some(seq) = queue.ready() {
            self.ready.push(Reverse((seq, index.0)));
        }
    }

    /// Takes a waiting event out for good.
    pub(super) fn remove(&mut self, index: QueueIndex, seq: Seq) -> Option<Arc<LoggedEvent>> {
        let queue = self.queues.get_mut(index.0)?;
        let place = queue.place_of(seq).ok()?;
        let was_ready = queue.ready();
        let event = queue.events.remove(place)?;
        self.waiting -= 1;
        self.waiting_bytes -= event.body.len();
        let is_ready = queue.ready();
        if was_ready != is_ready {
            self.ready.retain(|Reverse((_, ready))| *ready != index.0);
            self.ready.extend(is_ready.map(|seq| Reverse((seq, index.0))));
        }
        Some(event)
    }

    /// The first event of every queue of which nothing is out.
    pub(super) fn firsts(&self) -> impl Iterator<Item = (QueueIndex, Seq)> {
        self.idle()
            .filter_map(|(index, queue)| Some((index, queue.events.front()?.seq)))
    }

    /// The other events of these queues.
    pub(super) fn later(&self) -> impl Iterator<Item = (QueueIndex, Seq)> {
        self.idle()
            .flat_map(|(index, queue)| queue.events.iter().skip(1).map(move |event| (index, event.seq)))
    }

    /// The first event of every queue that is blocked, and of which nothing is out.
    pub(super) fn blocked(&self) -> impl Iterator<Item = (QueueIndex, Seq)> {
        let blocked = self.idle().filter(|(_, queue)| queue.is_blocked);
        blocked.filter_map(|(index, queue)| Some((index, queue.events.front()?.seq)))
    }

    /// The waiting events of a queue that come before this position.
    pub(super) fn before(&self, index: QueueIndex, seq: Seq) -> Vec<Seq> {
        let events = self.queues.get(index.0).into_iter().flat_map(|queue| &queue.events);
        events
            .map(|event| event.seq)
            .take_while(|before| *before < seq)
            .collect()
    }

    /// Everything that waits in a single queue of which nothing is out.
    pub(super) fn single(&self) -> impl Iterator<Item = &Arc<LoggedEvent>> {
        let queue = self.queues.first().filter(|queue| queue.out == 0);
        queue.into_iter().flat_map(|queue| &queue.events)
    }

    fn idle(&self) -> impl Iterator<Item = (QueueIndex, &EntityQueue)> {
        let queues = self.queues.iter().enumerate().filter(|(_, queue)| queue.out == 0);
        queues.map(|(index, queue)| (QueueIndex(index), queue))
    }

    /// Whether an event may be given out.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

impl QueueIndex {
    /// The queue of [`EntityQueues::in_log_order`].
    pub(super) const SINGLE: Self = Self(0);
}

fn queue_of(event: &LoggedEvent, queues: usize) -> usize {
    let hash = FixedState::default().hash_one((&event.entity_type, &event.entity_id));
    let queues = u64::try_from(queues).unwrap_or(u64::MAX);
    usize::try_from(hash % queues).unwrap_or(0)
}

#[cfg(test)]
mod tests;
