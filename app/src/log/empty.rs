//! The Log before the first event.

use leptos::prelude::*;

use crate::{
    loading::load,
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
