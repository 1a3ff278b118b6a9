//! What came of a form: that it was taken, what is shown once, or why it was refused.

use leptos::prelude::*;

use super::{
    button::{Button, draw_button},
    handle::Settings,
};
use crate::{
    model::settings_state::SettingsState,
    ui::{Alert, AlertTone, CopyButton, SignInAgain},
    wire::{AppError, settings::Done},
};

/// The field that holds what is shown once.
pub(super) const SECRET_ID: &str = "shown-once";

/// Of this form; without one, of a form that is gone with its dialog or its page.
pub(super) fn draw_outcome(settings: Settings, form: Option<String>) -> AnyView {
    let told = move || {
        settings.state.with(
            |state| match (state.done(form.as_deref()), state.refusal(form.as_deref())) {
                (Some(done), _) => Some(draw_done(done.clone(), settings)),
                (None, Some(error)) => Some(draw_refusal(error, settings)),
                (None, None) => None,
            },
        )
    };
    view! { <div role="status">{told}</div> }.into_any()
}

fn draw_done(done: Done, settings: Settings) -> AnyView {
    let secret = (!done.secret.is_empty()).then(|| draw_secret(done.secret_label, done.secret));
    let dismiss = Callback::new(move |()| settings.state.update(SettingsState::dismiss));
    draw_alert(AlertTone::Good, done.message, secret, Some(dismiss))
}

fn draw_secret(label: String, secret: String) -> AnyView {
    let text = secret.clone();
    view! {
        <div class="field shown-once">
            <label class="field-label" for=SECRET_ID>
                {label}
            </label>
            <div class="field-with-button">
                <input class="field-input field-code" id=SECRET_ID type="text" readonly value=text />
                <CopyButton text=secret label="Copy" />
            </div>
        </div>
    }
    .into_any()
}

fn draw_refusal(error: &AppError, settings: Settings) -> AnyView {
    let way_out = match error {
        AppError::ChangedMeanwhile | AppError::NotFound => {
            let reload = Button {
                label: "Reload".to_owned(),
                class: "button",
                ..Button::default()
            };
            Some(draw_button(
                reload,
                settings,
                Box::new(move |event| settings.reload(&event)),
            ))
        }
        AppError::Unauthenticated => Some(view! { <SignInAgain in_new_tab=true /> }.into_any()),
        _ => None,
    };
    draw_alert(AlertTone::Bad, format!("{error} {}", error.next_step()), way_out, None)
}

fn draw_alert(tone: AlertTone, words: String, more: Option<AnyView>, dismiss: Option<Callback<()>>) -> AnyView {
    let children = move || view! { <p>{words}</p> <div class="alert-actions">{more}</div> };
    match dismiss {
        Some(on_dismiss) => view! { <Alert tone on_dismiss>{children()}</Alert> }.into_any(),
        None => view! { <Alert tone>{children()}</Alert> }.into_any(),
    }
}
