//! The webhook.

use domain::{Field, view::AlertSettingsView};
use leptos::prelude::*;

use super::server_fns::{SendTestWebhook, UpdateAlertWebhook};
use crate::{
    settings::{Settings, card::Card},
    ui::{CheckField, Form, PasswordField, SubmitLook, TextField},
};

pub(super) const LEAD: &str = "A JSON object is posted; requests that are not answered with 2xx are retried for 24 hours. The \
                               guide describes the object.";

const SECRET: &str =
    "whsec_ followed by 24 to 64 bytes in base64. Requests are signed with it (Standard Webhooks format).";

#[component]
pub(super) fn WebhookCard(alerts: Signal<AlertSettingsView>) -> impl IntoView {
    let is_set_up = Memo::new(move |_| alerts.with(|alerts| alerts.webhook.is_some()));
    view! {
        <Card title="Webhook" lead=LEAD>
            <WebhookForm alerts />
            <Show when=move || is_set_up.get()>
                <div class="form-row">
                    <TestWebhook />
                    <TurnOff alerts />
                </div>
            </Show>
        </Card>
    }
}

#[component]
fn WebhookForm(alerts: Signal<AlertSettingsView>) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let update = ServerAction::<UpdateAlertWebhook>::new();
    let version = Signal::derive(move || alerts.with(|alerts| alerts.version));
    let url = Signal::derive(move || {
        alerts.with(|alerts| {
            alerts
                .webhook
                .as_ref()
                .map(|webhook| webhook.url.clone())
                .unwrap_or_default()
        })
    });
    let is_signed =
        Memo::new(move |_| alerts.with(|alerts| alerts.webhook.as_ref().is_some_and(|webhook| webhook.signed)));
    let hint = Signal::derive(move || {
        let stored = "One is stored and not shown. Leave empty to keep it.";
        if is_signed.get() {
            stored.to_owned()
        } else {
            SECRET.to_owned()
        }
    });
    view! {
        <Form
            action=update
            id="webhook"
            label="Webhook"
            submit=Some("Save")
            on_done=move |_| settings.refresh.now()
            on_reload=move |()| settings.refresh.now()
            version
        >
            <input type="hidden" name="version" value=version />
            <TextField
                name="draft[url]"
                field=Field::WebhookUrl
                label="URL"
                hint="For example https://ops.example.com/alerts."
                value=url
                is_code=true
            />
            <PasswordField
                name="draft[secret]"
                field=Field::WebhookSecret
                label="Signing secret"
                hint
                autocomplete="new-password"
                is_optional=true
            />
            {move || {
                is_signed
                    .get()
                    .then(|| view! { <CheckField name="draft[removes_secret]" label="Remove the signing secret" /> })
            }}
        </Form>
    }
}

#[component]
fn TestWebhook() -> impl IntoView {
    let test = ServerAction::<SendTestWebhook>::new();
    view! {
        <Form action=test id="test-webhook" label="Send test" submit=Some("Send test") look=SubmitLook::Plain>
            <p class="field-hint">"Posts a test to the URL, with the saved settings."</p>
        </Form>
    }
}

#[component]
fn TurnOff(alerts: Signal<AlertSettingsView>) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let update = ServerAction::<UpdateAlertWebhook>::new();
    let version = Signal::derive(move || alerts.with(|alerts| alerts.version));
    view! {
        <Form
            action=update
            id="webhook-off"
            label="Turn off webhook"
            submit=Some("Turn off webhook")
            look=SubmitLook::Danger
            on_done=move |done| settings.announce(done)
            on_reload=move |()| settings.refresh.now()
            version
        >
            <input type="hidden" name="version" value=version />
            <p class="field-hint">"Deletes the settings above."</p>
        </Form>
    }
}
