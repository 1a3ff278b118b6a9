//! The instance at a glance: what comes in, what goes out, how much is stored, and how each stream is doing. Until the instance is
//! set up, the first steps.

mod curl;
mod figures;
mod first_steps;
mod server_fns;
mod skeleton;
mod streams;
mod traffic;

use leptos::prelude::*;
use leptos_meta::Title;

use self::{
    figures::Figures,
    first_steps::FirstSteps,
    server_fns::{Instance, show_overview},
    skeleton::OverviewSkeleton,
    streams::Streams,
    traffic::Traffic,
};
use crate::{outcome::PostedForm, settings::Settings, ui::Live};

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let settings = expect_context::<Settings>();
    let posted = expect_context::<PostedForm>();
    on_cleanup(move || posted.forget());
    view! {
        <Title text="Overview" />
        <div class="page-head">
            <h1>"Overview"</h1>
            <p class="page-lead">"Stored events and the health of your streams."</p>
        </div>
        <Live
            source=()
            ask=|(), known| show_overview(known)
            what="The overview can't be shown."
            skeleton=|| view! { <OverviewSkeleton /> }
            refresh=settings.refresh
            view=overview
        />
    }
}

fn overview(instance: Signal<Instance>) -> AnyView {
    let is_set_up = Memo::new(move |_| instance.with(|instance| instance.first_steps.are_done()));
    let has_streams = Memo::new(move |_| instance.with(|instance| !instance.streams.is_empty()));
    view! {
        <div class="overview">
            <Show when=move || !is_set_up.get()>
                <FirstSteps instance />
            </Show>
            <Figures instance />
            <Traffic instance />
            <Show when=move || has_streams.get()>
                <Streams instance />
            </Show>
            <p class="overview-foot">
                "Audit Streams " {move || instance.with(|instance| instance.overview.version.clone())} " at "
                {move || instance.with(|instance| instance.public_url.clone())}
            </p>
        </div>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
