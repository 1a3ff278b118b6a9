//! Which events a replay sends.

use domain::view::ReplayView;
use leptos::prelude::*;

use super::text::{last_moment, types_text};
use crate::ui::Moment;

/// ` · events of type a, b, created from … to …`.
#[component]
pub(super) fn RangeText(replay: ReplayView) -> impl IntoView {
    let types = types_text(&replay.event_types);
    let to = last_moment(replay.before);
    view! {
        " · events"
        {types}
        " created from "
        <Moment at=replay.from />
        " to "
        <Moment at=to />
    }
}
