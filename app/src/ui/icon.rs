//! An icon beside a word. It says nothing on its own, so it is hidden from screen readers.

use leptos::prelude::*;

#[component]
pub(crate) fn Icon(icon: icondata_core::Icon) -> impl IntoView {
    view! {
        <span class="icon" aria-hidden="true">
            <leptos_icons::Icon icon />
        </span>
    }
}
