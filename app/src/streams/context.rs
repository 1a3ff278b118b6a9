//! The state of the tab, and the requests that change it.

use domain::{ids::DestinationId, view::DestinationView};
use leptos::prelude::*;

use super::{
    editor::{EditRequest, create_destination, update_destination},
    ids::{ADD_BUTTON_ID, HEADING_ID, LIST_ID, NOTICE_ID},
    server_fns::{delete_destination, list_destinations},
    state::{Notice, StreamsState},
};
use crate::{
    browser,
    ui::{Refresh, SearchText},
};

#[derive(Clone, Copy)]
pub(super) struct Streams {
    pub(super) state: RwSignal<StreamsState>,
    /// Asks for the list again.
    pub(super) refresh: Refresh,
    /// What is typed in the search field. All that changes the search of the list goes through it.
    pub(super) search: SearchText,
}

impl Streams {
    /// `list` is the fresh list; what is typed and open stays as it is when it changes.
    pub(super) fn new(list: Signal<Vec<DestinationView>>, refresh: Refresh) -> Self {
        let state = RwSignal::new(StreamsState::new(list.get_untracked()));
        Effect::watch(
            move || list.track(),
            move |(), _, _| {
                let is_busy = browser::is_in_use(LIST_ID);
                let before = state.with_untracked(StreamsState::notice);
                state.update(|state| state.follow(list.get_untracked(), is_busy));
                let notice = state.with_untracked(StreamsState::notice);
                // The focus may have been in the row.
                if notice != before && matches!(notice, Some(Notice::DeletedElsewhere(_))) {
                    browser::focus(NOTICE_ID);
                }
            },
            false,
        );
        Self::of(state, refresh)
    }

    pub(super) fn of(state: RwSignal<StreamsState>, refresh: Refresh) -> Self {
        let search = SearchText::new(move |text| state.update(|state| state.search(text)));
        Self { state, refresh, search }
    }

    /// Adds what the open form holds.
    pub(super) fn add(self) -> Action<(), ()> {
        let Self { state, refresh, .. } = self;
        Action::new(move |(): &()| async move {
            let sent = state.with_untracked(|state| state.adding().map(|editor| (editor.form(), editor.draft())));
            let Some((form, draft)) = sent else { return };
            let answer = create_destination(draft.clone()).await;
            if answer.is_ok() {
                browser::focus(NOTICE_ID);
            }
            state.try_update(|state| state.add_answered(form, &draft, answer));
            refresh.now();
        })
    }

    pub(super) fn save(self) -> Action<EditRequest, ()> {
        let Self { state, refresh, .. } = self;
        Action::new(move |request: &EditRequest| {
            let EditRequest { id, version, draft } = request.clone();
            async move {
                let answer = update_destination(id, version, draft.clone()).await;
                state.try_update(|state| state.save_answered(id, &draft, answer));
                refresh.now();
            }
        })
    }

    pub(super) fn delete(self) -> Action<DestinationId, ()> {
        let Self { state, refresh, .. } = self;
        Action::new(move |id: &DestinationId| {
            let id = *id;
            async move {
                let answer = delete_destination(id).await;
                let left = state.try_update(|state| {
                    state.delete_answered(id, answer);
                    (state.row(id).is_none(), state.is_empty())
                });
                match left {
                    Some((true, true)) => browser::focus(ADD_BUTTON_ID),
                    Some((true, false)) => browser::focus(HEADING_ID),
                    _ => {}
                }
                refresh.now();
            }
        })
    }

    /// Shows in the form of this destination what is stored now, instead of what was typed.
    pub(super) fn reload(self) -> Action<DestinationId, ()> {
        let state = self.state;
        Action::new(move |id: &DestinationId| {
            let id = *id;
            async move {
                // The page says if the server can't be reached; the form stays as it is then.
                let Ok(answer) = list_destinations(None).await else {
                    return;
                };
                state.try_update(|state| {
                    if let Some(fresh) = answer.value {
                        state.follow(fresh, true);
                    }
                    state.reload_edit(id);
                });
            }
        })
    }
}
