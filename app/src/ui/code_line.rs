//! A command to paste into a terminal.

use leptos::prelude::*;

use super::CopyButton;

#[component]
pub(crate) fn CodeLine(
    #[prop(into)] code: String,
    /// What the button copies.
    label: &'static str,
) -> impl IntoView {
    view! {
        <div class="code-line">
            <pre tabindex="0" role="region" aria-label=label>
                <code>{code.clone()}</code>
            </pre>
            <CopyButton text=code label />
        </div>
    }
}
