//! The details of one event, beside the table. Its address is a permanent link.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{event_details::EventDetails, row::link_id};
use crate::{
    browser,
    loading::load,
    model::log_location::LogLocation,
    server_fns::events::show_event,
    ui::{Icon, LinesSkeleton, Loaded},
    wire::AppError,
};

#[component]
pub(super) fn Drawer(location: Memo<LogLocation>) -> impl IntoView {
    let seq = Memo::new(move |_| location.get().event);
    let event = load(
        move || seq.get(),
        |seq| async move {
            match seq {
                Some(seq) => show_event(seq).await,
                None => Err(AppError::NotFound),
            }
        },
    );
    let frame = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let (Some(frame), Some(_)) = (frame.get(), seq.get()) {
            browser::focus_element(&frame);
        }
    });
    let closed = Memo::new(move |_| location.get().with_event(None).href());
    let navigate = use_navigate();
    let on_key = move |key: KeyboardEvent| {
        if key.key() == "Escape" {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            give_focus_back(seq);
            navigate(&closed.get_untracked(), options);
        }
    };
    view! {
        <div
            class="drawer"
            role="dialog"
            aria-labelledby="drawer-title"
            tabindex="-1"
            node_ref=frame
            on:keydown=on_key
        >
            <header class="drawer-head">
                <h2 id="drawer-title">"Audit event details"</h2>
                <a
                    class="icon-button"
                    href=closed
                    data-noscroll="true"
                    aria-label="Close"
                    on:click=move |_| give_focus_back(seq)
                >
                    <Icon icon=icondata_lu::LuX />
                </a>
            </header>
            <Loaded
                resource=event
                what="This event can't be shown."
                skeleton=|| view! { <LinesSkeleton lines=10 /> }
                view=|event| view! { <EventDetails event /> }
            />
        </div>
    }
}

fn give_focus_back(seq: Memo<Option<domain::ids::Seq>>) {
    if let Some(seq) = seq.get_untracked() {
        browser::focus(link_id(seq));
    }
}
