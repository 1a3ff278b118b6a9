//! The foot of a form: what came of the last attempt, and the buttons. It stays in view while the form is scrolled.

use domain::ids::DestinationId;
use leptos::prelude::*;

use super::{
    editing::{Editing, Form},
    refusal::refusal_text,
    state::{EditorState, Outcome},
    test_event::TestEvent,
};
use crate::{
    model::text::counted,
    streams::context::Streams,
    ui::{Alert, AlertTone, SignInAgain},
    wire::AppError,
};

#[component]
pub(super) fn FormFoot(
    editing: Editing,
    /// The button that submits the form.
    submit: &'static str,
    #[prop(into)] is_pending: Signal<bool>,
    #[prop(into)] on_cancel: Callback<()>,
) -> impl IntoView {
    let outcome = editing.get(|editor| editor.outcome().map(|outcome| (outcome, editor.marked_count())));
    let refusal = editing.get(|editor| editor.refusal().cloned());
    view! {
        <div class="form-foot">
            <div class="form-outcome" role="status">
                {move || outcome.get().flatten().map(|(outcome, marked)| outcome_alert(editing, outcome, marked))}
            </div>
            <div class="form-outcome" role="alert">
                {move || refusal.get().flatten().map(|error| refusal_alert(editing, error))}
            </div>
            <div class="form-actions">
                <button type="submit" class="button button-primary" disabled=is_pending>
                    {submit}
                </button>
                <button type="button" class="button" on:click=move |_| on_cancel.run(())>
                    "Cancel"
                </button>
                <TestEvent editing />
            </div>
        </div>
    }
}

fn outcome_alert(editing: Editing, outcome: Outcome, marked: usize) -> AnyView {
    let dismiss = move |()| editing.update(EditorState::dismiss_outcome);
    match outcome {
        Outcome::Saved => view! {
            <Alert tone=AlertTone::Good on_dismiss=dismiss>
                "Stream updated successfully"
            </Alert>
        }
        .into_any(),
        Outcome::Unchanged => view! { <p class="quiet">"No changes to save."</p> }.into_any(),
        Outcome::Invalid => view! { <p class="field-error">{marked_text(marked)}</p> }.into_any(),
    }
}

fn marked_text(marked: usize) -> String {
    match marked {
        1 => "Correct the marked field.".to_owned(),
        _ => format!(
            "Correct the {}.",
            counted(u64::try_from(marked).unwrap_or(u64::MAX), "marked field")
        ),
    }
}

fn refusal_alert(editing: Editing, error: AppError) -> AnyView {
    let dismiss = move |()| editing.update(EditorState::dismiss_refusal);
    let way_out = match (&error, editing.form) {
        (AppError::ChangedMeanwhile, Form::Edit(id)) => Some(view! { <Reload id /> }.into_any()),
        (AppError::Unauthenticated, _) => Some(view! { <SignInAgain in_new_tab=true /> }.into_any()),
        _ => None,
    };
    view! {
        <Alert tone=AlertTone::Bad on_dismiss=dismiss>
            <p>{refusal_text(&error)}</p>
            {way_out.map(|way_out| view! { <p class="alert-actions">{way_out}</p> })}
        </Alert>
    }
    .into_any()
}

/// Replaces what was typed by what is stored.
#[component]
fn Reload(id: DestinationId) -> impl IntoView {
    let reload = expect_context::<Streams>().reload();
    view! {
        <button type="button" class="button" on:click=move |_| { reload.dispatch(id); }>
            "Reload"
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_fields_are_counted() {
        assert_eq!(marked_text(1), "Correct the marked field.");
        assert_eq!(marked_text(3), "Correct the 3 marked fields.");
    }
}
