//! Everything that is known about one event.

use domain::Timestamp;
use leptos::prelude::*;

use crate::{
    browser,
    model::{
        event_body::{Member, details},
        json_text::indented,
        sentence::sentence,
    },
    ui::{CopyButton, Moment},
    wire::EventView,
};

#[component]
pub(super) fn EventDetails(event: EventView) -> impl IntoView {
    let address = RwSignal::new(String::new());
    Effect::new(move |_| address.set(browser::current_address()));
    let members = details(&event.body);
    let body = indented(&event.body);
    view! {
        <p class="event-sentence">
            <bdi>{sentence(&event.row)}</bdi>
        </p>
        <Fields event=event.clone() />
        <h3>"Details"</h3>
        {if members.is_empty() {
            view! { <p class="quiet">"No additional details available for this event."</p> }.into_any()
        } else {
            view! { <dl class="fields">{members.into_iter().map(member).collect_view()}</dl> }.into_any()
        }}
        <div class="drawer-section">
            <h3>"As it is delivered"</h3>
            <CopyButton text=event.body label="Copy JSON" />
        </div>
        <pre class="json" tabindex="0" role="region" aria-label="JSON of the event">
            <code>{body}</code>
        </pre>
        <div class="drawer-section">
            <p class="quiet">"The address of this page leads here again."</p>
            <CopyButton text=address label="Copy link" />
        </div>
    }
}

fn member(member: Member) -> impl IntoView {
    view! { <Field name=member.name value=member.value /> }
}

#[component]
fn Fields(event: EventView) -> impl IntoView {
    let row = event.row;
    let author = named(&row.author_name, &row.author_id);
    let object = named(&row.entity_path, &row.entity_type);
    let target = named(&row.target_details, &row.target_type);
    view! {
        <dl class="fields">
            <Field name="Event type" value=row.event_type is_code=true />
            <Field name="Author" value=author />
            <Field name="Object" value=object />
            <Field name="Target" value=target />
            <Field name="IP address" value=row.ip_address is_code=true />
            <MomentField name="Date" at=row.created_at />
            <MomentField name="Received" at=event.received_at />
            <Field name="ID" value=event.id.to_string() is_code=true />
            <Field name="Source" value=event.source />
            <Field name="Position in the log" value=row.seq.to_string() />
        </dl>
    }
}

/// A name with what stands behind it: `root (1)`.
fn named(name: &str, behind: &str) -> String {
    match (name.is_empty(), behind.is_empty()) {
        (false, false) => format!("{name} ({behind})"),
        (false, true) => name.to_owned(),
        (true, _) => behind.to_owned(),
    }
}

#[component]
fn Field(#[prop(into)] name: String, value: String, #[prop(optional)] is_code: bool) -> impl IntoView {
    let value = match (value.is_empty(), is_code) {
        (true, _) => view! { <span class="quiet">"–"</span> }.into_any(),
        (false, true) => view! { <code>{value}</code> }.into_any(),
        (false, false) => view! { <bdi>{value}</bdi> }.into_any(),
    };
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

#[component]
fn MomentField(name: &'static str, at: Timestamp) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>
                <Moment at />
            </dd>
        </div>
    }
}
