//! What belongs to the person: profile, theme, sign-out. A popover, so it opens without WASM as well.

use leptos::{prelude::*, server_fn::ServerFn};

use super::theme_switch::ThemeSwitch;
use crate::{
    browser,
    sign_in::{Session, SignOut},
    ui::{Icon, suspended},
};

const MENU_ID: &str = "user-menu";

#[component]
pub(super) fn UserMenu() -> impl IntoView {
    let session = expect_context::<Session>();
    let username = move || {
        suspended(session.user, |user| {
            user.ok().flatten().map(|user| user.username).unwrap_or_default()
        })
    };
    view! {
        <div class="user-menu">
            <button type="button" class="user-button" popovertarget=MENU_ID>
                <Icon icon=icondata_lu::LuUser />
                <span class="visually-hidden">"Account of "</span>
                <span class="user-name">
                    <Suspense>{username}</Suspense>
                </span>
                <Icon icon=icondata_lu::LuChevronDown />
            </button>
            <div id=MENU_ID class="user-menu-sheet" popover="auto" role="group" aria-label="Account">
                <a class="menu-item" href="/profile" on:click=|_| browser::hide_popover(MENU_ID)>
                    <Icon icon=icondata_lu::LuKeyRound />
                    "Profile"
                </a>
                <ThemeSwitch />
                <form method="post" action=SignOut::url()>
                    <button type="submit" class="menu-item">
                        <Icon icon=icondata_lu::LuLogOut />
                        "Sign out"
                    </button>
                </form>
            </div>
        </div>
    }
}
