//! The one state of the tab, and the requests that change it.

use domain::ids::DestinationId;
use leptos::prelude::*;

use super::{add_menu::BUTTON_ID, tab::HEADING_ID};
use crate::{
    browser,
    connection::Connection,
    model::{editor::EditRequest, streams_state::StreamsState},
    server_fns::destinations::{create_destination, delete_destination, list_destinations, update_destination},
    wire::DestinationView,
};

#[derive(Clone, Copy)]
pub(super) struct Streams {
    pub(super) state: RwSignal<StreamsState>,
    /// Asks for the list again.
    pub(super) refresh: Action<(), ()>,
}

impl Streams {
    pub(super) fn new(destinations: Vec<DestinationView>) -> Self {
        let state = RwSignal::new(StreamsState::new(destinations));
        let connection = expect_context::<Connection>();
        let refresh = Action::new(move |(): &()| async move {
            let asked_at = state.with_untracked(StreamsState::revision);
            let answer = list_destinations(browser::offset_now()).await;
            connection.report(&answer);
            state.try_update(|state| state.list_answered(asked_at, answer));
        });
        Self { state, refresh }
    }

    /// Adds what the open form holds.
    pub(super) fn add(self) -> Action<(), ()> {
        let state = self.state;
        Action::new(move |(): &()| async move {
            let sent = state.with_untracked(|state| state.adding().map(|editor| (editor.form(), editor.draft())));
            let Some((form, draft)) = sent else { return };
            let answer = create_destination(draft.clone(), browser::offset_now()).await;
            if answer.is_ok() {
                browser::focus(HEADING_ID);
            }
            state.try_update(|state| state.add_answered(form, &draft, answer));
        })
    }

    pub(super) fn save(self) -> Action<EditRequest, ()> {
        let state = self.state;
        Action::new(move |request: &EditRequest| {
            let EditRequest { id, version, draft } = request.clone();
            async move {
                let answer = update_destination(id, version, draft.clone(), browser::offset_now()).await;
                state.try_update(|state| state.save_answered(id, &draft, answer));
            }
        })
    }

    pub(super) fn delete(self) -> Action<DestinationId, ()> {
        let state = self.state;
        Action::new(move |id: &DestinationId| {
            let id = *id;
            async move {
                let answer = delete_destination(id).await;
                let left = state.try_update(|state| {
                    state.delete_answered(id, answer);
                    (state.row(id).is_none(), state.is_empty())
                });
                match left {
                    Some((true, true)) => browser::focus(BUTTON_ID),
                    Some((true, false)) => browser::focus(HEADING_ID),
                    _ => {}
                }
            }
        })
    }

    /// Shows in the form of this destination what is stored now, instead of what was typed.
    pub(super) fn reload(self) -> Action<DestinationId, ()> {
        let state = self.state;
        Action::new(move |id: &DestinationId| {
            let id = *id;
            async move {
                let asked_at = state.with_untracked(StreamsState::revision);
                let answer = list_destinations(browser::offset_now()).await;
                state.try_update(|state| {
                    state.list_answered(asked_at, answer);
                    state.reload_edit(id);
                });
            }
        })
    }
}
