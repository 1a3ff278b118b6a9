//! Alerts: when and how administrators are told, and what they have been told.

use app::port::settings::{
    AlertChannel, AlertSummary, AlertedStreamSummary, EmailSummary, OpenAlertKind, OpenAlertSummary, WebhookSummary,
};
use domain::{
    Field,
    event::Author,
    settings::{AlertChange, EmailSettings, WebhookSettings},
};
use engine::{Engine, store::Channel};

use super::AdminError;

pub(crate) async fn show_alerts(engine: &Engine) -> Result<AlertSummary, AdminError> {
    let settings = engine.alert_settings().await?;
    Ok(AlertSummary {
        version: settings.version,
        thresholds: settings.thresholds,
        email: settings.email.map(email),
        webhook: settings.webhook.map(webhook),
        open: list_open_alerts(engine).await?,
    })
}

/// Streams that fail, then those with parked events, then those of the log.
pub(crate) async fn list_open_alerts(engine: &Engine) -> Result<Vec<OpenAlertSummary>, AdminError> {
    let (open, destinations) = (
        engine.open_alerts().await?,
        engine.database().list_destinations().await?,
    );
    let failing = open
        .streams
        .into_iter()
        .map(|alert| (OpenAlertKind::StreamFailing, alert));
    let parked = open
        .parked
        .into_iter()
        .map(|alert| (OpenAlertKind::EventsParked, alert));
    let streams = failing.chain(parked).filter_map(|(kind, alert)| {
        let destination = destinations
            .iter()
            .find(|destination| destination.id == alert.destination)?;
        Some(OpenAlertSummary {
            kind,
            stream: Some(AlertedStreamSummary {
                id: destination.id,
                name: destination.name.to_string(),
                since: alert.since,
            }),
            raised_at: alert.raised_at,
        })
    });
    let log = open.log_raised_at.map(|raised_at| OpenAlertSummary {
        kind: OpenAlertKind::LogNearingLimit,
        stream: None,
        raised_at,
    });
    let pruning = open.pruning_raised_at.map(|raised_at| OpenAlertSummary {
        kind: OpenAlertKind::EventsPrunedEarly,
        stream: None,
        raised_at,
    });
    Ok(streams.chain(log).chain(pruning).collect())
}

pub(crate) async fn update_alerts(
    engine: &Engine,
    author: &Author,
    version: i64,
    change: AlertChange,
) -> Result<(), AdminError> {
    Ok(engine.update_alert_settings(author, version, change).await?)
}

/// A test that did not arrive is refused at the field of its server or URL.
pub(crate) async fn send_test_alert(engine: &Engine, author: &Author, channel: AlertChannel) -> Result<(), AdminError> {
    let (channel, field) = match channel {
        AlertChannel::Email => (Channel::Email, Field::EmailHost),
        AlertChannel::Webhook => (Channel::Webhook, Field::WebhookUrl),
    };
    let sent = engine.send_test_notice(author, channel).await?;
    sent.map_err(|reason| AdminError::refused(field, &reason.to_string()))
}

fn email(settings: EmailSettings) -> EmailSummary {
    EmailSummary {
        host: settings.host.to_string(),
        port: settings.port,
        security: settings.security,
        username: settings.login.map(|login| login.username),
        from: settings.from.to_string(),
        to: settings.to.iter().map(ToString::to_string).collect(),
    }
}

fn webhook(settings: WebhookSettings) -> WebhookSummary {
    WebhookSummary {
        url: settings.url.to_string(),
        origin: settings.url.origin(),
        is_signed: settings.secret.is_some(),
    }
}
