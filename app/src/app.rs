//! The routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    clock::Clock,
    connection::Connection,
    layout::Frame,
    model::{log_location::AUDIT_EVENTS, settings_state::SettingsState},
    pages::{AuditEventsPage, NotFoundPage, OverviewPage, SettingsPage, SignInPage},
    session::Session,
};

/// The page. Every route is rendered whole on the server, so that the first paint shows everything and works without WASM.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Session::provide();
    Connection::provide();
    Clock::provide();
    provide_context(RwSignal::new(SettingsState::default()));
    let to_audit_events = || view! { <Redirect path=AUDIT_EVENTS /> };
    view! {
        <Title formatter=|title: String| format!("{title} · Audit Streams") />
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/sign_in") view=SignInPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=OverviewPage />
                    <Route path=path!("/admin") view=to_audit_events />
                    <Route path=path!("/admin/audit_logs") view=AuditEventsPage />
                    <Route path=path!("/admin/settings/:page") view=SettingsPage />
                    <Route path=path!("/profile") view=SettingsPage />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
