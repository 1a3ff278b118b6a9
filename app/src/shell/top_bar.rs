//! Where the reader is, and who the reader is.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{
    alert_badge::AlertCount,
    sidebar::SIDEBAR_ID,
    trail::{Crumb, trail},
    user_menu::UserMenu,
};
use crate::ui::Icon;

#[component]
pub(super) fn TopBar() -> impl IntoView {
    let path = use_location().pathname;
    let (name, badge) = expect_context::<AlertCount>().on_button();
    view! {
        <header class="top-bar">
            <button type="button" class="icon-button sheet-button" popovertarget=SIDEBAR_ID aria-label=name>
                <Icon icon=icondata_lu::LuMenu />
                {badge}
            </button>
            <nav class="trail" aria-label="Breadcrumb">
                <ol>{move || trail(&path.read()).into_iter().map(crumb).collect_view()}</ol>
            </nav>
            <UserMenu />
        </header>
    }
}

fn crumb((name, href): Crumb) -> AnyView {
    match href {
        Some(href) => view! {
            <li>
                <a href=href>{name}</a>
            </li>
        }
        .into_any(),
        None => view! { <li aria-current="page">{name}</li> }.into_any(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn every_settings_page_has_a_trail_that_leads_back() {
        for page in ["tokens", "network", "retention", "alerts", "users"] {
            let html: String = trail(&format!("/admin/settings/{page}"))
                .into_iter()
                .map(|part| crumb(part).to_html())
                .collect();
            assert!(
                html.contains(r#"href="/admin""#) && html.contains(r#"aria-current="page""#),
                "{html}"
            );
        }
        assert!(trail("/nowhere").is_empty());
    }
}
