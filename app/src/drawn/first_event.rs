//! How to send the first event.

use leptos::prelude::*;

use crate::{
    model::curl::{CREATE_TOKEN, post_event},
    ui::Icon,
};

pub(super) fn draw_first_event(public_url: &str) -> AnyView {
    view! {
        <ol class="steps">
            <li>
                <p>"On the host, make a token and keep what the last line says in " <code>"TOKEN"</code> ":"</p>
                {draw_command(CREATE_TOKEN.to_owned(), "Copy the command that makes a token")}
            </li>
            <li>
                <p>"From anywhere that reaches this server, post an event:"</p>
                {draw_command(post_event(public_url), "Copy the command that posts an event")}
            </li>
        </ol>
    }
    .into_any()
}

/// A command to paste into a terminal. `label` says what the button copies.
fn draw_command(command: String, label: &'static str) -> AnyView {
    view! {
        <div class="code-line">
            <pre tabindex="0" role="region" aria-label=label>
                <code>{command.clone()}</code>
            </pre>
            <span class="copy needs-script">
                <button
                    type="button"
                    class="icon-button"
                    aria-label=label
                    title="Copy to clipboard"
                    data-copy=command
                >
                    <Icon icon=icondata_lu::LuCopy />
                </button>
                <span role="status" class="copy-words"></span>
            </span>
        </div>
    }
    .into_any()
}
