//! How to send the first event.

use leptos::prelude::*;

use super::CodeLine;
use crate::model::curl::{CREATE_TOKEN, post_event};

#[component]
pub(crate) fn FirstEvent(#[prop(into)] public_url: String) -> impl IntoView {
    view! {
        <ol class="steps">
            <li>
                <p>"On the host, make a token and keep what the last line says in " <code>"TOKEN"</code> ":"</p>
                <CodeLine code=CREATE_TOKEN label="Copy the command that makes a token" />
            </li>
            <li>
                <p>"From anywhere that reaches this server, post an event:"</p>
                <CodeLine code=post_event(&public_url) label="Copy the command that posts an event" />
            </li>
        </ol>
    }
}
