//! The routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    audit_events::AuditEventsPage,
    clock::Clock,
    connection::Connection,
    log::AUDIT_EVENTS,
    not_found::NotFoundPage,
    outcome::PostedForm,
    overview::OverviewPage,
    settings::{AlertsPage, NetworkPage, ProfilePage, RetentionPage, Settings, TokensPage, UsersPage},
    shell::Frame,
    sign_in::{Session, SignInPage},
    ui::HistoryWatch,
};

/// The page. Every route is rendered whole on the server, so that the first paint shows everything and works without WASM.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Session::provide();
    Connection::provide();
    Clock::provide();
    PostedForm::provide();
    Settings::provide();
    HistoryWatch::provide();
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
                    <Route path=path!("/admin/settings/tokens") view=TokensPage />
                    <Route path=path!("/admin/settings/network") view=NetworkPage />
                    <Route path=path!("/admin/settings/retention") view=RetentionPage />
                    <Route path=path!("/admin/settings/alerts") view=AlertsPage />
                    <Route path=path!("/admin/settings/users") view=UsersPage />
                    <Route path=path!("/profile") view=ProfilePage />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
