//! Asks before a stream is deactivated, because events are lost then, and offers to pause it.

use std::sync::Arc;

use domain::{destination::StreamCommand, view::DestinationView};
use leptos::{html, prelude::*};

use super::commands::{Commands, Request, command_form};
use crate::browser;

#[component]
pub(super) fn DeactivateDialog(
    commands: Commands,
    view: Signal<Arc<DestinationView>>,
    name: Memo<String>,
) -> impl IntoView {
    view! {
        <Show when=move || commands.is_asking.get()>
            <Question commands view name />
        </Show>
    }
}

#[component]
fn Question(commands: Commands, view: Signal<Arc<DestinationView>>, name: Memo<String>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let id = view.with_untracked(|view| view.id);
    let (title_id, text_id) = (format!("deactivate-{id}-title"), format!("deactivate-{id}-text"));
    let is_paused = Memo::new(move |_| view.with(|view| view.paused));
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            dialog.show_modal().unwrap_or_default();
        }
    });
    let choice = move |command: StreamCommand, class: &'static str, label: &'static str| {
        let button = view! {
            <button type="submit" class=class disabled=move || commands.is_under_way().get()>
                {label}
            </button>
        };
        command_form(commands, Signal::stored(Request::Command(command)), button)
    };
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby=title_id
            aria-describedby=text_id
            on:close=move |_| if browser::is_closed(dialog) { commands.is_asking.set(false) }
            on:submit=move |_| close()
        >
            <h2 id=title_id.clone()>"Deactivate this stream?"</h2>
            <p id=text_id.clone()>
                "Events that arrive while " <strong><bdi>{name}</bdi></strong>
                " is inactive are never sent to it, not even after it is active again. Pausing keeps them and sends them later."
            </p>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=move |_| close()>
                    "Cancel"
                </button>
                {(!is_paused.get_untracked()).then(|| choice(StreamCommand::Pause, "button button-primary", "Pause"))}
                {choice(StreamCommand::Deactivate, "button button-danger-solid", "Deactivate")}
            </div>
        </dialog>
    }
}
