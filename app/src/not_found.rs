//! There is nothing at this address.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::Brand;

#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    set_status();
    view! {
        <Title text="Page not found" />
        <main class="lone-page">
            <Brand />
            <h1>"Page not found"</h1>
            <p>"Nothing is at this address. It may have been mistyped, or the page has moved."</p>
            <p>
                <a class="button button-primary" href="/">
                    "Go to Overview"
                </a>
            </p>
        </main>
    }
}

#[cfg(feature = "ssr")]
fn set_status() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
}

#[cfg(not(feature = "ssr"))]
const fn set_status() {}
