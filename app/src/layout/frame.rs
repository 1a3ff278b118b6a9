//! Sidebar, top bar, and the page between them.

use leptos::prelude::*;
use leptos_router::{
    components::{Outlet, Redirect},
    hooks::use_location,
};

use super::{sidebar::Sidebar, top_bar::TopBar};
use crate::{
    browser, connection::ConnectionBar, model::log_location::AUDIT_EVENTS, session::Session, ui::sign_in_href,
};

pub(super) const MAIN_ID: &str = "main";

#[component]
pub(crate) fn Frame() -> impl IntoView {
    focus_page_on_navigation();
    view! {
        <a class="skip-link" href="#main" rel="external">
            "Skip to content"
        </a>
        <div class="frame">
            <Sidebar />
            <div class="frame-body">
                <TopBar />
                <ConnectionBar />
                <main id=MAIN_ID tabindex="-1">
                    <Outlet />
                </main>
            </div>
        </div>
        <Guard />
    }
}

/// Whether this path belongs to the Admin area.
pub(super) fn is_admin(path: &str) -> bool {
    path.starts_with("/admin")
}

/// The words that say where one is.
pub(super) fn trail(path: &str) -> &'static [&'static str] {
    match path {
        "/" => &["Overview"],
        "/profile" => &["Profile"],
        AUDIT_EVENTS => &["Admin", "Monitoring", "Audit events"],
        "/admin/settings/tokens" => &["Admin", "Settings", "API tokens"],
        "/admin/settings/network" => &["Admin", "Settings", "Network"],
        "/admin/settings/retention" => &["Admin", "Settings", "Retention"],
        "/admin/settings/users" => &["Admin", "Settings", "Users"],
        _ => &[],
    }
}

/// Sends whoever is not signed in away. What is protected never comes this far: server functions check on their own.
#[component]
fn Guard() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <Suspense>
            {move || {
                let href = sign_in_href();
                Suspend::new(async move {
                    matches!(session.user.await, Ok(None)).then(|| view! { <Redirect path=href /> })
                })
            }}
        </Suspense>
    }
}

/// A screen reader hears the new page, and the keyboard starts at its top.
fn focus_page_on_navigation() {
    let path = use_location().pathname;
    Effect::new(move |previous: Option<String>| {
        let current = path.get();
        if previous.is_some_and(|previous| previous != current) {
            browser::focus(MAIN_ID);
        }
        current
    });
}
