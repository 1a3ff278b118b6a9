//! What a stream has done, and what can be done about it: figures and charts, rejected events, replays, and recent deliveries.
//!
//! Each section is a [`crate::ui::Live`] part of its own, so that one that is slow or fails holds up no other.

mod certificates;
mod charts;
mod confirm;
mod deliveries;
mod event_link;
mod range;
mod refused;
mod replay;
pub(crate) mod server_fns;
mod short_moment;

use domain::{delivery::RefusedList, ids::DestinationId, view::HealthView};
use leptos::prelude::*;

use self::{certificates::Certificates, charts::Charts, deliveries::Deliveries, refused::Refused, replay::Replays};

/// `changed` is called when refused events were changed, so that the row shows it. While `parked_is_wanted`, the reader has followed
/// a link to the parked events.
#[component]
pub(crate) fn Activity(
    id: DestinationId,
    #[prop(into)] health: Signal<HealthView>,
    #[prop(into)] parked_is_wanted: Signal<bool>,
    changed: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="activity">
            <Charts id health />
            <Certificates health />
            <Refused id list=RefusedList::Retrying health is_wanted=Signal::stored(false) changed />
            <Refused id list=RefusedList::Parked health is_wanted=parked_is_wanted changed />
            <Replays id />
            <Deliveries id />
        </div>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
