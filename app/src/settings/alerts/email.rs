//! The e-mail server.

use domain::{
    Field,
    settings::SmtpSecurity,
    view::{AlertSettingsView, EmailView},
};
use leptos::prelude::*;

use super::server_fns::{SendTestEmail, UpdateAlertEmail};
use crate::{
    settings::{Settings, card::Card},
    ui::{Choice, ChoiceField, Form, PasswordField, SubmitLook, TextField},
};

pub(super) const LEAD: &str = "Failed messages are retried for 24 hours. The network rules must allow the server.";

#[component]
pub(super) fn EmailCard(alerts: Signal<AlertSettingsView>) -> impl IntoView {
    let is_set_up = Memo::new(move |_| alerts.with(|alerts| alerts.email.is_some()));
    view! {
        <Card title="E-mail" lead=LEAD>
            <EmailForm alerts />
            <Show when=move || is_set_up.get()>
                <div class="form-row">
                    <TestEmail />
                    <TurnOff alerts />
                </div>
            </Show>
        </Card>
    }
}

#[component]
fn EmailForm(alerts: Signal<AlertSettingsView>) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let update = ServerAction::<UpdateAlertEmail>::new();
    let version = Signal::derive(move || alerts.with(|alerts| alerts.version));
    let stored = move |text: fn(&EmailView) -> String| {
        Signal::derive(move || alerts.with(|alerts| alerts.email.as_ref().map(text).unwrap_or_default()))
    };
    let security = Memo::new(move |_| {
        alerts.with(|alerts| {
            alerts
                .email
                .as_ref()
                .map_or_else(SmtpSecurity::default, |email| email.security)
        })
    });
    view! {
        <Form
            action=update
            id="email"
            label="E-mail"
            submit=Some("Save")
            on_done=move |_| settings.refresh.now()
            on_reload=move |()| settings.refresh.now()
            version
        >
            <input type="hidden" name="version" value=version />
            <TextField
                name="draft[host]"
                field=Field::EmailHost
                label="Server"
                hint="For example smtp.example.com."
                value=stored(|email| email.host.clone())
                is_code=true
            />
            <TextField
                name="draft[port]"
                field=Field::EmailPort
                label="Port"
                hint="587 if it is empty."
                value=stored(|email| email.port.to_string())
                is_code=true
                is_optional=true
            />
            <ChoiceField
                name="draft[security]"
                field=Field::EmailSecurity
                label="Encryption"
                kind="radio"
                choices=encryption(security)
            />
            <TextField
                name="draft[from]"
                field=Field::EmailFrom
                label="From"
                hint="Sender address the server accepts."
                value=stored(|email| email.from.clone())
                is_code=true
            />
            <TextField
                name="draft[to]"
                field=Field::EmailTo
                label="To"
                hint="One or more addresses, separated by commas."
                value=stored(|email| email.to.join(", "))
                is_code=true
            />
            <TextField
                name="draft[username]"
                field=Field::EmailUsername
                label="Username"
                hint="Leave empty for a server without authentication."
                value=stored(|email| email.username.clone().unwrap_or_default())
                is_code=true
                is_optional=true
            />
            <PasswordField
                name="draft[password]"
                field=Field::EmailPassword
                label="Password"
                hint=password_hint(alerts)
                autocomplete="new-password"
                is_optional=true
            />
        </Form>
    }
}

fn encryption(chosen: Memo<SmtpSecurity>) -> Vec<Choice> {
    let label = |security| match security {
        SmtpSecurity::StartTls => "STARTTLS (required before anything is sent)",
        SmtpSecurity::Tls => "TLS from the start, as on port 465",
        SmtpSecurity::None => "None (not possible with a password)",
    };
    let choices = SmtpSecurity::ALL.map(|security| Choice {
        value: security.as_str(),
        label: label(security).to_owned(),
        is_chosen: Signal::derive(move || chosen.get() == security),
    });
    choices.into()
}

fn password_hint(alerts: Signal<AlertSettingsView>) -> Signal<String> {
    let is_stored =
        Memo::new(move |_| alerts.with(|alerts| alerts.email.as_ref().is_some_and(|email| email.username.is_some())));
    Signal::derive(move || {
        let hint = "One is stored and not shown. Leave empty to keep it; for another server, or another encryption, type it again.";
        if is_stored.get() {
            hint.to_owned()
        } else {
            String::new()
        }
    })
}

#[component]
fn TestEmail() -> impl IntoView {
    let test = ServerAction::<SendTestEmail>::new();
    view! {
        <Form action=test id="test-email" label="Send test e-mail" submit=Some("Send test e-mail") look=SubmitLook::Plain>
            <p class="field-hint">"Sends a test to everybody in To, with the saved settings."</p>
        </Form>
    }
}

#[component]
fn TurnOff(alerts: Signal<AlertSettingsView>) -> impl IntoView {
    let settings = expect_context::<Settings>();
    let update = ServerAction::<UpdateAlertEmail>::new();
    let version = Signal::derive(move || alerts.with(|alerts| alerts.version));
    view! {
        <Form
            action=update
            id="email-off"
            label="Turn off e-mail"
            submit=Some("Turn off e-mail")
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
