//! One line of the Log. The action is the link to the details; a click anywhere else on the line follows it.

use leptos::{ev::MouseEvent, prelude::*, wasm_bindgen::JsCast};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use web_sys::Element;

use crate::{
    model::{
        log_location::LogLocation,
        sentence::{author, object, target},
    },
    ui::{Moment, Shortened},
    wire::LogRow,
};

const AUTHOR_CHARS: usize = 16;
const OBJECT_CHARS: usize = 24;
const TARGET_CHARS: usize = 20;

/// Id of the link to the details, where the focus returns when they close.
pub(super) fn link_id(seq: domain::ids::Seq) -> String {
    format!("event-{seq}")
}

#[component]
pub(super) fn LogTableRow(
    row: LogRow,
    /// It came in lately, and says that it was created long before.
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
    view! {
        <tr role="row" class:is-open=is_open on:click=follow>
            <td role="cell">
                <Shortened text=author(&row) enough=AUTHOR_CHARS />
            </td>
            <td role="cell">
                <Shortened text=object(&row) enough=OBJECT_CHARS />
            </td>
            <td role="cell" class="log-action">
                {is_late.then(|| view! { <span class="log-late">"Late"</span> }.into_any())}
                <a
                    id=link_id(seq)
                    href=href
                    data-noscroll="true"
                    title=row.action.clone()
                    aria-current=move || is_open().then_some("true")
                >
                    <bdi>{row.action.clone()}</bdi>
                </a>
            </td>
            <td role="cell">
                <Shortened text=target(&row) enough=TARGET_CHARS />
            </td>
            <td role="cell" class="log-ip">{row.ip_address.clone()}</td>
            <td role="cell" class="log-date">
                <Moment at=row.created_at />
            </td>
        </tr>
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
