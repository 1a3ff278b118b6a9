//! Counts how often each event was received. A sender that promises "at least once" may send one again.

use std::collections::{HashMap, VecDeque};

/// Ids that are remembered.
const KEPT: usize = 200_000;

/// Counts for the newest ids.
#[derive(Default)]
pub(super) struct Repeats {
    counts: HashMap<String, u32>,
    order: VecDeque<String>,
}

impl Repeats {
    /// Counts one more event with this id, and returns how many there were: 1 for an id that is new or has been forgotten.
    pub(super) fn count(&mut self, id: &str) -> u32 {
        if let Some(count) = self.counts.get_mut(id) {
            *count = count.saturating_add(1);
            return *count;
        }
        if self.order.len() == KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.order.push_back(id.to_owned());
        self.counts.insert(id.to_owned(), 1);
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_counted_on_its_own() {
        let mut repeats = Repeats::default();
        assert_eq!([repeats.count("a"), repeats.count("b"), repeats.count("a")], [1, 1, 2]);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut repeats = Repeats::default();
        for id in 0..=KEPT {
            repeats.count(&id.to_string());
        }
        assert_eq!(repeats.counts.len(), KEPT);
        assert_eq!((repeats.count("0"), repeats.count(&KEPT.to_string())), (1, 2));
    }
}
