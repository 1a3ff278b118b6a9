//! A list of refused events: what is selected, which page is shown, and what is done with them.

use domain::{
    delivery::{RefusedChange, RefusedChoice, RefusedList},
    ids::DestinationId,
};
use leptos::prelude::*;

use super::{
    super::server_fns::change_refused,
    selection::{Pages, Selection},
};
use crate::{
    browser,
    model::text::counted,
    ui::{AlertTone, Refresh},
};

/// What the section knows and does.
#[derive(Clone, Copy)]
pub(super) struct RefusedEvents {
    pub(super) id: DestinationId,
    pub(super) list: RefusedList,
    pub(super) pages: RwSignal<Pages>,
    pub(super) selection: RwSignal<Selection>,
    /// What is to be discarded once that is confirmed, with the question.
    pub(super) question: RwSignal<Option<(String, String)>>,
    pub(super) discarding: RwSignal<Option<RefusedChoice>>,
    pub(super) outcome: RwSignal<Option<(AlertTone, String)>>,
    pub(super) send: Action<(RefusedChange, RefusedChoice), ()>,
}

impl RefusedEvents {
    pub(super) fn new(id: DestinationId, list: RefusedList, refresh: Refresh, changed: Callback<()>) -> Self {
        let outcome = RwSignal::new(None);
        let selection = RwSignal::new(Selection::default());
        let send = Action::new(move |(change, choice): &(RefusedChange, RefusedChoice)| {
            let (change, choice) = (*change, choice.clone());
            async move {
                let answer = change_refused(id, list, change, choice).await;
                let is_done = answer.is_ok();
                outcome.try_set(Some(match answer {
                    Ok(count) => (AlertTone::Good, outcome_text(list, change, count)),
                    Err(error) => (AlertTone::Bad, format!("{error} {}", error.next_step())),
                }));
                if is_done {
                    selection.try_update(Selection::clear);
                }
                // The button that was pressed may be gone.
                browser::focus(outcome_id(id, list));
                refresh.now();
                changed.try_run(());
            }
        });
        Self {
            id,
            list,
            pages: RwSignal::new(Pages::default()),
            selection,
            question: RwSignal::new(None),
            discarding: RwSignal::new(None),
            outcome,
            send,
        }
    }

    /// What can be done with events of this list, in the order of the buttons.
    pub(super) const fn changes(self) -> &'static [RefusedChange] {
        match self.list {
            RefusedList::Retrying => &[RefusedChange::Park, RefusedChange::Retry, RefusedChange::Discard],
            RefusedList::Parked => &[RefusedChange::Retry, RefusedChange::Discard],
        }
    }

    /// The label of a button, without what it applies to.
    pub(super) const fn verb(self, change: RefusedChange) -> &'static str {
        match (self.list, change) {
            (_, RefusedChange::Park) => "Park",
            (RefusedList::Retrying, RefusedChange::Retry) => "Retry now",
            (RefusedList::Parked, RefusedChange::Retry) => "Retry",
            (_, RefusedChange::Discard) => "Discard",
        }
    }

    /// Asks first before events are discarded: they do not come back.
    pub(super) fn change(self, change: RefusedChange, choice: RefusedChoice, count: u64) {
        if self.send.pending().get_untracked() {
            return;
        }
        if change == RefusedChange::Discard {
            self.ask_to_discard(choice, count);
        } else {
            self.send.dispatch((change, choice));
        }
    }

    fn ask_to_discard(self, choice: RefusedChoice, count: u64) {
        let title = match count {
            1 => "Discard this event?".to_owned(),
            count => format!("Discard {}?", counted(count, "event")),
        };
        let text =
            "Discarded events are never delivered to this destination. The log keeps them no longer than other events.";
        self.discarding.set(Some(choice));
        self.question.set(Some((title, text.to_owned())));
    }

    pub(super) fn discard(self) {
        if let Some(choice) = self.discarding.get_untracked() {
            self.send.dispatch((RefusedChange::Discard, choice));
        }
    }

    pub(super) fn go(self, pages: Pages) {
        self.selection.update(Selection::clear);
        self.pages.set(pages);
    }
}

pub(super) const fn list_name(list: RefusedList) -> &'static str {
    match list {
        RefusedList::Retrying => "retrying",
        RefusedList::Parked => "parked",
    }
}

pub(super) fn outcome_id(id: DestinationId, list: RefusedList) -> String {
    format!("{}-{id}-outcome", list_name(list))
}

fn outcome_text(list: RefusedList, change: RefusedChange, count: u64) -> String {
    let events = counted(count, "event");
    match (list, change, count) {
        (RefusedList::Retrying, _, 0) => "These events are no longer being retried.".to_owned(),
        (RefusedList::Parked, _, 0) => "These events are no longer parked.".to_owned(),
        (_, RefusedChange::Park, _) => format!("Parked {events}."),
        (_, RefusedChange::Retry, _) => format!("Retrying {events}."),
        (_, RefusedChange::Discard, _) => format!("Discarded {events}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_says_what_was_done_with_how_many_events() {
        let text = |list, change, count| outcome_text(list, change, count);
        let (retrying, parked) = (RefusedList::Retrying, RefusedList::Parked);
        assert_eq!(text(retrying, RefusedChange::Park, 1), "Parked 1 event.");
        assert_eq!(text(retrying, RefusedChange::Retry, 1_204), "Retrying 1,204 events.");
        assert_eq!(text(parked, RefusedChange::Discard, 2), "Discarded 2 events.");
        assert_eq!(
            text(parked, RefusedChange::Retry, 0),
            "These events are no longer parked."
        );
        assert_eq!(
            text(retrying, RefusedChange::Discard, 0),
            "These events are no longer being retried."
        );
    }
}
