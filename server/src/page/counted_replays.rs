//! What administrators had counted lately, on its way from the one form to the next: what is started is what was counted.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use app::port::replays::CountedReplay;
use domain::{
    Timestamp,
    ids::{DestinationId, UserId},
};

/// The log goes on: an older count says little.
const OFFERED_FOR: Duration = Duration::from_secs(600);

/// Who had it counted, and for which destination.
type Asked = (UserId, DestinationId);

/// In memory, one for each administrator and destination: what one of them starts is what that one had counted.
#[derive(Default)]
pub(super) struct CountedReplays(Mutex<HashMap<Asked, (CountedReplay, Timestamp)>>);

impl CountedReplays {
    pub(super) fn put(&self, asked: Asked, counted: CountedReplay, now: Timestamp) {
        self.change(|all| {
            all.retain(|_, (_, at)| now.since(*at) <= OFFERED_FOR);
            all.insert(asked, (counted, now));
        });
    }

    pub(super) fn get(&self, asked: Asked, now: Timestamp) -> Option<CountedReplay> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (counted, at) = all.get(&asked)?;
        (now.since(*at) <= OFFERED_FOR).then(|| counted.clone())
    }

    pub(super) fn forget(&self, asked: Asked) {
        self.change(|all| drop(all.remove(&asked)));
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<Asked, (CountedReplay, Timestamp)>)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use domain::replay::ReplayDraft;

    use super::*;

    #[test]
    fn what_was_counted_is_offered_for_a_while() {
        let (id, now) = (
            (UserId::new(1), DestinationId::new(1)),
            Timestamp::from_unix_ms(1_772_000_000_000),
        );
        let draft = ReplayDraft {
            created_after: "2026-02-01".into(),
            ..ReplayDraft::default()
        };
        let counted = CountedReplay {
            request: draft.parse(now).unwrap(),
            events: 7,
            unknown_types: Vec::new(),
        };
        let replays = CountedReplays::default();
        replays.put(id, counted.clone(), now);
        assert_eq!(replays.get(id, now.plus(OFFERED_FOR)), Some(counted.clone()));
        assert_eq!(replays.get(id, now.plus(OFFERED_FOR * 2)), None);
        assert_eq!(replays.get((UserId::new(2), DestinationId::new(1)), now), None);
        replays.forget(id);
        assert_eq!(replays.get(id, now), None);
    }
}
