//! The Log before the first event, and when nothing matches.

use leptos::prelude::*;

use super::chips::clear_link;
use crate::{
    loading::load,
    model::log_location::LogLocation,
    server_fns::instance::show_overview,
    ui::{FirstEvent, LinesSkeleton, Loaded, LogIllustration},
};

#[component]
pub(super) fn EmptyLog() -> impl IntoView {
    let overview = load(|| (), |()| show_overview());
    view! {
        <section class="empty">
            <LogIllustration />
            <h2>"No audit events yet"</h2>
            <p>"What happens in the systems that post here is listed as soon as it arrives."</p>
            <div class="empty-steps">
                <Loaded
                    resource=overview
                    what="The commands can't be shown."
                    skeleton=|| view! { <LinesSkeleton lines=6 /> }
                    view=|overview| view! { <FirstEvent public_url=overview.public_url /> }
                />
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
