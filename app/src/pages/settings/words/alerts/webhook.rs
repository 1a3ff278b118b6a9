//! The form of the webhook.

use domain::{
    Field,
    view::{AlertSettingsView, WebhookView},
};

use super::{
    super::parts::{choice, field, form, hidden, holding, optional},
    input,
};
use crate::{
    server_fns::alerts::UpdateAlertWebhook,
    wire::settings::{Kind, Part},
};

pub(super) fn webhook_form(alerts: &AlertSettingsView) -> Part {
    let stored = alerts.webhook.as_ref();
    let url = stored.map(|webhook| webhook.url.clone()).unwrap_or_default();
    let mut fields = vec![
        hidden("version", alerts.version),
        holding(
            url,
            input(
                "draft[url]",
                Field::WebhookUrl,
                "URL",
                "For example https://ops.example.com/alerts. To post nothing, leave it empty.",
            ),
        ),
    ];
    fields.extend(secret_fields(stored));
    form::<UpdateAlertWebhook>("Save", fields)
}

fn secret_fields(stored: Option<&WebhookView>) -> Vec<Part> {
    let is_signed = stored.is_some_and(|webhook| webhook.signed);
    let hint = if is_signed {
        "One is stored and not shown. Leave it empty to keep it."
    } else {
        "whsec_ and 24 to 64 bytes in base64: what is posted is signed with it, as Standard Webhooks has it."
    };
    let secret = field(
        Kind::NewPassword,
        "draft[secret]",
        Field::WebhookSecret,
        "Signing secret",
        hint,
    );
    let removal = is_signed.then(|| Part {
        error_field: None,
        parts: vec![choice("true", "Remove it, and sign nothing".to_owned(), false)],
        ..field(
            Kind::Choices,
            "draft[removes_secret]",
            Field::WebhookSecret,
            "The stored secret",
            "",
        )
    });
    std::iter::once(optional(secret)).chain(removal).collect()
}
