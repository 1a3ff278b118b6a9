//! The theme that was chosen in this browser.

use leptos::prelude::*;

use crate::model::theme::Theme;

const THEME_KEY: &str = "theme";

pub(crate) fn stored_theme() -> Theme {
    let stored = window().local_storage().ok().flatten();
    let name = stored.and_then(|storage| storage.get_item(THEME_KEY).ok().flatten());
    name.as_deref().map_or(Theme::System, Theme::from_name)
}

/// Shows the theme now and after every later load.
pub(crate) fn choose_theme(theme: Theme) {
    if let Some(storage) = window().local_storage().ok().flatten() {
        let remembered = match theme {
            Theme::System => storage.remove_item(THEME_KEY),
            Theme::Light | Theme::Dark => storage.set_item(THEME_KEY, theme.name()),
        };
        remembered.unwrap_or_default();
    }
    let Some(root) = document().document_element() else {
        return;
    };
    let shown = match theme {
        Theme::System => root.remove_attribute("data-theme"),
        Theme::Light | Theme::Dark => root.set_attribute("data-theme", theme.name()),
    };
    shown.unwrap_or_default();
}
