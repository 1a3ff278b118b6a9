//! The Log before the first event from outside, and when nothing matches.

use leptos::prelude::*;

use super::{chips::clear_link, location::LogLocation};
use crate::ui::LogIllustration;

#[component]
pub(super) fn EmptyLog() -> impl IntoView {
    view! {
        <section class="empty log-first">
            <LogIllustration />
            <h2>"No audit events from your systems yet"</h2>
            <p>"Events appear here as soon as a system posts them. The Overview shows how to send the first one."</p>
            <a class="button button-primary" href="/">
                "Send your first event"
            </a>
        </section>
    }
}

pub(super) fn nothing_matches(here: &LogLocation) -> AnyView {
    view! {
        <section class="empty">
            <LogIllustration />
            <h2>"No events match these filters."</h2>
            <p>"Names, IDs and addresses must match exactly."</p>
            {clear_link(here)}
        </section>
    }
    .into_any()
}

/// Instead of the table, while something in the filter is wrong; what, is reported at the field.
pub(super) fn cannot_filter(here: &LogLocation) -> AnyView {
    view! {
        <section class="empty">
            <LogIllustration />
            <h2>"These filters can't be applied."</h2>
            <p>"Correct the marked field above."</p>
            {clear_link(here)}
        </section>
    }
    .into_any()
}
