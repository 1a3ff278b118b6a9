//! How each stream is doing.

use domain::{
    page::{StreamView, stream_path},
    view::DestinationView,
};
use leptos::prelude::*;

use super::server_fns::Instance;
use crate::{
    streams::{Health, rank},
    ui::{Rows, chart::Spark},
};

#[component]
pub(super) fn Streams(instance: Signal<Instance>) -> impl IntoView {
    let streams = Memo::new(move |_| {
        let mut streams = instance.with(|instance| instance.streams.clone());
        streams.sort_by_key(|stream| rank(&stream.health));
        streams
    });
    view! {
        <section class="card" aria-label="Streams">
            <h2>"Streams"</h2>
            <ul class="overview-streams">
                <Rows rows=streams key=|stream: &DestinationView| stream.id row=stream_row />
            </ul>
        </section>
    }
}

fn stream_row(stream: Signal<DestinationView>) -> AnyView {
    let (id, kind) = stream.with_untracked(|stream| (stream.id, stream.kind));
    let name = Memo::new(move |_| stream.with(|stream| stream.name.clone()));
    let place = Memo::new(move |_| stream.with(|stream| stream.target.summary()));
    let health = Memo::new(move |_| stream.with(|stream| stream.health.clone()));
    let minutes = Memo::new(move |_| health.with(|health| health.per_minute.clone()));
    view! {
        <li>
            <div class="overview-name">
                <a href=stream_path(id, StreamView::Activity)>
                    <bdi>{name}</bdi>
                </a>
                <span class="badge">{kind.spec().badge}</span>
                <bdi class="overview-place">{place}</bdi>
            </div>
            <Spark values=minutes />
            <Health id health />
        </li>
    }
    .into_any()
}
