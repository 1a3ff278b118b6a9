//! A button that asks once more, or for what an action needs, in a dialog with a form.
//!
//! The dialog is modal. Without the page's program, the browser opens it as a popover.

use leptos::{ev::MouseEvent, prelude::*};

use crate::{browser, ui::Icon};

#[component]
pub(crate) fn DialogButton(
    /// Of the dialog. No other element of the page has it.
    #[prop(into)]
    id: String,
    label: &'static str,
    /// Added to the label for those who do not see what is around the button.
    #[prop(into)]
    about: String,
    #[prop(into)] title: String,
    body: &'static str,
    /// Called before it opens.
    #[prop(into)]
    on_open: Callback<()>,
    /// Shown in place of the label.
    #[prop(optional)]
    icon: Option<icondata_core::Icon>,
    /// The form.
    children: Children,
) -> impl IntoView {
    let (title_id, body_id) = (format!("{id}-title"), format!("{id}-body"));
    let (labelled_by, described_by) = (title_id.clone(), body_id.clone());
    let opened = id.clone();
    let open = move |event: MouseEvent| {
        event.prevent_default();
        on_open.run(());
        browser::open_dialog(&opened);
    };
    let (class, title_text, face) = match icon {
        None => ("button", None, label.into_any()),
        Some(icon) => ("icon-button", Some(label), view! { <Icon icon /> }.into_any()),
    };
    view! {
        <button
            type="button"
            class=class
            aria-label=format!("{label} {about}")
            title=title_text
            popovertarget=id.clone()
            on:click=open
        >
            {face}
        </button>
        <dialog id=id class="dialog" popover="auto" aria-labelledby=labelled_by aria-describedby=described_by>
            <h2 id=title_id>{title}</h2>
            <p id=body_id>{body}</p>
            {children()}
        </dialog>
    }
}

#[component]
pub(crate) fn CancelButton(
    /// Id of the dialog.
    dialog: String,
    /// Takes the focus when the dialog opens.
    takes_focus: bool,
) -> impl IntoView {
    let closed = dialog.clone();
    let close = move |event: MouseEvent| {
        event.prevent_default();
        browser::close_dialog(&closed);
    };
    view! {
        <button
            type="button"
            class="button"
            popovertarget=dialog
            popovertargetaction="hide"
            autofocus=takes_focus
            on:click=close
        >
            "Cancel"
        </button>
    }
}
