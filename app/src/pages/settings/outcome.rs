//! What came of a form: that it was taken, what is shown once, or why it was refused.

use leptos::prelude::*;

use super::handle::Settings;
use crate::{
    model::settings_state::SettingsState,
    ui::{Alert, AlertTone, CopyButton, SignInAgain},
    wire::{
        AppError,
        settings::{Done, Secret},
    },
};

/// The field that holds what is shown once.
pub(super) const SECRET_ID: &str = "shown-once";

/// Of this form; without one, of the form in the dialog that was taken.
pub(super) fn draw_outcome(settings: Settings, form: Option<String>) -> AnyView {
    let told = move || {
        settings.state.with(|state| {
            let refusal = form.as_deref().and_then(|form| state.refusal(form));
            match (state.done(form.as_deref()), refusal) {
                (Some(done), _) => Some(draw_done(done.clone(), settings)),
                (None, Some(error)) => Some(draw_refusal(error, settings)),
                (None, None) => None,
            }
        })
    };
    view! { <div role="status">{told}</div> }.into_any()
}

fn draw_done(done: Done, settings: Settings) -> AnyView {
    let dismiss = Callback::new(move |()| settings.state.update(SettingsState::dismiss));
    view! {
        <Alert tone=AlertTone::Good on_dismiss=dismiss>
            <p>{done.message}</p>
            {done.secret.map(draw_secret)}
        </Alert>
    }
    .into_any()
}

fn draw_secret(secret: Secret) -> AnyView {
    view! {
        <div class="field shown-once">
            <label class="field-label" for=SECRET_ID>
                {secret.label}
            </label>
            <div class="field-with-button">
                <input class="field-input field-code" id=SECRET_ID type="text" readonly prop:value=secret.text.clone() />
                <CopyButton text=secret.text label="Copy" />
            </div>
        </div>
    }
    .into_any()
}

fn draw_refusal(error: &AppError, settings: Settings) -> AnyView {
    let way_out = match error {
        AppError::ChangedMeanwhile | AppError::NotFound => Some(
            view! {
                <button type="reset" class="button" on:click=move |_| settings.reload()>
                    "Reload"
                </button>
            }
            .into_any(),
        ),
        AppError::Unauthenticated => Some(view! { <SignInAgain in_new_tab=true /> }.into_any()),
        _ => None,
    };
    let words = format!("{error} {}", error.next_step());
    view! {
        <Alert tone=AlertTone::Bad>
            <p>{words}</p>
            {way_out.map(|way_out| view! { <p class="alert-actions">{way_out}</p> })}
        </Alert>
    }
    .into_any()
}
