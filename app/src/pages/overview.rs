//! The instance at a glance.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::drawn::draw_panel_in;

#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    view! {
        <Title text="Overview" />
        <div class="page-head">
            <h1>"Overview"</h1>
            <p class="page-lead">"What this instance holds, and where it goes."</p>
        </div>
        {draw_panel_in(RwSignal::new("overview".to_owned()), "The overview can't be shown.")}
    }
}
