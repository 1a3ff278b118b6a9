//! One request.

use domain::view::{DeliveryOutcome, RecentDeliveryView, first_line};
use leptos::prelude::*;

use super::super::{event_link::event_address, short_moment::ShortMoment};
use crate::{
    model::text::{counted, grouped},
    ui::{Icon, Moment, chart::duration_text},
};

/// `opened` is called when the details are opened or closed.
#[component]
pub(in super::super) fn DeliveryRow(delivery: RecentDeliveryView, opened: Callback<bool>) -> impl IntoView {
    let is_delivered = delivery.outcome == DeliveryOutcome::Delivered;
    let took = duration_text(u64::from(delivery.duration_ms).saturating_mul(1_000));
    let line = first_line(&delivery.response).map(|line| view! { <code class="first-line">{line.to_owned()}</code> });
    let reason = delivery.reason.clone().map(|reason| {
        view! { <span class="delivery-reason">{reason} " " {line}</span> }
    });
    view! {
        <li>
            <details on:toggle:target=move |event| opened.run(is_open(&event.target()))>
                <summary>
                    <ShortMoment at=delivery.started_at />
                    {outcome_badge(is_delivered, delivery.status)}
                    <span class="delivery-event">{summary(&delivery)}</span>
                    <span class="delivery-took">{took}</span>
                    {reason}
                </summary>
                {details(delivery)}
            </details>
        </li>
    }
}

fn is_open(details: &web_sys::Element) -> bool {
    details.has_attribute("open")
}

fn outcome_badge(is_delivered: bool, status: Option<u16>) -> impl IntoView {
    let (class, icon, text) = if is_delivered {
        ("badge badge-good", icondata_lu::LuCheck, "Delivered")
    } else {
        ("badge badge-bad", icondata_lu::LuX, "Failed")
    };
    let status = status.map_or_else(|| "no response".to_owned(), |status| status.to_string());
    view! {
        <span class=class>
            <Icon icon />
            <span class="visually-hidden">{text} " "</span>
            {status}
        </span>
    }
}

/// The action and the event type, and how many others were in the request.
fn summary(delivery: &RecentDeliveryView) -> impl IntoView + use<> {
    let more = u64::from(delivery.events.saturating_sub(1));
    let more = (more > 0).then(|| format!(" and {}", counted(more, "other event")));
    let seq = delivery.seq;
    match delivery.event.clone() {
        Some(event) => view! {
            <bdi class="event-action">{event.action}</bdi>
            {more}
            <code class="event-type">{event.event_type}</code>
        }
        .into_any(),
        None => view! { <span>{format!("Event at position {seq}")} {more}</span> }.into_any(),
    }
}

fn details(delivery: RecentDeliveryView) -> impl IntoView {
    let fact = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd>{value}</dd></div> };
    let (seq, is_delivered) = (delivery.seq, delivery.outcome == DeliveryOutcome::Delivered);
    let href = event_address(seq);
    let link = match &delivery.event {
        Some(_) => view! { <a href=href>{format!("Show the event at position {seq}")}</a> }.into_any(),
        None => format!("Position {seq}, no longer in the log").into_any(),
    };
    let id = delivery
        .event
        .map(|event| fact("Event ID", view! { <code>{event.id}</code> }.into_any()));
    let number = delivery
        .number
        .map(|number| fact("Attempt", grouped(number.into()).into_any()));
    let response = match delivery.response {
        _ if is_delivered => None,
        response if response.is_empty() => Some(view! { <p class="quiet">"No response body."</p> }.into_any()),
        response => Some(view! { <pre class="answer" tabindex="0">{response}</pre> }.into_any()),
    };
    view! {
        <dl class="delivery-facts">
            {fact("Event", link)}
            {id}
            {fact("Events in the request", grouped(delivery.events.into()).into_any())}
            {fact("Started", view! { <Moment at=delivery.started_at /> }.into_any())}
            {number}
        </dl>
        {response}
    }
}
