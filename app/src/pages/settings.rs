//! The settings pages, and the profile: one page of cards, tables and forms, drawn from what the server describes.
//!
//! `words` is that description, made on the server; the rest draws it and sends its forms.

mod button;
mod card;
mod dialog;
mod fields;
mod form;
mod handle;
mod outcome;
mod table;
#[cfg(feature = "ssr")]
mod words;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use self::{card::draw_card, dialog::draw_dialog, handle::Settings, outcome::draw_outcome};
use crate::{
    loading::load,
    model::settings_state::SettingsState,
    server_fns::settings::show_settings,
    ui::{LinesSkeleton, Loaded},
    wire::settings::Part,
};

#[cfg(feature = "ssr")]
pub(crate) use self::words::describe_settings;

/// Where the focus goes when a form in a dialog was taken.
const OUTCOME_ID: &str = "settings-outcome";

#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    let params = use_params_map();
    let page = Signal::derive(move || params.with(|params| params.get("page").unwrap_or_else(|| "profile".to_owned())));
    let cards = load(move || page.get(), show_settings);
    let settings = Settings::new(cards);
    Effect::new(move |_| {
        page.track();
        on_cleanup(move || {
            settings.state.try_update(SettingsState::leave);
        });
    });
    let title = Signal::derive(move || head(&page.read()).0.to_owned());
    let lead = Signal::derive(move || head(&page.read()).1.to_owned());
    let asking = Memo::new(move |_| settings.state.with(|state| state.asking().cloned()));
    view! {
        <Title text=title />
        <div class="page-head">
            <h1>{title}</h1>
            <p class="page-lead">{lead}</p>
        </div>
        <div class="settings">
            <div id=OUTCOME_ID class="settings-outcome" tabindex="-1">
                {draw_outcome(settings, None)}
            </div>
            <Loaded
                resource=cards
                what="This page can't be shown."
                skeleton=|| view! { <LinesSkeleton lines=6 /> }
                view=move |cards| {
                    settings.keep_focus();
                    draw_all(cards, settings, draw_card)
                }
            />
        </div>
        {move || asking.get().map(|action| draw_dialog(action, settings))}
    }
}

/// Draws parts one after the other.
fn draw_all(parts: Vec<Part>, settings: Settings, draw: fn(Part, Settings) -> AnyView) -> Vec<AnyView> {
    let mut views = Vec::with_capacity(parts.len());
    for part in parts {
        views.push(draw(part, settings));
    }
    views
}

/// What the page is called, and what it is for.
fn head(page: &str) -> (&'static str, &'static str) {
    match page {
        "tokens" => ("API tokens", "Programs use them to post events here and to read them."),
        "network" => ("Network", "Which addresses destinations may have."),
        "retention" => (
            "Retention",
            "How long events are kept, and how much space they may use.",
        ),
        "alerts" => ("Alerts", "Who is notified about problems, and when."),
        "users" => ("Users", "Everybody who can sign in here is an administrator."),
        "profile" => ("Profile", "Your password, and where you are signed in."),
        _ => ("Settings", ""),
    }
}
