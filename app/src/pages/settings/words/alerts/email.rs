//! The form of the e-mail server.

use domain::{
    Field,
    settings::SmtpSecurity,
    view::{AlertSettingsView, EmailView},
};

use super::{
    super::parts::{choice, field, form, hidden, holding, optional},
    input,
};
use crate::{
    server_fns::alerts::UpdateAlertEmail,
    wire::settings::{Kind, Part},
};

pub(super) fn email_form(alerts: &AlertSettingsView) -> Part {
    let stored = alerts.email.as_ref();
    let held = |text: fn(&EmailView) -> String| stored.map(text).unwrap_or_default();
    let username = |email: &EmailView| email.username.clone().unwrap_or_default();
    let fields = vec![
        hidden("version", alerts.version),
        holding(
            held(|email| email.host.clone()),
            input(
                "draft[host]",
                Field::EmailHost,
                "Server",
                "For example smtp.example.com. To send no e-mail, leave Server, From and To empty.",
            ),
        ),
        holding(
            held(|email| email.port.to_string()),
            input("draft[port]", Field::EmailPort, "Port", "587 if it is empty."),
        ),
        security_field(stored.map_or_else(SmtpSecurity::default, |email| email.security)),
        holding(
            held(username),
            input(
                "draft[username]",
                Field::EmailUsername,
                "User name",
                "Leave it empty for a server that asks for none.",
            ),
        ),
        password_field(stored.is_some_and(|email| email.username.is_some())),
        holding(
            held(|email| email.from.clone()),
            input(
                "draft[from]",
                Field::EmailFrom,
                "From",
                "An address that the server lets this instance write from.",
            ),
        ),
        holding(
            held(|email| email.to.join(", ")),
            input(
                "draft[to]",
                Field::EmailTo,
                "To",
                "One address, or several with commas.",
            ),
        ),
    ];
    form::<UpdateAlertEmail>("Save", fields)
}

fn security_field(chosen: SmtpSecurity) -> Part {
    let label = |security| match security {
        SmtpSecurity::StartTls => "STARTTLS, and nothing is sent without it",
        SmtpSecurity::Tls => "TLS from the start, as on port 465",
        SmtpSecurity::None => "None, which a server with a password can't have",
    };
    let choices =
        SmtpSecurity::ALL.map(|security| choice(security.as_str(), label(security).to_owned(), security == chosen));
    Part {
        parts: choices.to_vec(),
        ..field(Kind::OneOf, "draft[security]", Field::EmailSecurity, "Encryption", "")
    }
}

fn password_field(is_stored: bool) -> Part {
    let hint = if is_stored {
        "One is stored and not shown. Leave it empty to keep it; for another server, or another encryption, type it again."
    } else {
        ""
    };
    optional(field(
        Kind::NewPassword,
        "draft[password]",
        Field::EmailPassword,
        "Password",
        hint,
    ))
}
