//! The token by which a receiver knows that an event came from here. It is meant to be seen.

use leptos::prelude::*;

use crate::{model::text::masked, ui::CopyButton};

/// At the right of each destination: enough to recognise it, and the whole to copy.
#[component]
pub(crate) fn VerificationTokenBadge(token: Signal<String>) -> impl IntoView {
    view! {
        <div class="stream-token">
            <span class="stream-token-label">"Verification token"</span>
            <code>{move || token.with(|token| masked(token))}</code>
            <CopyButton text=token label="Copy verification token" />
        </div>
    }
}

/// In the form: the whole, to read and copy.
#[component]
pub(super) fn VerificationTokenField(#[prop(into)] id: String, token: Signal<String>) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    view! {
        <div class="field">
            <label class="field-label" for=id.clone()>
                "Verification token"
            </label>
            <div class="field-with-button">
                <input
                    class="field-input field-code"
                    id=id
                    type="text"
                    readonly
                    prop:value=move || token.get()
                    aria-describedby=hint_id.clone()
                />
                <CopyButton text=token label="Copy verification token" />
            </div>
            <p class="field-hint" id=hint_id>
                "Sent with every event in the header " <code>"X-Gitlab-Event-Streaming-Token"</code> "."
            </p>
        </div>
    }
}
