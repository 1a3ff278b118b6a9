//! What administrators had counted lately, on its way from the one form to the next: what is started is what was counted.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use app::port::replays::CountedReplay;
use domain::{Timestamp, ids::DestinationId};

/// The log goes on: an older count says little.
const OFFERED_FOR: Duration = Duration::from_secs(600);

/// One for each destination, in memory.
#[derive(Default)]
pub(crate) struct CountedReplays(Mutex<HashMap<DestinationId, (CountedReplay, Timestamp)>>);

impl CountedReplays {
    pub(super) fn put(&self, id: DestinationId, counted: CountedReplay, now: Timestamp) {
        self.change(|all| {
            all.retain(|_, (_, at)| now.since(*at) <= OFFERED_FOR);
            all.insert(id, (counted, now));
        });
    }

    pub(super) fn get(&self, id: DestinationId, now: Timestamp) -> Option<CountedReplay> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (counted, at) = all.get(&id)?;
        (now.since(*at) <= OFFERED_FOR).then(|| counted.clone())
    }

    pub(super) fn forget(&self, id: DestinationId) {
        self.change(|all| drop(all.remove(&id)));
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<DestinationId, (CountedReplay, Timestamp)>)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use domain::replay::ReplayDraft;

    use super::*;

    #[test]
    fn what_was_counted_is_offered_for_a_while() {
        let (id, now) = (DestinationId::new(1), Timestamp::from_unix_ms(1_772_000_000_000));
        let draft = ReplayDraft {
            created_after: "2026-02-01".into(),
            ..ReplayDraft::default()
        };
        let counted = CountedReplay {
            request: draft.parse(now).unwrap(),
            events: 7,
        };
        let replays = CountedReplays::default();
        replays.put(id, counted.clone(), now);
        assert_eq!(replays.get(id, now.plus(OFFERED_FOR)), Some(counted.clone()));
        assert_eq!(replays.get(id, now.plus(OFFERED_FOR * 2)), None);
        assert_eq!(replays.get(DestinationId::new(2), now), None);
        replays.forget(id);
        assert_eq!(replays.get(id, now), None);
    }
}
