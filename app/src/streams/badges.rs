//! Badges beside the name of a stream.

use domain::{destination::DestinationKind, ids::DestinationId};
use leptos::prelude::*;

use crate::ui::Icon;

#[component]
pub(super) fn KindBadge(kind: DestinationKind) -> impl IntoView {
    view! { <span class="badge">{kind.spec().badge}</span> }
}

/// Says that anyone who can intercept the connection could pose as the server.
#[component]
pub(super) fn UnverifiedBadge(is_unverified: Memo<bool>) -> impl IntoView {
    view! {
        <span
            class="badge badge-bad"
            hidden=move || !is_unverified.get()
            title="The certificate of the server is not verified: anyone who can intercept the connection can read and change events."
        >
            <Icon icon=icondata_lu::LuShieldAlert />
            "certificate not verified"
        </span>
    }
}

/// Says that not every event is sent.
#[component]
pub(super) fn FilteredBadge(id: DestinationId, is_filtered: Memo<bool>) -> impl IntoView {
    view! { <Show when=move || is_filtered.get()>{move || filtered(id)}</Show> }
}

fn filtered(id: DestinationId) -> impl IntoView {
    let text_id = format!("stream-{id}-filtered");
    view! {
        <span class="filtered">
            <button type="button" class="badge badge-button" popovertarget=text_id.clone()>
                <Icon icon=icondata_lu::LuListFilter />
                "filtered"
            </button>
            <span id=text_id class="words" popover="auto">
                "Destination has filters applied. "
                <a href="/help#event-filters" target="_blank">
                    "What are filters?"
                </a>
            </span>
        </span>
    }
}
