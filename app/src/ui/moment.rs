//! A point in time, in the reader's zone, with UTC on hover.

use domain::Timestamp;
use leptos::prelude::*;

use crate::clock::Clock;

#[component]
pub(crate) fn Moment(at: Timestamp) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let utc = at.to_string();
    view! {
        <time datetime=utc.clone() title=utc>
            {move || clock.text(at)}
        </time>
    }
}
