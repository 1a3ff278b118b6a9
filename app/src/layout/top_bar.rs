//! Where one is, and who one is.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{frame::trail, sidebar::SIDEBAR_ID, user_menu::UserMenu};
use crate::ui::Icon;

#[component]
pub(super) fn TopBar() -> impl IntoView {
    let path = use_location().pathname;
    let words = move || {
        let words = trail(&path.read());
        let current = words.len().saturating_sub(1);
        words
            .iter()
            .enumerate()
            .map(|(position, word)| view! { <li aria-current=(position == current).then_some("page")>{*word}</li> })
            .collect_view()
    };
    view! {
        <header class="top-bar">
            <button type="button" class="icon-button sheet-button" popovertarget=SIDEBAR_ID aria-label="Open navigation">
                <Icon icon=icondata_lu::LuMenu />
            </button>
            <nav class="trail" aria-label="Breadcrumb">
                <ol>{words}</ol>
            </nav>
            <UserMenu />
        </header>
    }
}
