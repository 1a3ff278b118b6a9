//! The instance at a glance, and how to send it the first event.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    loading::load,
    model::{
        log_location::AUDIT_EVENTS,
        text::{counted, grouped},
    },
    server_fns::instance::show_overview,
    ui::{FirstEvent, LinesSkeleton, Loaded, Moment},
    wire::Overview,
};

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let overview = load(|| (), |()| show_overview());
    view! {
        <Title text="Overview" />
        <div class="page-head">
            <h1>"Overview"</h1>
            <p class="page-lead">"What this instance holds, and where it goes."</p>
        </div>
        <Loaded
            resource=overview
            what="The overview can't be shown."
            skeleton=|| view! { <LinesSkeleton lines=4 /> }
            view=|overview| view! { <Glance overview /> }
        />
    }
}

#[component]
fn Glance(overview: Overview) -> impl IntoView {
    let newest = overview.newest_received_at;
    view! {
        <dl class="figures">
            <div class="figure">
                <dt>"Events stored"</dt>
                <dd>
                    <a href=AUDIT_EVENTS>{grouped(overview.stored_events)}</a>
                </dd>
                <dd class="figure-note">
                    {match newest {
                        Some(at) => view! { "Newest received " <Moment at /> }.into_any(),
                        None => view! { "None received yet" }.into_any(),
                    }}
                </dd>
            </div>
            <div class="figure">
                <dt>"Streams"</dt>
                <dd>
                    <a href=format!("{AUDIT_EVENTS}?tab=streams")>{grouped(overview.destinations.into())}</a>
                </dd>
                <dd class="figure-note">{streams_note(&overview)}</dd>
            </div>
            <div class="figure">
                <dt>"Version"</dt>
                <dd>{overview.version}</dd>
                <dd class="figure-note">{overview.public_url.clone()}</dd>
            </div>
        </dl>
        <section class="card">
            <h2>"Send an event"</h2>
            <FirstEvent public_url=overview.public_url />
        </section>
    }
}

fn streams_note(overview: &Overview) -> String {
    match (overview.destinations, overview.held) {
        (0, _) => "Events are stored and shown, and go nowhere else".to_owned(),
        (_, 0) => "None is held".to_owned(),
        (_, held) => format!("{} held; no event is dropped", counted(held.into(), "stream")),
    }
}
