//! The details of one event, beside the table. Its address is a permanent link.

use domain::ids::Seq;
use leptos::{
    ev::{self, KeyboardEvent},
    html,
    prelude::*,
};

use super::{event_details::EventDetails, live::LiveTail, location::LogLocation, row::link_id, server_fns::show_event};
use crate::{
    browser,
    deadline::in_time,
    resource::json_resource,
    ui::{ErrorView, Icon, LinesSkeleton, suspended},
    wire::AppError,
};

#[component]
pub(super) fn Drawer(location: Memo<LogLocation>, live: LiveTail, go: Callback<String>) -> impl IntoView {
    let seq = Memo::new(move |_| location.get().event);
    let event = json_resource(
        move || seq.get(),
        |seq| async move {
            match seq {
                Some(seq) => in_time(show_event(seq)).await,
                None => Err(AppError::NotFound),
            }
        },
    );
    let frame = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<Option<Seq>>| {
        let now = seq.get();
        // Not with each event: then the focus stays on the button that leads to the next one.
        if let (Some(frame), Some(_), false) = (frame.get(), now, before.flatten().is_some()) {
            browser::focus_element(&frame);
        }
        now
    });
    let closed = Memo::new(move |_| location.get().with_event(None).href());
    let close = move || {
        give_focus_back(seq);
        go.run(closed.get_untracked());
    };
    close_on_escape(close);
    let beside = move |step: fn(usize) -> Option<usize>| {
        let seqs = live.rows.get();
        let here = seqs.iter().position(|other| Some(*other) == seq.get())?;
        let other = seqs.get(step(here)?).copied()?;
        Some(location.get().with_event(Some(other)).href())
    };
    let previous = Memo::new(move |_| beside(|here| here.checked_sub(1)));
    let next = Memo::new(move |_| beside(|here| here.checked_add(1)));
    view! {
        <div class="drawer" role="dialog" aria-labelledby="drawer-title" tabindex="-1" node_ref=frame>
            <header class="drawer-head">
                <h2 id="drawer-title">"Audit event details"</h2>
                <StepButton target=previous go label="Previous event" icon=icondata_lu::LuChevronUp />
                <StepButton target=next go label="Next event" icon=icondata_lu::LuChevronDown />
                <a
                    class="icon-button"
                    href=closed
                    data-noscroll="true"
                    aria-label="Close"
                    title="Close (Escape)"
                    on:click=move |_| give_focus_back(seq)
                >
                    <Icon icon=icondata_lu::LuX />
                </a>
            </header>
            <Transition fallback=|| view! { <LinesSkeleton lines=10 /> }>
                {move || suspended(event, move |answer| match answer {
                    Ok(event) => view! { <EventDetails event location /> }.into_any(),
                    Err(error) => {
                        let on_retry = Callback::new(move |()| event.refetch());
                        view! { <ErrorView what="This event can't be shown." error on_retry /> }.into_any()
                    }
                })}
            </Transition>
        </div>
    }
}

/// Leads to the event beside this one; disabled at the end of the page.
#[component]
fn StepButton(
    target: Memo<Option<String>>,
    go: Callback<String>,
    label: &'static str,
    icon: icondata_core::Icon,
) -> impl IntoView {
    let step = move |_| {
        if let Some(href) = target.get_untracked() {
            go.run(href);
        }
    };
    view! {
        <button
            type="button"
            class="icon-button needs-script"
            aria-label=label
            title=label
            disabled=move || target.with(Option::is_none)
            on:click=step
        >
            <Icon icon />
        </button>
    }
}

/// Wherever the focus is; not if the key has closed something else, such as a menu.
fn close_on_escape(close: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let close = close.clone();
        let listener = window_event_listener(ev::keydown, move |key: KeyboardEvent| {
            if key.key() == "Escape"
                && !key.default_prevented()
                && !browser::is_popover_open()
                && !browser::is_dialog_open()
            {
                close();
            }
        });
        on_cleanup(move || listener.remove());
    });
}

fn give_focus_back(seq: Memo<Option<Seq>>) {
    if let Some(seq) = seq.get_untracked() {
        browser::focus(link_id(seq));
    }
}
