//! A handle on the page, for its forms and buttons.

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local, wasm_bindgen::JsCast};
use web_sys::HtmlFormElement;

use super::{OUTCOME_ID, outcome::SECRET_ID};
use crate::{
    browser,
    clock::Clock,
    loading::Loading,
    model::settings_state::SettingsState,
    server_fns::settings::send_form,
    wire::{
        AppError,
        settings::{Done, RowAction, Section},
    },
};

#[derive(Clone, Copy)]
pub(super) struct Settings {
    pub(super) state: RwSignal<SettingsState>,
    /// Forms can't be sent before the browser's program is there: what is shown once would be lost.
    pub(super) is_early: Signal<bool>,
    sections: Loading<Vec<Section>>,
}

impl Settings {
    pub(super) fn new(sections: Loading<Vec<Section>>) -> Self {
        let clock = expect_context::<Clock>();
        Self {
            state: RwSignal::new(SettingsState::default()),
            is_early: Signal::derive(move || !clock.is_ready()),
            sections,
        }
    }

    pub(super) fn ask(self, action: &RowAction) {
        self.state.update(|state| state.ask(action.clone()));
    }

    pub(super) fn stop_asking(self) {
        self.state.try_update(SettingsState::stop_asking);
    }

    /// Shows what is stored now.
    pub(super) fn reload(self) {
        self.state.update(|state| {
            state.stop_asking();
            state.dismiss();
        });
        self.sections.refetch();
    }

    /// Sends a form, unless one is under way.
    pub(super) fn submit(self, event: &SubmitEvent, path: &str) {
        event.prevent_default();
        let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form else { return };
        if self.state.try_update(|state| state.begin(path)) != Some(true) {
            return;
        }
        let path = path.to_owned();
        spawn_local(async move {
            let answer = send_form(&path, &form).await;
            self.take_answer(form, answer);
        });
    }

    fn take_answer(self, form: HtmlFormElement, answer: Result<Done, AppError>) {
        if let Ok(Done { go_to: Some(path), .. }) = &answer {
            browser::leave_for(path);
            return;
        }
        let in_dialog = self.state.try_with_untracked(|state| state.asking().is_some()) == Some(true);
        match &answer {
            Ok(done) => {
                form.reset();
                self.sections.refetch();
                if done.secret.is_some() {
                    browser::focus(SECRET_ID);
                } else if in_dialog {
                    browser::focus(OUTCOME_ID);
                }
            }
            Err(_) => browser::focus_mistake(form),
        }
        self.state.try_update(|state| state.answered(answer));
    }
}
