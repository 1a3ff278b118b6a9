//! Light, dark, or what the system says.

use leptos::prelude::*;

use crate::{browser, model::theme::Theme, ui::Icon};

#[component]
pub(super) fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Theme::System);
    Effect::new(move |_| chosen.set(browser::stored_theme()));
    let choose = move |theme| {
        browser::choose_theme(theme);
        chosen.set(theme);
    };
    let option = move |theme: Theme| {
        view! {
            <label class="theme-option">
                <input
                    class="visually-hidden"
                    type="radio"
                    name="theme"
                    value=theme.name()
                    prop:checked=move || chosen.get() == theme
                    on:change=move |_| choose(theme)
                />
                <Icon icon=icon(theme) />
                <span>{theme.label()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="theme-switch needs-script">
            <legend>"Theme"</legend>
            <div class="theme-options">{Theme::ALL.map(option)}</div>
        </fieldset>
    }
}

fn icon(theme: Theme) -> icondata_core::Icon {
    match theme {
        Theme::System => icondata_lu::LuMonitor,
        Theme::Light => icondata_lu::LuSun,
        Theme::Dark => icondata_lu::LuMoon,
    }
}
