//! Forms that were posted without the page's program, until their outcome is shown.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{Timestamp, ids::SessionId};

use super::done::Posted;

/// A browser follows a redirect at once.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// The latest posted form of each session, until a page shows it. In memory alone: it may hold a secret.
#[derive(Clone, Default)]
pub struct PostedForms(Arc<Mutex<HashMap<SessionId, (Timestamp, Posted)>>>);

impl PostedForms {
    pub(crate) fn keep(&self, session: SessionId, posted: Posted, now: Timestamp) {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forms.retain(|_, (at, _)| now.since(*at) < KEPT_FOR);
        forms.insert(session, (now, posted));
    }

    pub(crate) fn take(&self, session: SessionId, now: Timestamp) -> Option<Posted> {
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, posted) = forms.remove(&session)?;
        (now.since(at) < KEPT_FOR).then_some(posted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Done;

    #[test]
    fn an_outcome_is_shown_once_to_its_session_and_not_kept_for_long() {
        let (forms, start) = (PostedForms::default(), Timestamp::from_unix_ms(0));
        let posted = Posted {
            path: "/x".into(),
            outcome: Ok(Done::new("Saved.")),
        };
        let (mine, other) = (SessionId::new(1), SessionId::new(2));
        forms.keep(mine, posted.clone(), start);
        assert_eq!(forms.take(other, start), None);
        assert_eq!(forms.take(mine, start), Some(posted.clone()));
        assert_eq!(forms.take(mine, start), None);
        forms.keep(mine, posted, start);
        assert_eq!(forms.take(mine, start.plus(KEPT_FOR)), None);
    }
}
