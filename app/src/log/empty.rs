//! The Log before the first event, and when nothing matches.

use leptos::prelude::*;

use super::chips::clear_link;
use crate::{drawn::draw_panel_in, model::log_location::LogLocation, ui::LogIllustration};

#[component]
pub(super) fn EmptyLog() -> impl IntoView {
    view! {
        <section class="empty">
            <LogIllustration />
            <h2>"No audit events yet"</h2>
            <p>"What happens in the systems that post here is listed as soon as it arrives."</p>
            <div class="empty-steps">
                {draw_panel_in(RwSignal::new("first_event".to_owned()), "The commands can't be shown.")}
            </div>
        </section>
    }
}

pub(super) fn nothing_matches(here: &LogLocation) -> AnyView {
    view! {
        <section class="empty">
            <LogIllustration />
            <h2>"No events match"</h2>
            <p>"Nothing in the Log is like this. Names, ids and addresses are compared exactly."</p>
            {clear_link(here)}
        </section>
    }
    .into_any()
}
