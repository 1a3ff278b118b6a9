//! Why the server did not take what a form holds, when no single field is to blame.

use domain::ids::DestinationId;
use leptos::prelude::*;

use super::{
    context::Streams,
    editing::{Editing, Form},
};
use crate::{
    model::editor::EditorState,
    ui::{Alert, AlertTone, SignInAgain},
    wire::AppError,
};

#[component]
pub(super) fn Refusal(editing: Editing) -> impl IntoView {
    let refusal = editing.get(|editor| editor.refusal().cloned());
    let dismiss = move |()| editing.update(EditorState::dismiss_refusal);
    let told = move |error: AppError| {
        let way_out = match (&error, editing.form) {
            (AppError::ChangedMeanwhile, Form::Edit(id)) => Some(view! { <Reload id /> }.into_any()),
            (AppError::Unauthenticated, _) => Some(view! { <SignInAgain in_new_tab=true /> }.into_any()),
            _ => None,
        };
        view! {
            <Alert tone=AlertTone::Bad on_dismiss=dismiss>
                <p>{error.to_string()} " " {error.next_step()}</p>
                {way_out.map(|way_out| view! { <p class="alert-actions">{way_out}</p> })}
            </Alert>
        }
    };
    view! { <div role="alert">{move || refusal.get().flatten().map(told)}</div> }
}

#[component]
fn Reload(id: DestinationId) -> impl IntoView {
    let reload = expect_context::<Streams>().reload();
    view! {
        <button type="button" class="button" on:click=move |_| { reload.dispatch(id); }>
            "Reload"
        </button>
    }
}
