//! What stands below a field: its hint, or in its place what is wrong.

use leptos::prelude::*;

use super::state::FieldMessage;
use crate::ui;

/// The field names both as its description. A hint that says the rule is not repeated beside the error that it is broken.
pub(super) fn foot(
    hint_id: String,
    hint: &'static str,
    error_id: String,
    message: Signal<Option<FieldMessage>>,
) -> AnyView {
    let hint = move || {
        message
            .with(Option::is_none)
            .then_some(hint)
            .filter(|hint| !hint.is_empty())
    };
    view! {
        <p class="field-hint" id=hint_id>
            {hint}
        </p>
        <p class="field-error" id=error_id role="status">
            {move || message.get().map(text_and_link)}
        </p>
    }
    .into_any()
}

/// What is wrong, and where it can be allowed.
pub(super) fn text_and_link(message: FieldMessage) -> AnyView {
    ui::text_and_link(message.text, message.setting)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::Setting;

    use super::*;

    fn html(message: Option<FieldMessage>) -> String {
        Owner::new().with(|| {
            let message = Signal::derive(move || message.clone());
            foot("h".into(), "16 to 24 characters.", "e".into(), message).to_html()
        })
    }

    #[test]
    fn an_error_takes_the_place_of_the_hint_and_links_to_the_setting() {
        let fine = html(None);
        assert!(fine.contains("16 to 24 characters.") && !fine.contains("<a"), "{fine}");
        let message = |setting| {
            Some(FieldMessage {
                text: "Destination URL is blocked.".to_owned(),
                setting,
            })
        };
        let wrong = html(message(None));
        assert!(
            !wrong.contains("16 to 24") && wrong.contains("Destination URL is blocked."),
            "{wrong}"
        );
        assert!(!wrong.contains("<a"), "{wrong}");
        let blocked = html(message(Some(Setting::Network)));
        assert!(blocked.contains("href=\"/admin/settings/network\""), "{blocked}");
    }
}
