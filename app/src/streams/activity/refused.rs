//! Events that the destination rejected: those that are retried, or those that are parked. A table with what to do about one,
//! several or all of them.

mod events;
mod head;
mod row;
mod selection;
mod table;

use domain::{
    delivery::RefusedList,
    ids::{DestinationId, Seq},
    view::{HealthView, RefusedPage},
};
use leptos::prelude::*;

use self::{
    events::{RefusedEvents, list_name, outcome_id},
    head::Head,
    selection::Pages,
    table::{Pager, Table},
};
use super::{super::ids::parked_id, confirm::Confirm, server_fns::list_refused};
use crate::{
    browser,
    streams::ids::toggle_id,
    ui::{Alert, LinesSkeleton, Live, Refresh},
};

/// One of the two lists. While `is_wanted`, the reader has followed a link to it.
#[component]
pub(super) fn Refused(
    id: DestinationId,
    list: RefusedList,
    health: Signal<HealthView>,
    #[prop(into)] is_wanted: Signal<bool>,
    changed: Callback<()>,
) -> impl IntoView {
    let refresh = Refresh::new();
    let events = RefusedEvents::new(id, list, refresh, changed);
    let before = Memo::new(move |_| events.pages.with(Pages::before));
    let outcome = move || {
        let (tone, message) = events.outcome.get()?;
        let dismiss = move |()| events.outcome.set(None);
        Some(view! { <Alert tone on_dismiss=dismiss>{message}</Alert> })
    };
    // The row learns of refused events first.
    let count = Memo::new(move |_| health.with(|health| count(health, list)));
    Effect::new(move |before: Option<u64>| {
        let count = count.get();
        if before.is_some_and(|before| before != count) {
            refresh.now();
        }
        count
    });
    view! {
        <div role="status" id=outcome_id(id, list) class="refused-outcome" tabindex="-1">
            {outcome}
        </div>
        <Confirm
            id=format!("discard-{}-{id}", list_name(list))
            question=events.question
            button="Discard"
            confirmed=Callback::new(move |()| events.discard())
        />
        <Live
            source=before
            ask=move |before, known| list_refused(id, list, before, known)
            what="The rejected events can't be shown."
            skeleton=move || (count.get_untracked() > 0).then(|| view! { <LinesSkeleton lines=3 /> })
            refresh
            view=move |page| view! { <Shown events page is_wanted /> }.into_any()
        />
    }
}

const fn count(health: &HealthView, list: RefusedList) -> u64 {
    match list {
        RefusedList::Retrying => health.retrying,
        RefusedList::Parked => health.parked,
    }
}

#[component]
fn Shown(events: RefusedEvents, page: Signal<RefusedPage>, is_wanted: Signal<bool>) -> impl IntoView {
    let total = Memo::new(move |_| page.with(|page| page.total));
    let is_any = Memo::new(move |_| total.get() > 0);
    Effect::new(move |_| {
        let shown: Vec<Seq> = page.with(|page| page.items.iter().map(|event| event.seq).collect());
        events.selection.update(|selection| selection.keep(&shown));
        // The last page is empty once its events were changed.
        if shown.is_empty() && events.pages.with_untracked(Pages::before).is_some() {
            events.go(Pages::default());
        }
    });
    let id = events.id;
    Effect::new(move |_| {
        if is_wanted.get() {
            browser::focus(if is_any.get_untracked() {
                parked_id(id)
            } else {
                toggle_id(id)
            });
        }
    });
    let label = match events.list {
        RefusedList::Retrying => "Rejected events that are retried",
        RefusedList::Parked => "Parked events",
    };
    view! {
        <Show when=move || is_any.get()>
            <section aria-label=label>
                <Head events page total />
                <Table events page label />
                <Pager events page total />
            </section>
        </Show>
    }
}

/// The section, for tests of what it renders.
#[cfg(all(test, feature = "ssr"))]
pub(super) fn refused_events(id: DestinationId, list: RefusedList, page: Signal<RefusedPage>) -> AnyView {
    let events = RefusedEvents::new(id, list, Refresh::new(), Callback::new(|()| {}));
    view! { <Shown events page is_wanted=Signal::stored(false) /> }.into_any()
}
