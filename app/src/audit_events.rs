//! Admin › Monitoring › Audit events: the tabs Log and Streams.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    browser,
    log::{AUDIT_EVENTS, LogTab},
    model::text::grouped,
    resource::json_resource,
    streams::{StreamCount, StreamsTab, count_destinations},
    ui::suspended,
};

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

    const fn title(self) -> &'static str {
        match self {
            Self::Log => "Log · Audit events",
            Self::Streams => "Streams · Audit events",
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
    let count = StreamCount::provide();
    let query = use_query_map();
    let tab = Memo::new(move |_| match query.read().get_str("tab") {
        Some("streams") => Tab::Streams,
        _ => Tab::Log,
    });
    view! {
        <Title text=move || tab.get().title() />
        <div class="page-head">
            <h1>"Audit events"</h1>
            <p class="page-lead">"Track important events in your instance."</p>
        </div>
        <div class="tabs" role="tablist" aria-label="Audit events">
            <TabLink tab=Tab::Log current=tab href=format!("{AUDIT_EVENTS}?tab=log")>
                "Log"
            </TabLink>
            <TabLink tab=Tab::Streams current=tab href=format!("{AUDIT_EVENTS}?tab=streams")>
                "Streams"
                <CountBadge count />
            </TabLink>
        </div>
        <div id="tab-panel" class="tab-panel" role="tabpanel" aria-labelledby=move || tab.get().id()>
            {move || match tab.get() {
                Tab::Log => view! { <LogTab /> }.into_any(),
                Tab::Streams => view! { <StreamsTab /> }.into_any(),
            }}
        </div>
    }
}

/// Nothing while it is not known, and for none.
#[component]
fn CountBadge(count: StreamCount) -> impl IntoView {
    let counted = json_resource(|| (), |()| count_destinations());
    let badge = move |first: Option<u64>| {
        let shown = Memo::new(move |_| count.get().or(first).filter(|count| *count > 0));
        move || {
            shown
                .get()
                .map(|count| view! { <span class="tab-count">{grouped(count)}</span> })
        }
    };
    view! { <Suspense fallback=|| ()>{move || suspended(counted, move |counted| badge(counted.ok()))}</Suspense> }
}

/// A link, so that it works without WASM and can be opened beside; the arrow keys move between the two.
#[component]
fn TabLink(tab: Tab, current: Memo<Tab>, href: String, children: Children) -> impl IntoView {
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
            {children()}
        </a>
    }
}
