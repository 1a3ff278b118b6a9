//! The token by which a receiver knows that an event came from here. It is meant to be seen.

use domain::{Field, destination::RotatedSecret, ids::DestinationId};
use leptos::prelude::*;

use super::rotation::{Rotation, RotationControls};
use crate::{model::text::masked, streams::context::Streams, ui::CopyButton};

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

/// In the form: the whole, to read and copy. It is the one that is stored, whatever else is typed in the form.
#[component]
pub(super) fn VerificationTokenField(#[prop(into)] input_id: String, id: DestinationId) -> impl IntoView {
    let hint_id = format!("{input_id}-hint");
    let rotation = Rotation::new(id, RotatedSecret::VerificationToken);
    let Streams { state, .. } = expect_context();
    let stored = move || state.with(|state| state.stored_text(id, Field::VerificationToken).map(str::to_owned));
    let token = Signal::derive(move || stored().unwrap_or_default());
    let sent = move || match rotation.previous_valid_until.get() {
        Some(_) => "After the rotation, sent with every event in the header ",
        None => "Sent with every event in the header ",
    };
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
                {sent} <code>"X-Gitlab-Event-Streaming-Token"</code> "."
            </p>
            <RotationControls rotation />
        </div>
    }
}
