//! Sidebar, top bar, and the page between them.

use leptos::prelude::*;
use leptos_router::{
    components::{Outlet, Redirect},
    hooks::use_location,
};

use super::{alert_badge::AlertCount, sidebar::Sidebar, top_bar::TopBar};
use crate::{
    browser,
    connection::ConnectionBar,
    sign_in::Session,
    ui::{sign_in_href, suspended},
};

const MAIN_ID: &str = "main";

/// As HTML, because a browser that runs scripts reads what stands in `noscript` as text.
const NO_SCRIPT: &str = r#"<p class="no-script-note">JavaScript is off. Pages can be read and settings changed; adding and editing destinations, and updates, need it.</p>"#;

#[component]
pub(crate) fn Frame() -> impl IntoView {
    focus_page_on_navigation();
    AlertCount::provide();
    view! {
        <a class="skip-link" href="#main" rel="external">
            "Skip to content"
        </a>
        <div class="frame">
            <Sidebar />
            <div class="frame-body">
                <TopBar />
                <noscript inner_html=NO_SCRIPT></noscript>
                <ConnectionBar />
                <main id=MAIN_ID tabindex="-1">
                    <Outlet />
                </main>
            </div>
        </div>
        <Guard />
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
                suspended(session.user, move |user| {
                    matches!(user, Ok(None)).then(|| view! { <Redirect path=href /> })
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
