//! How large the next batch may be: smaller than the settings say after larger ones were refused.
//!
//! A batch that is refused is split, and its halves in turn, within its bounds: what follows it is not affected. If one event
//! turns out to be refused alone, the size was not the reason. Otherwise batches stay as small as the parts that were accepted, and a larger
//! one is tried again after some that were accepted; after ever more of them while that fails.

use domain::ids::Seq;

use super::super::queues::Room;

/// Accepted batches after which a larger one is tried, at first and at most.
const FEWEST_BEFORE_LARGER: u32 = 16;
const MOST_BEFORE_LARGER: u32 = 1_024;

/// How much a batch carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::delivery) struct BatchSize {
    pub(in crate::delivery) events: usize,
    /// Of bodies, and of what stands between them.
    pub(in crate::delivery) bytes: usize,
}

/// Why a batch was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) enum Refused {
    TooLarge,
    /// Perhaps it has too many events, or one that is not wanted.
    Other,
}

#[derive(Debug)]
pub(super) struct BatchRoom {
    most: Room,
    now: Room,
    splitting: Option<Splitting>,
    /// Batches that were accepted since the room has changed.
    accepted: u32,
    /// So many are accepted before a larger one is tried.
    patience: u32,
    has_grown: bool,
}

/// A batch that was refused, while its parts are sent.
#[derive(Debug)]
struct Splitting {
    /// Where the batch ends, and in it each part that was split in turn.
    ends: Vec<Seq>,
    refused: Refused,
    /// The most events, and the most bytes, of a part that was accepted.
    largest: BatchSize,
    /// An event was refused alone.
    is_one_refused: bool,
}

impl BatchRoom {
    pub(super) const fn new(most: Room) -> Self {
        Self {
            most,
            now: most,
            splitting: None,
            accepted: 0,
            patience: FEWEST_BEFORE_LARGER,
            has_grown: false,
        }
    }

    /// For the next batch.
    pub(super) fn now(&self) -> Room {
        let end = self.splitting.as_ref().and_then(|splitting| splitting.ends.last());
        Room {
            last: end.copied(),
            ..self.now
        }
    }

    /// Whether the parts of a batch that was refused are being sent.
    pub(super) const fn is_splitting(&self) -> bool {
        self.splitting.is_some()
    }

    /// A batch that ends here was refused.
    pub(super) fn split(&mut self, end: Seq, refused: Refused) {
        let splitting = self.splitting.get_or_insert_with(|| Splitting {
            ends: Vec::new(),
            refused,
            largest: BatchSize::default(),
            is_one_refused: false,
        });
        if refused == Refused::TooLarge {
            splitting.refused = refused;
        }
        splitting.ends.push(end);
    }

    /// The next batch begins here.
    pub(super) fn reach(&mut self, first: Seq) {
        let Some(splitting) = &mut self.splitting else { return };
        splitting.ends.retain(|end| first <= *end);
        if splitting.ends.is_empty()
            && let Some(splitting) = self.splitting.take()
            && !splitting.is_one_refused
            && splitting.largest.events > 0
        {
            match splitting.refused {
                Refused::TooLarge => self.shrink(self.now.events, splitting.largest.bytes),
                Refused::Other => self.shrink(splitting.largest.events, self.now.bytes),
            }
        }
    }

    /// A batch of this size was accepted.
    pub(super) fn accepted(&mut self, size: BatchSize) {
        if let Some(splitting) = &mut self.splitting {
            splitting.largest.events = splitting.largest.events.max(size.events);
            splitting.largest.bytes = splitting.largest.bytes.max(size.bytes);
            return;
        }
        let is_full = size.events * 2 >= self.now.events || size.bytes * 2 >= self.now.bytes;
        if !is_full || (self.now.events == self.most.events && self.now.bytes == self.most.bytes) {
            return;
        }
        self.accepted += 1;
        if self.accepted >= self.patience {
            if self.has_grown {
                self.patience = FEWEST_BEFORE_LARGER;
            }
            self.now.events = self.most.events.min(self.now.events.saturating_mul(3).div_ceil(2));
            self.now.bytes = self.most.bytes.min(self.now.bytes.saturating_mul(3).div_ceil(2));
            self.accepted = 0;
            self.has_grown = true;
        }
    }

    /// A single event was refused.
    pub(super) fn refused_one(&mut self) {
        if let Some(splitting) = &mut self.splitting {
            splitting.is_one_refused = true;
        }
    }

    /// From now on, batches are no larger than this.
    pub(super) fn shrink(&mut self, events: usize, bytes: usize) {
        self.now.events = self.now.events.min(events).max(1);
        self.now.bytes = self.now.bytes.min(bytes);
        if self.has_grown {
            self.patience = (self.patience * 2).min(MOST_BEFORE_LARGER);
        }
        self.accepted = 0;
        self.has_grown = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_events_that_were_accepted_are_the_limit_whatever_their_bytes() {
        let mut room = BatchRoom::new(Room::of_batches(1_000, 1_000_000));
        room.split(Seq::new(1_000), Refused::Other);
        for (events, bytes) in [(300, 3_000), (20, 90_000), (300, 3_000)] {
            room.accepted(BatchSize { events, bytes });
        }
        room.reach(Seq::new(1_001));
        assert_eq!(room.now().events, 300);
    }
}
