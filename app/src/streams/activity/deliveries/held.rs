//! The list of deliveries as it is shown: the newest answer, unless somebody is reading.

use std::collections::HashSet;

use domain::{
    Timestamp,
    ids::Seq,
    view::{DeliveryOutcome, RecentDeliveryView},
};

use super::super::server_fns::RecentDeliveries;

/// Tells a delivery from the others.
pub(super) type Key = (Timestamp, Seq, bool, Option<u32>);

pub(super) fn key_of(delivery: &RecentDeliveryView) -> Key {
    let is_delivered = delivery.outcome == DeliveryOutcome::Delivered;
    (delivery.started_at, delivery.seq, is_delivered, delivery.number)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    shown: RecentDeliveries,
    newest: RecentDeliveries,
    open: HashSet<Key>,
    has_focus: bool,
}

impl Held {
    pub(super) fn new(answer: RecentDeliveries) -> Self {
        Self {
            newest: answer.clone(),
            shown: answer,
            open: HashSet::new(),
            has_focus: false,
        }
    }

    pub(super) const fn shown(&self) -> &RecentDeliveries {
        &self.shown
    }

    /// What was asked for is another list, or a newer one.
    pub(super) fn answered(&mut self, answer: RecentDeliveries) {
        let is_other = answer.only_failed != self.shown.only_failed;
        self.newest = answer;
        if is_other || !self.is_read() {
            self.show_newest();
        }
    }

    /// How many deliveries there are that are not shown.
    pub(super) fn newer(&self) -> u64 {
        let shown: HashSet<Key> = self.shown.items.iter().map(key_of).collect();
        let newer = self
            .newest
            .items
            .iter()
            .filter(|delivery| !shown.contains(&key_of(delivery)));
        u64::try_from(newer.count()).unwrap_or(u64::MAX)
    }

    pub(super) fn show_newest(&mut self) {
        self.shown = self.newest.clone();
        let shown: HashSet<Key> = self.shown.items.iter().map(key_of).collect();
        self.open.retain(|key| shown.contains(key));
    }

    pub(super) fn open(&mut self, key: Key, is_open: bool) {
        if is_open {
            self.open.insert(key);
        } else {
            self.open.remove(&key);
        }
    }

    pub(super) const fn focus(&mut self, has_focus: bool) {
        self.has_focus = has_focus;
    }

    fn is_read(&self) -> bool {
        self.has_focus || !self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(at: i64) -> RecentDeliveryView {
        RecentDeliveryView {
            seq: Seq::new(at),
            events: 1,
            started_at: Timestamp::from_unix_ms(at),
            duration_ms: 3,
            outcome: DeliveryOutcome::Delivered,
            status: Some(200),
            number: None,
            reason: None,
            response: String::new(),
            event: None,
        }
    }

    fn answer(only_failed: bool, newest: i64) -> RecentDeliveries {
        RecentDeliveries {
            only_failed,
            items: (1..=newest).rev().map(delivery).collect(),
        }
    }

    #[test]
    fn nothing_moves_while_a_row_is_open() {
        let mut held = Held::new(answer(false, 3));
        held.answered(answer(false, 4));
        assert_eq!((held.shown().items.len(), held.newer()), (4, 0));
        let key = key_of(&delivery(2));
        held.open(key, true);
        held.answered(answer(false, 9));
        assert_eq!((held.shown().items.len(), held.newer()), (4, 5));
        held.show_newest();
        assert_eq!((held.shown().items.len(), held.newer()), (9, 0));
        held.answered(answer(false, 10));
        assert_eq!(held.newer(), 1, "the row is still open");
        held.open(key, false);
        held.answered(answer(false, 11));
        assert_eq!(held.newer(), 0);
    }

    #[test]
    fn another_list_is_shown_at_once() {
        let mut held = Held::new(answer(false, 3));
        held.focus(true);
        held.answered(answer(true, 1));
        assert_eq!((held.shown().only_failed, held.newer()), (true, 0));
    }
}
