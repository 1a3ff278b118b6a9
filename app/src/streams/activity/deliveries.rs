//! The last requests of a stream, including those that succeeded.

mod held;
pub(super) mod row;

use domain::ids::DestinationId;
use leptos::{ev::FocusEvent, html, prelude::*, wasm_bindgen::JsCast};
use web_sys::Node;

use self::{
    held::{Held, key_of},
    row::DeliveryRow,
};
use super::{
    server_fns::{RecentDeliveries, list_recent_deliveries},
    short_moment::Zone,
};
use crate::{
    model::text::grouped,
    ui::{LinesSkeleton, Live},
};

#[component]
pub(super) fn Deliveries(id: DestinationId) -> impl IntoView {
    let only_failed = RwSignal::new(false);
    let filter = move |label: &'static str, failed: bool| {
        view! {
            <button
                type="button"
                class="segment"
                aria-pressed=move || (only_failed.get() == failed).to_string()
                on:click=move |_| only_failed.set(failed)
            >
                {label}
            </button>
        }
    };
    view! {
        <section aria-label="Recent deliveries">
            <div class="section-head">
                <h3>"Recent deliveries"</h3>
                <div class="segments" role="group" aria-label="Which deliveries">
                    {filter("All", false)}
                    {filter("Failed", true)}
                </div>
            </div>
            <p class="quiet">
                "The last 100 requests, newest first. Failed ones are stored; successful ones are kept until the server restarts. Times are in "
                <Zone /> "."
            </p>
            <Live
                source=only_failed
                ask=move |only_failed, known| list_recent_deliveries(id, only_failed, known)
                what="The deliveries can't be shown."
                skeleton=|| view! { <LinesSkeleton lines=6 /> }
                view=|answer| view! { <Shown answer /> }.into_any()
            />
        </section>
    }
}

/// While a row is open or has the focus, the list stays as it is, so that nothing moves under the reader.
#[component]
fn Shown(answer: Signal<RecentDeliveries>) -> impl IntoView {
    let held = RwSignal::new(Held::new(answer.get_untracked()));
    let frame = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        let answer = answer.get();
        held.update(|held| held.answered(answer));
    });
    let newer = Memo::new(move |_| held.with(Held::newer));
    let is_empty = Memo::new(move |_| held.with(|held| held.shown().items.is_empty()));
    let only_failed = Memo::new(move |_| held.with(|held| held.shown().only_failed));
    let leave = move |event: FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
        let frame = frame.try_get_untracked().flatten();
        let stays = frame.is_some_and(|frame| to.is_some_and(|to| frame.contains(Some(&to))));
        if !stays {
            held.update(|held| held.focus(false));
        }
    };
    view! {
        <div node_ref=frame on:focusin=move |_| held.update(|held| held.focus(true)) on:focusout=leave>
            <div class="deliveries-newer" role="status">
                {move || {
                    let newer = newer.get();
                    (newer > 0).then(|| view! {
                        <button type="button" class="button button-small" on:click=move |_| held.update(Held::show_newest)>
                            {newer_text(newer)}
                        </button>
                    })
                }}
            </div>
            <ol class="deliveries" hidden=move || is_empty.get()>
                <For
                    each=move || held.with(|held| held.shown().items.clone())
                    key=key_of
                    children=move |delivery| {
                        let key = key_of(&delivery);
                        let opened = Callback::new(move |is_open| held.update(|held| held.open(key, is_open)));
                        view! { <DeliveryRow delivery opened /> }
                    }
                />
            </ol>
        </div>
        {move || {
            let text = if only_failed.get() { "No attempt has failed." } else { "Nothing was sent since the server was started." };
            is_empty.get().then(|| view! { <p class="quiet">{text}</p> })
        }}
    }
}

fn newer_text(count: u64) -> String {
    match count {
        1 => "Show 1 newer delivery".to_owned(),
        count => format!("Show {} newer deliveries", grouped(count)),
    }
}
