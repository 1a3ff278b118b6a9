//! Admin › Monitoring › Audit events: the tabs Log and Streams.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{browser, log::LogTab, model::log_location::AUDIT_EVENTS, streams::StreamsTab};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Log,
    Streams,
}

impl Tab {
    const fn id(self) -> &'static str {
        match self {
            Self::Log => "tab-log",
            Self::Streams => "tab-streams",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Log => Self::Streams,
            Self::Streams => Self::Log,
        }
    }
}

#[component]
pub(crate) fn AuditEventsPage() -> impl IntoView {
    let query = use_query_map();
    let tab = Memo::new(move |_| match query.read().get_str("tab") {
        Some("streams") => Tab::Streams,
        _ => Tab::Log,
    });
    view! {
        <Title text="Audit events" />
        <div class="page-head">
            <h1>"Audit events"</h1>
            <p class="page-lead">"Track important events in your instance."</p>
        </div>
        <div class="tabs" role="tablist" aria-label="Audit events">
            <TabLink tab=Tab::Log current=tab label="Log" href=format!("{AUDIT_EVENTS}?tab=log") />
            <TabLink tab=Tab::Streams current=tab label="Streams" href=format!("{AUDIT_EVENTS}?tab=streams") />
        </div>
        <div id="tab-panel" class="tab-panel" role="tabpanel" aria-labelledby=move || tab.get().id()>
            {move || match tab.get() {
                Tab::Log => view! { <LogTab /> }.into_any(),
                Tab::Streams => view! { <StreamsTab /> }.into_any(),
            }}
        </div>
    }
}

/// A link, so that it works without WASM and can be opened beside; the arrow keys move between the two.
#[component]
fn TabLink(tab: Tab, current: Memo<Tab>, label: &'static str, href: String) -> impl IntoView {
    let is_current = move || current.get() == tab;
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
            event.prevent_default();
            browser::focus(tab.other().id());
        }
    };
    view! {
        <a
            id=tab.id()
            class="tab"
            role="tab"
            href=href
            data-noscroll="true"
            aria-selected=move || is_current().to_string()
            aria-controls="tab-panel"
            on:keydown=on_key
        >
            {label}
        </a>
    }
}
