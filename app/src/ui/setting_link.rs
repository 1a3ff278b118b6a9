//! A refusal, and the settings that can allow what was refused.

use domain::{Setting, page::NETWORK_SETTINGS};
use leptos::prelude::*;

/// The message as a sentence, with a link to the setting.
pub(crate) fn text_and_link(mut text: String, setting: Option<Setting>) -> AnyView {
    let link = setting.map(|setting| {
        if !text.ends_with('.') {
            text.push('.');
        }
        let (name, href) = match setting {
            Setting::Network => ("Settings › Network", NETWORK_SETTINGS),
        };
        // In another tab: what is typed stays here.
        view! {
            " To allow it, change "
            <a href=href target="_blank">
                {name}
            </a>
            "."
        }
    });
    view! {
        {text}
        {link}
    }
    .into_any()
}
