//! The token by which a receiver knows that an event came from here. It is meant to be seen.

use domain::{destination::RotatedSecret, ids::DestinationId};
use leptos::prelude::*;

use super::rotation::{Rotation, RotationControls};
use crate::{model::text::masked, ui::CopyButton};

/// At the right of each destination: enough to recognise it, and the whole to copy. A new one is not sent yet.
#[component]
pub(crate) fn VerificationTokenBadge(token: Signal<String>, is_new: Signal<bool>) -> impl IntoView {
    let label = move || match is_new.get() {
        true => "New verification token",
        false => "Verification token",
    };
    view! {
        <div class="stream-token">
            <span class="stream-token-label">{label}</span>
            <code>{move || token.with(|token| masked(token))}</code>
            <CopyButton text=token label="Copy verification token" />
        </div>
    }
}

/// In the form: the whole, to read and copy.
#[component]
pub(super) fn VerificationTokenField(
    #[prop(into)] input_id: String,
    id: DestinationId,
    token: Signal<String>,
) -> impl IntoView {
    let hint_id = format!("{input_id}-hint");
    let rotation = Rotation::new(id, RotatedSecret::VerificationToken);
    view! {
        <div class="field">
            <label class="field-label" for=input_id.clone()>
                "Verification token"
            </label>
            <div class="field-with-button">
                <input
                    class="field-input field-code"
                    id=input_id
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
            <RotationControls rotation />
        </div>
    }
}
