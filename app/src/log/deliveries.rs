//! What happened to an event at each destination, and a button that sends it there again.

#[cfg(all(test, feature = "ssr"))]
mod tests;

use domain::{
    ids::Seq,
    view::{DeliveryState, DeliveryView},
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    location::AUDIT_EVENTS,
    server_fns::{list_deliveries, send_again},
};
use crate::{
    model::text::counted,
    ui::{Icon, LinesSkeleton, Live, Moment, Refresh},
};

#[component]
pub(super) fn Deliveries(seq: Seq) -> impl IntoView {
    let refresh = Refresh::new();
    view! {
        <section aria-labelledby="deliveries-title">
            <h3 id="deliveries-title">"Deliveries"</h3>
            <Live
                source=seq
                ask=|seq, known| list_deliveries(seq, known)
                what="The deliveries of this event can't be shown."
                skeleton=|| view! { <LinesSkeleton lines=2 /> }
                refresh
                view=move |deliveries| list(seq, deliveries, refresh)
            />
        </section>
    }
}

fn list(seq: Seq, deliveries: Signal<Vec<DeliveryView>>, refresh: Refresh) -> AnyView {
    let is_none = Memo::new(move |_| deliveries.with(Vec::is_empty));
    let ids = Memo::new(move |_| {
        let ids = |deliveries: &Vec<DeliveryView>| deliveries.iter().map(|delivery| delivery.destination_id).collect();
        deliveries.with(ids)
    });
    let summary = Memo::new(move |_| deliveries.with(|deliveries| summary(deliveries)));
    let ids = move || -> Vec<_> { ids.get() };
    view! {
        <p class="quiet">{summary}</p>
        {move || is_none.get().then(|| view! { <a href=format!("{AUDIT_EVENTS}?tab=streams")>"Add a destination"</a> })}
        <ul class="delivery-list" aria-label="Deliveries by destination">
            <For each=ids key=|id| *id let:id>
                {
                    let delivery = Memo::new(move |_| {
                        deliveries.with(|list| list.iter().find(|delivery| delivery.destination_id == id).cloned())
                    });
                    view! { <Delivery seq delivery refresh /> }
                }
            </For>
        </ul>
    }
    .into_any()
}

/// `Delivered to 2 of 3 destinations.`
fn summary(deliveries: &[DeliveryView]) -> String {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let delivered = deliveries
        .iter()
        .filter(|delivery| delivery.state == DeliveryState::Delivered);
    match deliveries.len() {
        0 => "There are no destinations.".to_owned(),
        all => format!(
            "Delivered to {} of {}.",
            delivered.count(),
            counted(count(all), "destination")
        ),
    }
}

#[component]
fn Delivery(seq: Seq, delivery: Memo<Option<DeliveryView>>, refresh: Refresh) -> impl IntoView {
    let outcome = RwSignal::new(None::<Result<(), String>>);
    let is_sending = RwSignal::new(false);
    let can_send =
        Memo::new(move |_| delivery.with(|delivery| delivery.as_ref().is_some_and(|delivery| delivery.can_send_again)));
    let name = Memo::new(move |_| {
        delivery.with(|delivery| {
            delivery
                .as_ref()
                .map(|delivery| delivery.name.clone())
                .unwrap_or_default()
        })
    });
    let send = move |_| {
        let Some(destination) =
            delivery.with_untracked(|delivery| delivery.as_ref().map(|delivery| delivery.destination_id))
        else {
            return;
        };
        is_sending.set(true);
        spawn_local(async move {
            let answer = send_again(seq, destination).await;
            is_sending.try_set(false);
            outcome.try_set(Some(answer.map_err(|error| format!("{error} {}", error.next_step()))));
            refresh.now();
        });
    };
    let message = move || {
        outcome.get().map(|outcome| match outcome {
            Ok(()) => view! { <span class="delivery-sent">"Queued. It is sent next; its state is shown here."</span> }
                .into_any(),
            Err(error) => view! { <span class="field-error">{error}</span> }.into_any(),
        })
    };
    view! {
        <li class="delivery">
            <div class="delivery-head">
                <bdi class="delivery-name">{name}</bdi>
                {move || delivery.get().map(|delivery| badge(delivery.state))}
                <button
                    type="button"
                    class="button button-small needs-script"
                    aria-label=move || format!("Send again to {}", name.get())
                    disabled=move || is_sending.get() || !can_send.get()
                    on:click=send
                >
                    "Send again"
                </button>
            </div>
            {move || delivery.get().map(|delivery| details(&delivery))}
            <p role="status">{message}</p>
        </li>
    }
}

fn badge(state: DeliveryState) -> AnyView {
    let (icon, tone, text) = match state {
        DeliveryState::Delivered => (icondata_lu::LuCheck, "is-good", "Delivered"),
        DeliveryState::Waiting => (icondata_lu::LuClock, "is-busy", "Waiting"),
        DeliveryState::Retrying => (icondata_lu::LuRotateCw, "is-warning", "Retrying"),
        DeliveryState::Parked => (icondata_lu::LuCircleAlert, "is-bad", "Parked"),
        DeliveryState::Discarded => (icondata_lu::LuTrash2, "is-off", "Discarded"),
        DeliveryState::FilteredOut => (icondata_lu::LuListFilter, "is-off", "Filtered out"),
        DeliveryState::BeforeStart => (icondata_lu::LuHistory, "is-off", "Before the stream started"),
        DeliveryState::Inactive => (icondata_lu::LuCircleOff, "is-off", "Not sent: inactive"),
        DeliveryState::Unknown => (icondata_lu::LuCircleHelp, "is-off", "Unknown"),
    };
    view! {
        <span class=format!("delivery-state {tone}")>
            <Icon icon />
            {text}
        </span>
    }
    .into_any()
}

fn details(delivery: &DeliveryView) -> AnyView {
    let is_refused = matches!(delivery.state, DeliveryState::Retrying | DeliveryState::Parked);
    let is_delivered = delivery.state == DeliveryState::Delivered;
    let explanation = (!is_delivered).then(|| delivery.explanation.clone());
    let delivered = delivery.delivered_at.filter(|_| is_delivered).map(|at| {
        let status = delivery.status.map(|status| format!(", answered {status}"));
        view! { <span>"Last delivered " <Moment at /> {status} "."</span> }
    });
    let reason = delivery.reason.clone().filter(|_| is_refused);
    let tries = delivery.tries.filter(|_| is_refused);
    let tries = tries.map(|tries| format!(" ({})", counted(u64::from(tries), "attempt")));
    let next = delivery
        .next_try_at
        .map(|at| view! { <span>" Next attempt: " <Moment at />"."</span> });
    let response = delivery.response.clone().filter(|response| !response.is_empty());
    let step = delivery.next_step.clone();
    let replayed = delivery
        .replayed_at
        .map(|at| view! { <p>"A replay that includes it ended " <Moment at />"."</p> });
    view! {
        <div class="delivery-details">
            <p>
                {explanation} {delivered} {reason.map(|reason| view! { <span>" " {reason}</span> })} {tries} {next}
            </p>
            {response.map(|response| view! { <pre class="json" tabindex="0" role="region" aria-label="Response"><code>{response}</code></pre> })}
            {step.map(|step| view! { <p>{step}</p> })} {replayed}
        </div>
    }
    .into_any()
}
