//! The way through the page. On narrow screens a sheet behind a button.

use domain::page::{ALERT_SETTINGS, NETWORK_SETTINGS, RETENTION_SETTINGS};
use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_location};

use super::{alert_badge::AlertBadge, trail::is_admin};
use crate::{
    browser,
    log::AUDIT_EVENTS,
    ui::{Brand, Icon},
};

pub(super) const SIDEBAR_ID: &str = "sidebar";

#[component]
pub(super) fn Sidebar() -> impl IntoView {
    let path = use_location().pathname;
    let in_admin = Memo::new(move |_| is_admin(&path.read()));
    view! {
        <nav id=SIDEBAR_ID class="sidebar" popover="auto" aria-label="Main">
            <a class="sidebar-brand" href="/" on:click=close_sheet>
                <Brand />
            </a>
            {move || if in_admin.get() { view! { <AdminLinks /> }.into_any() } else { view! { <HomeLinks /> }.into_any() }}
        </nav>
    }
}

#[component]
fn HomeLinks() -> impl IntoView {
    view! {
        <ul class="sidebar-links">
            <li>
                <SidebarLink href="/" label="Overview" icon=icondata_lu::LuGauge />
            </li>
        </ul>
        <ul class="sidebar-links sidebar-foot">
            {help()}
            <li>
                <SidebarLink href="/admin" label="Admin" icon=icondata_lu::LuSettings />
                <AlertBadge />
            </li>
        </ul>
    }
}

/// *Admin* keeps its place, so that a double click on it does not lead out again.
#[component]
fn AdminLinks() -> impl IntoView {
    let monitoring = [(AUDIT_EVENTS, "Audit events", icondata_lu::LuScrollText)];
    let settings = [
        ("/admin/settings/tokens", "API tokens", icondata_lu::LuKeyRound),
        (NETWORK_SETTINGS, "Network", icondata_lu::LuNetwork),
        (RETENTION_SETTINGS, "Retention", icondata_lu::LuHistory),
        (ALERT_SETTINGS, "Alerts", icondata_lu::LuBell),
        ("/admin/settings/users", "Users", icondata_lu::LuUsers),
    ];
    view! {
        <ul class="sidebar-links">
            <li>
                <SidebarLink href="/" label="Leave Admin" icon=icondata_lu::LuArrowLeft />
            </li>
        </ul>
        <ul class="sidebar-links">
            <li>
                <SidebarLink href="/" label="Overview" icon=icondata_lu::LuGauge />
            </li>
            {group("sidebar-monitoring", "Monitoring", icondata_lu::LuActivity, &monitoring)}
            {group("sidebar-settings", "Settings", icondata_lu::LuSlidersHorizontal, &settings)}
        </ul>
        <ul class="sidebar-links sidebar-foot">
            {help()}
            <li>
                <a class="sidebar-link" href="/admin" aria-current="true" on:click=close_sheet>
                    <Icon icon=icondata_lu::LuSettings />
                    <span>"Admin"</span>
                </a>
            </li>
        </ul>
    }
}

/// The guide is a page of the server's own, so the browser loads it.
fn help() -> AnyView {
    view! {
        <li>
            <a class="sidebar-link" href="/help" rel="external">
                <Icon icon=icondata_lu::LuCircleHelp />
                <span>"Help"</span>
            </a>
        </li>
    }
    .into_any()
}

/// Links under a heading that folds them away.
fn group(
    id: &'static str,
    label: &'static str,
    icon: icondata_core::Icon,
    links: &[(&'static str, &'static str, icondata_core::Icon)],
) -> AnyView {
    let open = RwSignal::new(true);
    let expanded = Signal::derive(move || open.get().to_string());
    let hidden = Signal::derive(move || !open.get());
    let links = links.iter().map(|(href, label, icon)| {
        view! {
            <li>
                <SidebarLink href=href label=label icon=*icon />
                {(*href == ALERT_SETTINGS).then(|| view! { <AlertBadge /> })}
            </li>
        }
    });
    view! {
        <li>
            <button
                type="button"
                class="sidebar-link sidebar-group"
                aria-expanded=expanded
                aria-controls=id
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon icon />
                <span>{label}</span>
                <span class="chevron">
                    <Icon icon=icondata_lu::LuChevronRight />
                </span>
            </button>
            <ul id=id class="sidebar-links sidebar-nested" hidden=hidden>
                {links.collect_view()}
            </ul>
        </li>
    }
    .into_any()
}

#[component]
fn SidebarLink(href: &'static str, label: &'static str, icon: icondata_core::Icon) -> impl IntoView {
    view! {
        <A href=href exact=true attr:class="sidebar-link" on:click=close_sheet>
            <Icon icon />
            <span>{label}</span>
        </A>
    }
}

fn close_sheet(_: leptos::ev::MouseEvent) {
    browser::hide_popover(SIDEBAR_ID);
}
