//! Everything that is known about one event.

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
    field_of(member.name, member.value)
}

#[component]
fn Fields(event: EventView) -> impl IntoView {
    let row = event.row;
    let author = named(&row.author_name, &row.author_id);
    let object = named(&row.entity_path, &row.entity_type);
    let target = named(&row.target_details, &row.target_type);
    view! {
        <dl class="fields">
            {field_of("Event type".to_owned(), row.event_type)} {field_of("Author".to_owned(), author)}
            {field_of("Object".to_owned(), object)} {field_of("Target".to_owned(), target)}
            {field_of("IP address".to_owned(), row.ip_address)} <div>
                <dt>"Date"</dt>
                <dd>
                    <Moment at=row.created_at />
                </dd>
            </div> <div>
                <dt>"Received"</dt>
                <dd>
                    <Moment at=event.received_at />
                </dd>
            </div> {field_of("Id".to_owned(), event.id.to_string())} {field_of("Source".to_owned(), event.source)}
            {field_of("Position in the log".to_owned(), row.seq.to_string())}
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

fn field_of(name: String, value: String) -> impl IntoView {
    let value = if value.is_empty() {
        view! { <dd class="quiet">"–"</dd> }.into_any()
    } else {
        view! {
            <dd>
                <bdi>{value}</bdi>
            </dd>
        }
        .into_any()
    };
    view! {
        <div>
            <dt>{name}</dt>
            {value}
        </div>
    }
}
