//! Settings › Alerts.

mod email;
mod webhook;

use domain::{
    Field,
    settings::{FailingMinutes, LogShare},
    view::{AlertKind, AlertSettingsView, AlertView},
};

use self::{email::email_form, webhook::webhook_form};
use super::parts::{card, cell, field, form, hidden, holding, moment, optional, row, table};
use crate::{
    server_fns::alerts::{SendTestEmail, SendTestWebhook, UpdateAlertThresholds},
    wire::settings::{Kind, Part},
};

const OPEN: &str = "You are notified of each when it begins, when a stream has recovered, and when twice as many events are \
                    parked: by an audit event of this instance, which is streamed like any other, and by e-mail and \
                    webhook if they are set up below.";

const WHEN: &str = "A stream that works and fails again within a minute is still in the same trouble. Pausing a stream, or \
                    switching it off, is none.";

const EMAIL: &str = "An e-mail is sent again until the server takes it, for a day. The server has to be where the network \
                     rules allow it.";

const WEBHOOK: &str = "A JSON object is posted, and posted again until it is answered with 2xx, for a day. The guide shows \
                       what it holds.";

pub(super) fn describe(alerts: &AlertSettingsView, open: &[AlertView]) -> Vec<Part> {
    let mut email = vec![email_form(alerts)];
    if alerts.email.is_some() {
        email.push(test_form::<SendTestEmail>(
            "Send test e-mail",
            Field::EmailHost,
            "Sends an e-mail to everybody in To, by what is saved.",
        ));
    }
    let mut webhook = vec![webhook_form(alerts)];
    if alerts.webhook.is_some() {
        webhook.push(test_form::<SendTestWebhook>(
            "Send test",
            Field::WebhookUrl,
            "Posts a test to the URL, by what is saved.",
        ));
    }
    let open = open.iter().map(describe_open).collect();
    vec![
        card(
            "Open alerts",
            OPEN,
            vec![table("Open alerts", "None. Nothing needs you.", open)],
        ),
        card("When to tell", WHEN, vec![thresholds_form(alerts)]),
        card("E-mail", EMAIL, email),
        card("Webhook", WEBHOOK, webhook),
    ]
}

fn describe_open(alert: &AlertView) -> Part {
    let name = alert.destination.as_ref().map_or("", |destination| &destination.name);
    let what = match alert.kind {
        AlertKind::StreamFailing => format!("Stream {name} is failing"),
        AlertKind::EventsParked => format!("Events of stream {name} are parked"),
        AlertKind::EventsPrunedEarly => "Events are removed before the retention age".to_owned(),
        AlertKind::LogNearingLimit => "The log nears its limit".to_owned(),
    };
    let since = alert.since.unwrap_or(alert.raised_at);
    row(
        [
            ("What", cell(Kind::Bad, what)),
            ("Since", moment(since)),
            ("Notified", moment(alert.raised_at)),
        ],
        Vec::new(),
    )
}

fn thresholds_form(alerts: &AlertSettingsView) -> Part {
    let (default, most) = (FailingMinutes::DEFAULT, FailingMinutes::MAX);
    let hint = format!("Minutes, from 1 to {most}. The default is {default}.");
    let label = "A stream has been failing for";
    let minutes = field(Kind::CodeInput, "failing_minutes", Field::FailingMinutes, label, &hint);
    let (default, least, most) = (LogShare::DEFAULT, LogShare::MIN, LogShare::MAX);
    let hint = format!(
        "Percentage of the maximum size of the log, from {least} to {most}. The default is {default}. When the log is full, \
         new audit events are refused."
    );
    let share = field(
        Kind::CodeInput,
        "log_share",
        Field::LogShare,
        "Undelivered events fill",
        &hint,
    );
    let fields = vec![
        hidden("version", alerts.version),
        holding(alerts.failing_minutes.to_string(), minutes),
        holding(alerts.log_share.to_string(), share),
    ];
    form::<UpdateAlertThresholds>("Save", fields)
}

fn input(name: &str, error_field: Field, label: &str, hint: &str) -> Part {
    optional(field(Kind::CodeInput, name, error_field, label, hint))
}

/// A button with a line about it. Errors are shown there too.
fn test_form<F: leptos::server_fn::ServerFn>(label: &str, error_field: Field, about: &str) -> Part {
    let line = field(Kind::Choices, "test", error_field, "Test", about);
    Part {
        text: label.to_owned(),
        ..form::<F>(label, vec![line])
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        ids::DestinationId,
        settings::SmtpSecurity,
        view::{AlertedDestination, EmailView, WebhookView},
    };

    use super::*;

    fn alerts() -> AlertSettingsView {
        AlertSettingsView {
            version: 3,
            failing_minutes: FailingMinutes::DEFAULT,
            log_share: LogShare::DEFAULT,
            email: None,
            webhook: None,
        }
    }

    #[test]
    fn what_is_not_set_up_can_not_be_tried() {
        let cards = describe(&alerts(), &[]);
        assert_eq!((cards[2].parts.len(), cards[3].parts.len()), (1, 1));
        let set_up = AlertSettingsView {
            email: Some(EmailView {
                host: "smtp.example.com".into(),
                port: 465,
                security: SmtpSecurity::Tls,
                username: Some("audit".into()),
                from: "audit@example.com".into(),
                to: vec!["ops@example.com".into(), "sec@example.com".into()],
            }),
            webhook: Some(WebhookView {
                url: "https://ops.example/in".into(),
                signed: true,
            }),
            ..alerts()
        };
        let cards = describe(&set_up, &[]);
        let (form, test) = (&cards[2].parts[0], &cards[2].parts[1]);
        assert_eq!(
            (form.parts[7].text.as_str(), test.label.as_str()),
            ("ops@example.com, sec@example.com", "Send test e-mail")
        );
        let ticked: Vec<bool> = form.parts[3].parts.iter().map(|choice| choice.is_marked).collect();
        assert_eq!(ticked, [false, true, false]);
        assert!(form.parts[5].text.is_empty() && form.parts[5].note.contains("not shown"));
        assert_eq!(cards[3].parts[0].parts.len(), 4, "a stored secret can be removed");
    }

    #[test]
    fn what_is_open_is_listed() {
        let destination = AlertedDestination {
            id: DestinationId::new(3),
            name: "SIEM".into(),
        };
        let open = [
            (AlertKind::StreamFailing, Some(destination.clone())),
            (AlertKind::EventsParked, Some(destination)),
            (AlertKind::LogNearingLimit, None),
            (AlertKind::EventsPrunedEarly, None),
        ];
        let open = open.map(|(kind, destination)| AlertView {
            kind,
            since: destination.as_ref().map(|_| Timestamp::from_unix_ms(1)),
            destination,
            raised_at: Timestamp::from_unix_ms(2),
        });
        let cards = describe(&alerts(), &open);
        let words: Vec<&str> = cards[0].parts[0]
            .parts
            .iter()
            .map(|row| row.parts[0].text.as_str())
            .collect();
        let expected = [
            "Stream SIEM is failing",
            "Events of stream SIEM are parked",
            "The log nears its limit",
            "Events are removed before the retention age",
        ];
        assert_eq!(words, expected);
    }
}
