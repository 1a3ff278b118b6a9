//! Pictures for empty places.

use leptos::prelude::*;

/// One source, three ways out, none connected yet.
#[component]
pub(crate) fn StreamsIllustration() -> impl IntoView {
    view! {
        <svg class="illustration" viewBox="0 0 240 120" aria-hidden="true" focusable="false">
            <rect class="ink-soft" x="12" y="40" width="56" height="40" rx="8" />
            <path class="ink" d="M24 54h32M24 66h20" />
            <path class="ink-accent" d="M68 60c36 0 32-36 76-36h24" />
            <path class="ink-accent ink-dashed" d="M68 60h100" />
            <path class="ink-accent ink-dashed" d="M68 60c36 0 32 36 76 36h24" />
            <circle class="ink-event" cx="124" cy="26.5" r="5" />
            <circle class="ink-event" cx="96" cy="44" r="3.5" />
            <rect class="ink-soft" x="172" y="10" width="56" height="28" rx="8" />
            <rect class="ink-soft ink-dashed" x="172" y="46" width="56" height="28" rx="8" />
            <rect class="ink-soft ink-dashed" x="172" y="82" width="56" height="28" rx="8" />
            <path class="ink" d="M186 24l5 5 9-10" />
        </svg>
    }
}

/// A page of the log with nothing on it but its lines.
#[component]
pub(crate) fn LogIllustration() -> impl IntoView {
    view! {
        <svg class="illustration" viewBox="0 0 240 120" aria-hidden="true" focusable="false">
            <rect class="ink-soft" x="60" y="8" width="120" height="104" rx="8" />
            <path class="ink" d="M76 28h40" />
            <path class="ink ink-faint" d="M76 46h88M76 62h88M76 78h88M76 94h56" />
            <path class="ink-accent" d="M12 62c12-10 24-10 36 0" />
            <circle class="ink-event" cx="30" cy="54.5" r="4" />
            <path class="ink-accent ink-dashed" d="M192 62c12 10 24 10 36 0" />
        </svg>
    }
}
