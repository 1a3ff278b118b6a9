//! The buttons of a form, and what came of it.

use leptos::prelude::*;

use super::{
    context::{FormContext, SubmitLook},
    dialog::CancelButton,
    outcome::OutcomeView,
};

pub(super) struct Foot {
    pub(super) submit: Option<&'static str>,
    pub(super) look: SubmitLook,
    pub(super) dialog: Option<String>,
    /// The fields show something that is stored, so there is something to go back to.
    pub(super) can_cancel: bool,
    pub(super) busy: Signal<bool>,
    pub(super) dismiss: Callback<()>,
    pub(super) on_reload: Option<Callback<()>>,
}

/// The buttons, and what came of the form.
pub(super) fn form_foot(form: FormContext, foot: Foot) -> AnyView {
    let Foot {
        submit,
        look,
        dialog,
        can_cancel,
        busy,
        dismiss,
        on_reload,
    } = foot;
    let is_in_dialog = dialog.is_some();
    let shown = move || {
        let outcome = form
            .outcome
            .get()
            .filter(|outcome| !(is_in_dialog && outcome.is_ok()))?;
        let is_marked = matches!(&outcome, Err(error) if form.shows_all(error));
        Some(view! { <OutcomeView outcome is_marked dismiss on_reload /> })
    };
    let cancel = dialog.map(|dialog| {
        let takes_focus = look == SubmitLook::DangerSolid;
        view! { <CancelButton dialog takes_focus /> }
    });
    let submit = submit.map(|label| {
        view! {
            <button type="submit" class=look.class() aria-disabled=move || busy.get().then_some("true")>
                {label}
            </button>
        }
    });
    // The browser itself resets the fields, also without the page's program.
    let reset = can_cancel.then(|| {
        view! {
            <button type="reset" class="button" on:click=move |_| dismiss.run(())>
                "Cancel"
            </button>
        }
    });
    view! {
        <div class=if can_cancel { "form-foot" } else { "form-end" }>
            <div role="status" class="form-outcome">{shown}</div>
            <div class=if is_in_dialog { "dialog-actions" } else { "form-actions" }>{cancel} {submit} {reset}</div>
        </div>
    }
    .into_any()
}
