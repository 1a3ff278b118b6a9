//! One row of the Log. The action is the link to the details; a click anywhere else on the row follows it.

use domain::view::EventRow;
use leptos::{ev::MouseEvent, prelude::*, wasm_bindgen::JsCast};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::Element;

use super::{
    filter::{Condition, FilterField},
    location::LogLocation,
    sentence::{author, object, short_path, target},
    value::Value,
};
use crate::{
    browser,
    clock::Clock,
    model::moment::{distance_text, row_text},
};

const PATH_CHARS: usize = 26;

/// Id of the link to the details, where the focus returns when they close.
pub(super) fn link_id(seq: domain::ids::Seq) -> String {
    format!("event-{seq}")
}

#[component]
pub(super) fn LogTableRow(
    row: EventRow,
    /// It stands at the top although it was created long before.
    is_late: bool,
    location: Memo<LogLocation>,
) -> impl IntoView {
    let seq = row.seq;
    let href = Memo::new(move |_| location.get().with_event(Some(seq)).href());
    let is_open = move || location.with(|location| location.event == Some(seq));
    let navigate = use_navigate();
    let follow = move |event: MouseEvent| {
        if is_plain_click(&event) {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&href.get_untracked(), options);
        }
    };
    let action = row.summary.action.clone();
    view! {
        <tr role="row" class:is-open=is_open on:click=follow>
            <td role="cell" class="log-author">
                {author_value(&row, location)}
            </td>
            <td role="cell" class="log-object">
                {object_value(&row, location)}
            </td>
            <td role="cell" class="log-action">
                {is_late.then(|| view! { <span class="log-late">"Late"</span> }.into_any())}
                <a
                    id=link_id(seq)
                    href=href
                    data-noscroll="true"
                    title=action.clone()
                    aria-current=move || is_open().then_some("true")
                >
                    <bdi>{action.clone()}</bdi>
                </a>
            </td>
            <td role="cell" class="log-type">
                <Value
                    condition=Condition::is(FilterField::EventType, &row.event_type)
                    shown=row.event_type.clone()
                    whole=row.event_type.clone()
                    location
                    is_code=true
                />
            </td>
            <td role="cell" class="log-target">
                <bdi title=target(&row).to_owned()>{target(&row).to_owned()}</bdi>
            </td>
            <td role="cell" class="log-ip">
                {address_value(&row, location)}
            </td>
            <td role="cell" class="log-date">
                <RowMoment row />
            </td>
        </tr>
    }
}

fn author_value(row: &EventRow, location: Memo<LogLocation>) -> Option<AnyView> {
    let author = author(row).to_owned();
    let condition = Condition::is(FilterField::Author, &author);
    let value = || view! { <Value condition shown=author.clone() whole=author.clone() location /> }.into_any();
    (!author.is_empty()).then(value)
}

/// What it is about; only with a path or an id can it be searched for.
fn object_value(row: &EventRow, location: Memo<LogLocation>) -> AnyView {
    let summary = &row.summary;
    let whole = object(row).to_owned();
    let entity = [&summary.entity_path, &summary.entity_id]
        .into_iter()
        .find(|text| !text.is_empty());
    let (Some(entity), false) = (entity, summary.entity_type.is_empty()) else {
        return view! { <bdi>{whole}</bdi> }.into_any();
    };
    let condition = Condition::entity(&summary.entity_type, entity);
    view! { <Value condition shown=short_path(&whole, PATH_CHARS) whole location /> }.into_any()
}

fn address_value(row: &EventRow, location: Memo<LogLocation>) -> Option<AnyView> {
    let address = row.summary.ip_address.clone();
    let condition = Condition::is(FilterField::IpAddress, &address);
    let value = || view! { <Value condition shown=address.clone() whole=address.clone() location /> }.into_any();
    (!address.is_empty()).then(value)
}

/// In the zone of the table's head, without the date of today; how long ago it was on hover.
#[component]
fn RowMoment(row: EventRow) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let at = row.created_at;
    let utc = at.to_string();
    // Changes with the day, not with each second.
    let text = Memo::new(move |_| {
        let offset = if clock.is_ready() {
            browser::offset_minutes(at)
        } else {
            0
        };
        row_text(at, offset, clock.viewpoint())
    });
    let (long, now) = (utc.clone(), RwSignal::new(None));
    let title = move || match now.get() {
        Some(now) => format!("{} ({long})", distance_text(at, now)),
        None => long.clone(),
    };
    view! {
        <time datetime=utc title=title on:pointerenter=move |_| now.set(Some(clock.now()))>
            {text}
        </time>
    }
}

/// Not when a link was hit, which goes its own way, and not when text was being selected.
fn is_plain_click(event: &MouseEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let on_link = target.is_some_and(|target| target.closest("a").ok().flatten().is_some());
    let selecting = window()
        .get_selection()
        .ok()
        .flatten()
        .is_some_and(|selection| !selection.is_collapsed());
    !on_link && !selecting && !event.ctrl_key() && !event.meta_key() && !event.shift_key()
}
