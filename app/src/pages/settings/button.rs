//! The buttons of the page, all drawn in one way.

use leptos::{ev::MouseEvent, prelude::*, wasm_bindgen::JsCast};
use web_sys::Element;

use super::handle::Settings;

#[derive(Default)]
pub(super) struct Button {
    pub(super) label: String,
    /// Added to the label for those who do not see what is around it.
    pub(super) about: String,
    pub(super) class: &'static str,
    pub(super) is_submit: bool,
    /// Takes the focus when its dialog opens.
    pub(super) takes_focus: bool,
}

/// No button does anything before the browser's program is there.
pub(super) fn draw_button(button: Button, settings: Settings, press: Box<dyn Fn(MouseEvent) + Send>) -> AnyView {
    let name = (!button.about.is_empty()).then(|| format!("{} {}", button.label, button.about));
    view! {
        <button
            type=if button.is_submit { "submit" } else { "button" }
            class=button.class
            aria-label=name
            autofocus=button.takes_focus
            disabled=settings.is_early
            on:click=press
        >
            {button.label}
        </button>
    }
    .into_any()
}

/// What a button stands in.
pub(super) fn around(event: &MouseEvent, what: &str) -> Option<Element> {
    let button = event.target().and_then(|button| button.dyn_into::<Element>().ok());
    button?.closest(what).ok().flatten()
}
