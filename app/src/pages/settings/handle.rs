//! A handle on the page, for its forms and buttons.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::*,
    task::spawn_local,
    wasm_bindgen::JsCast,
};
use web_sys::HtmlFormElement;

use super::{OUTCOME_ID, button::around, outcome::SECRET_ID};
use crate::{
    browser,
    clock::Clock,
    loading::Loading,
    model::settings_state::{Place, SettingsState},
    server_fns::settings::send_form,
    wire::{
        AppError,
        settings::{Done, Part},
    },
};

#[derive(Clone, Copy)]
pub(super) struct Settings {
    pub(super) state: RwSignal<SettingsState>,
    /// Forms can't be sent before the browser's program is there: what is shown once would be lost.
    pub(super) is_early: Signal<bool>,
    sections: Loading<Vec<Part>>,
}

impl Settings {
    pub(super) fn new(sections: Loading<Vec<Part>>) -> Self {
        let clock = expect_context::<Clock>();
        Self {
            state: expect_context(),
            is_early: Signal::derive(move || !clock.is_ready()),
            sections,
        }
    }

    pub(super) fn ask(self, action: &Part) {
        self.state.update(|state| state.ask(action.clone()));
    }

    pub(super) fn stop_asking(self) {
        self.state.try_update(SettingsState::stop_asking);
    }

    /// Shows in the form around a button what is stored now, instead of what was typed.
    pub(super) fn reload(self, event: &MouseEvent) {
        let form = around(event, "form");
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            form.reset();
        }
        self.state.update(|state| {
            state.stop_asking();
            state.dismiss();
        });
        self.sections.refetch();
    }

    /// Drawing the page anew takes the field away that holds what is shown once, and puts another in its place.
    pub(super) fn keep_focus(self) {
        if self.state.with_untracked(SettingsState::shows_secret) {
            browser::focus(SECRET_ID);
        }
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
        if let Ok(done) = &answer
            && !done.go_to.is_empty()
        {
            browser::leave_for(&done.go_to);
            return;
        }
        let place = self.state.try_update(|state| state.answered(answer.clone()));
        match answer {
            Ok(done) => {
                form.reset();
                self.sections.refetch();
                if !done.secret.is_empty() {
                    browser::focus(SECRET_ID);
                } else if place == Some(Place::Dialog) {
                    browser::focus(OUTCOME_ID);
                }
            }
            Err(_) => browser::focus_mistake(form),
        }
    }
}
