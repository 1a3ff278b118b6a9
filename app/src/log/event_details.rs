//! Everything that is known about one event.

use domain::{
    Timestamp,
    view::{EventRow, EventView},
};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{
    deliveries::Deliveries,
    event_body::{Member, details},
    filter::{Condition, FilterField},
    json_text::indented,
    location::LogLocation,
    sentence::{explanation, sentence},
    value::Value,
};
use crate::{
    browser,
    ui::{Icon, Moment},
};

#[component]
pub(super) fn EventDetails(event: EventView, location: Memo<LogLocation>) -> impl IntoView {
    let address = RwSignal::new(String::new());
    Effect::new(move |_| {
        location.track();
        address.set(browser::current_address());
    });
    let members = details(&event.body);
    let body = indented(&event.body);
    let seq = event.row.seq;
    view! {
        <Title text=format!("{} · Log · Audit events", event.row.event_type) />
        <p class="event-sentence">
            <bdi>{sentence(&event.row)}</bdi>
        </p>
        <div class="drawer-actions needs-script">
            <CopyText text=address label="Copy link" />
            <CopyText text=event.body.clone() label="Copy JSON" />
        </div>
        <Fields event=event.clone() location />
        <Deliveries seq />
        <h3>"Details"</h3>
        {if members.is_empty() {
            view! { <p class="quiet">"No additional details available for this event."</p> }.into_any()
        } else {
            view! { <dl class="fields">{members.into_iter().map(member).collect_view()}</dl> }.into_any()
        }}
        <h3>"Delivered JSON"</h3>
        <pre class="json" tabindex="0" role="region" aria-label="JSON of the event">
            <code>{body}</code>
        </pre>
    }
}

fn member(member: Member) -> AnyView {
    view! { <Field name=member.name>{plain(member.value)}</Field> }.into_any()
}

#[component]
fn Fields(event: EventView, location: Memo<LogLocation>) -> impl IntoView {
    let EventView { row, id, source, .. } = event;
    let summary = &row.summary;
    let code = |field, text: &String| value(Condition::is(field, text), text, location, true);
    let event_type = code(FilterField::EventType, &row.event_type);
    let address = code(FilterField::IpAddress, &summary.ip_address);
    let (author, object) = (author(&row, location), object(&row, location));
    let target = plain(named(&summary.target_details, &summary.target_type));
    let target_note = note(&summary.target_details);
    let (created, received) = (moment(row.created_at), moment(row.received_at));
    let received_late = row.is_late().then_some(" (late)");
    let (id, source, seq) = (id.to_string(), plain(source), plain(row.seq.to_string()));
    view! {
        <dl class="fields">
            <Field name="Event type">{event_type}</Field>
            <Field name="Author">{author}</Field>
            <Field name="Object">{object}</Field>
            <Field name="Target">{target} {target_note}</Field>
            <Field name="IP address">{address}</Field>
            <Field name="Date">{created}</Field>
            <Field name="Received">{received} {received_late}</Field>
            <Field name="ID">
                <code>{id}</code>
            </Field>
            <Field name="Source">{source}</Field>
            <Field name="Log position">{seq}</Field>
        </dl>
    }
}

fn author(row: &EventRow, location: Memo<LogLocation>) -> AnyView {
    let summary = &row.summary;
    let name = [&summary.author_name, &summary.author_id]
        .into_iter()
        .find(|text| !text.is_empty());
    let Some(name) = name else { return nothing() };
    let condition = Condition::is(FilterField::Author, name);
    let shown = named(&summary.author_name, &summary.author_id);
    view! { {value(condition, &shown, location, false)} {note(&summary.author_id)} }.into_any()
}

fn object(row: &EventRow, location: Memo<LogLocation>) -> AnyView {
    let summary = &row.summary;
    let entity = [&summary.entity_path, &summary.entity_id]
        .into_iter()
        .find(|text| !text.is_empty());
    let shown = named(&summary.entity_path, &summary.entity_type);
    match entity {
        Some(entity) if !summary.entity_type.is_empty() => {
            value(Condition::entity(&summary.entity_type, entity), &shown, location, false)
        }
        _ => plain(shown),
    }
}

/// A value that can be included or excluded.
fn value(condition: Condition, shown: &str, location: Memo<LogLocation>, is_code: bool) -> AnyView {
    if condition.value.is_empty() {
        return nothing();
    }
    let whole = condition.value.clone();
    view! { <Value condition shown=shown.to_owned() whole location is_code /> }.into_any()
}

fn note(value: &str) -> Option<AnyView> {
    let note = explanation(value)?;
    Some(view! { <span class="field-note">{note}</span> }.into_any())
}

/// A name with what it stands for: `root (1)`.
fn named(name: &str, behind: &str) -> String {
    match (name.is_empty(), behind.is_empty()) {
        (false, false) => format!("{name} ({behind})"),
        (false, true) => name.to_owned(),
        (true, _) => behind.to_owned(),
    }
}

fn plain(value: String) -> AnyView {
    if value.is_empty() {
        return nothing();
    }
    view! { <bdi>{value}</bdi> }.into_any()
}

fn nothing() -> AnyView {
    view! { <span class="quiet">"–"</span> }.into_any()
}

fn moment(at: Timestamp) -> AnyView {
    view! { <Moment at /> }.into_any()
}

#[component]
fn Field(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// A button with words that copies a text.
#[component]
fn CopyText(#[prop(into)] text: Signal<String>, label: &'static str) -> impl IntoView {
    let state = RwSignal::new(label);
    let copy = move |_| {
        browser::copy(text.get_untracked(), move |copied| {
            state.try_set(if copied {
                "Copied"
            } else {
                "Copying is not allowed here"
            });
            let reset = move || {
                state.try_set(label);
            };
            set_timeout(reset, std::time::Duration::from_secs(2));
        });
    };
    view! {
        <button type="button" class="button button-small" on:click=copy>
            <Icon icon=icondata_lu::LuCopy />
            <span aria-live="polite">{state}</span>
        </button>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{event::EventId, ids::Seq, view::EventSummary};

    use super::*;

    #[test]
    fn values_that_are_filled_in_are_explained() {
        let owner = Owner::new();
        owner.set();
        super::super::value::ValueMenus::provide();
        provide_context(crate::clock::Clock::still());
        let event = EventView {
            row: EventRow {
                seq: Seq::new(7),
                created_at: Timestamp::from_unix_ms(0),
                received_at: Timestamp::from_unix_ms(120_000),
                event_type: "user_created".into(),
                summary: EventSummary {
                    author_id: "-1".into(),
                    author_name: "Ada".into(),
                    target_details: "unknown".into(),
                    ..EventSummary::default()
                },
            },
            id: EventId::parse("x").unwrap(),
            source: "gitlab".into(),
            body: "{}".into(),
        };
        let location = Memo::new(|_| LogLocation::default());
        let html = view! { <Fields event location /> }.to_html();
        for text in [
            "Ada (-1)",
            "the event has no author ID",
            "does not name its target",
            "(late)",
            "author_username=Ada",
        ] {
            assert!(html.contains(text), "{text}: {html}");
        }
    }
}
