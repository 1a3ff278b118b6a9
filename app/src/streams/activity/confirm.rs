//! A question before something that can't be undone.

use leptos::{html, prelude::*};

use crate::browser;

/// Opens as a modal dialog while `question` has a text, in the middle of the window at every width. `confirmed` is called with
/// the button, and `question` is emptied when it is answered.
#[component]
pub(super) fn Confirm(
    /// No other dialog of the page has it.
    id: String,
    /// Title and explanation.
    question: RwSignal<Option<(String, String)>>,
    button: &'static str,
    confirmed: Callback<()>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
    let (title, text) = (title_id.clone(), text_id.clone());
    Effect::new(move |_| {
        let is_asked = question.with(Option::is_some);
        let Some(dialog) = dialog.get() else { return };
        if is_asked && !dialog.open() && dialog.show_modal().is_err() {
            leptos::logging::error!("the dialog can't be opened");
        }
        if !is_asked && dialog.open() {
            dialog.close();
        }
    });
    let part = move |read: fn((String, String)) -> String| move || question.get().map(read);
    let answer = move |_| {
        question.set(None);
        confirmed.run(());
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby=title
            aria-describedby=text
            on:close=move |_| if browser::is_closed(dialog) { question.set(None) }
        >
            <h2 id=title_id>{part(|(title, _)| title)}</h2>
            <p id=text_id>{part(|(_, text)| text)}</p>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| question.set(None)>
                    "Cancel"
                </button>
                <button type="button" class="button button-danger-solid" on:click=answer>
                    {button}
                </button>
            </div>
        </dialog>
    }
}
