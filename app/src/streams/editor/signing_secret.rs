//! The secret with which a receiver checks signatures. Fetched only when somebody asks to see it.

use domain::{destination::RotatedSecret, ids::DestinationId, view::DestinationSecret};
use leptos::prelude::*;

use super::{
    rotation::{Rotation, RotationControls},
    server_fns::reveal_secret,
};
use crate::{
    ui::{CopyButton, Icon},
    wire::AppError,
};

const HIDDEN: &str = "whsec_••••••••••••••••••••••••";

#[component]
pub(super) fn SigningSecretField(#[prop(into)] input_id: String, id: DestinationId) -> impl IntoView {
    let hint_id = format!("{input_id}-hint");
    let rotation = Rotation::new(id, RotatedSecret::SigningSecret);
    let (Rotation { version, seen, .. }, reveal) = (rotation, revealing(id, rotation));
    let secret = move || seen.with(|seen| seen.at(version.get()).map(str::to_owned));
    let problem = move || {
        let refused = reveal.value().get().and_then(Result::err);
        refused.map(|error: AppError| error.to_string())
    };
    let shown = Signal::derive(move || secret().unwrap_or_default());
    view! {
        <div class="field">
            <label class="field-label" for=input_id.clone()>
                "Signing secret"
            </label>
            <div class="field-with-button">
                <input
                    class="field-input field-code"
                    id=input_id
                    type="text"
                    readonly
                    prop:value=move || secret().unwrap_or_else(|| HIDDEN.to_owned())
                    aria-describedby=hint_id.clone()
                />
                {move || match secret() {
                    Some(_) => view! { <CopyButton text=shown label="Copy signing secret" /> }.into_any(),
                    None => view! { <RevealButton reveal /> }.into_any(),
                }}
            </div>
            <p class="field-hint" id=hint_id>
                "Receivers check the header " <code>"webhook-signature"</code> " with it (Standard Webhooks)."
            </p>
            <p class="field-error" role="status">{problem}</p>
            <RotationControls rotation />
        </div>
    }
}

fn revealing(id: DestinationId, rotation: Rotation) -> Action<(), Result<(), AppError>> {
    let Rotation { version, seen, .. } = rotation;
    Action::new(move |(): &()| {
        // Before the request: if the secret is rotated meanwhile, what arrives is not shown as the current one.
        let version = version.get_untracked();
        async move {
            let secret = reveal_secret(id, DestinationSecret::Signing).await?;
            if let Some(version) = version {
                seen.try_update(|seen| seen.see(secret, version));
            }
            Ok(())
        }
    })
}

#[component]
fn RevealButton(reveal: Action<(), Result<(), AppError>>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button"
            aria-label="Reveal signing secret"
            disabled=move || reveal.pending().get()
            on:click=move |_| { reveal.dispatch(()); }
        >
            <Icon icon=icondata_lu::LuEye />
            "Reveal"
        </button>
    }
}
