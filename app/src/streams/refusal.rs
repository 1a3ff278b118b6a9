//! Why the server did not take what a form holds, when no single field is to blame.

use domain::ids::DestinationId;
use leptos::prelude::*;

use super::{
    context::Streams,
    editing::{Editing, Form},
};
use crate::{
    model::editor::EditorState,
    ui::{Alert, AlertTone},
    wire::AppError,
};

#[component]
pub(super) fn Refusal(editing: Editing) -> impl IntoView {
    let refusal = editing.get(|editor| editor.refusal().cloned());
    let dismiss = move |()| editing.update(EditorState::dismiss_refusal);
    let told = move |error: AppError| {
        let reload = match (&error, editing.form) {
            (AppError::ChangedMeanwhile, Form::Edit(id)) => Some(view! { <Reload id /> }),
            _ => None,
        };
        view! {
            <Alert tone=AlertTone::Bad on_dismiss=dismiss>
                <p>{error.to_string()} " " {error.next_step()}</p>
                {reload}
            </Alert>
        }
    };
    view! { <div role="alert">{move || refusal.get().flatten().map(told)}</div> }
}

#[component]
fn Reload(id: DestinationId) -> impl IntoView {
    let reload = expect_context::<Streams>().reload();
    view! {
        <p class="alert-actions">
            <button type="button" class="button" on:click=move |_| { reload.dispatch(id); }>
                "Reload"
            </button>
        </p>
    }
}
