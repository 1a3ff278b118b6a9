//! The mark of Audit Streams: three currents, one of them carrying an event.

use leptos::prelude::*;

#[component]
pub(crate) fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <rect class="logo-ground" width="32" height="32" rx="8" />
            <path class="logo-current" d="M6 10c3.4-3 6.6-3 10 0s6.6 3 10 0" />
            <path class="logo-current" d="M6 16c3.4-3 6.6-3 10 0" />
            <path class="logo-current" d="M6 22c3.4-3 6.6-3 10 0s6.6 3 10 0" />
            <circle class="logo-event" cx="22.5" cy="17" r="2.5" />
        </svg>
    }
}

/// Mark and name.
#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <span class="brand">
            <Logo />
            <span class="brand-name">"Audit Streams"</span>
        </span>
    }
}
