//! The way to the sign-in page and back to where one was.

use leptos::prelude::*;
use leptos_router::{hooks::use_location, location::Url};

/// The sign-in page, which leads back here.
pub(crate) fn sign_in_href() -> String {
    let location = use_location();
    let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
    let here = if search.is_empty() {
        path
    } else {
        format!("{path}?{search}")
    };
    format!("/sign_in?return_to={}", Url::escape(&here))
}

#[component]
pub(crate) fn SignInAgain(
    /// In another tab, so that nothing typed here is lost.
    #[prop(optional)]
    in_new_tab: bool,
) -> impl IntoView {
    view! {
        <a class="button" href=sign_in_href() rel="external" target=in_new_tab.then_some("_blank")>
            "Sign in"
        </a>
    }
}
