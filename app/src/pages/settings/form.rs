//! A form of the page.

use leptos::prelude::*;

use super::{dialog::close_dialog, fields::draw_field, handle::Settings, outcome::draw_outcome};
use crate::{model::settings_state::SettingsState, wire::settings::Form};

/// Mistakes are told by the server, at their fields: it alone knows all of them.
pub(super) fn draw_form(form: Form, label: String, settings: Settings, in_dialog: bool) -> AnyView {
    let path = form.action.clone();
    let class = match (form.is_danger, in_dialog) {
        (true, true) => "button button-danger-solid",
        (true, false) => "button button-danger",
        (false, _) => "button button-primary",
    };
    let is_busy = Signal::derive(move || settings.state.with(SettingsState::is_busy).then_some("true"));
    let fields = form
        .fields
        .into_iter()
        .map(|field| draw_field(field, &form.action, settings));
    let fields = fields.collect_view();
    let outcome = draw_outcome(settings, Some(form.action.clone()));
    let cancel = in_dialog.then(|| {
        view! {
            <button type="button" class="button" autofocus=form.is_danger on:click=|event| close_dialog(&event)>
                "Cancel"
            </button>
        }
    });
    let submit = (!form.submit.is_empty()).then(|| {
        view! {
            <button type="submit" class=class disabled=settings.is_early aria-disabled=is_busy>
                {form.submit}
            </button>
        }
    });
    view! {
        <form
            class="form"
            method="post"
            action=form.action
            novalidate
            aria-label=label
            on:submit=move |event| settings.submit(&event, &path)
        >
            {fields}
            {outcome}
            <div class=if in_dialog { "dialog-actions" } else { "form-actions" }>{cancel} {submit}</div>
        </form>
    }
    .into_any()
}
