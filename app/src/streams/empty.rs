//! No stream yet.

use leptos::prelude::*;

use super::add_menu::AddMenu;
use crate::ui::StreamsIllustration;

#[component]
pub(super) fn EmptyStreams(is_adding: Memo<bool>) -> impl IntoView {
    view! {
        <Show when=move || !is_adding.get()>
            <section class="empty">
                <StreamsIllustration />
                <h2>"Setup streaming for audit events"</h2>
                <p>
                    "Add an HTTP endpoint, a Google Cloud Logging log or an AWS S3 bucket to manage audit logs in third-party
                    systems. Everything stays in one place, and no event that was accepted here is lost on the way."
                </p>
                <AddMenu />
            </section>
        </Show>
    }
}
