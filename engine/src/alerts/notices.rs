//! The notices of an alert, by e-mail and for a webhook.

use domain::{Timestamp, alerts::AlertNews, page::ALERT_SETTINGS};

use super::webhook;
use crate::{
    instance_events::fresh_id,
    store::{Channel, Notice, StoredAlertSettings},
};

/// One notice for each channel that is set up.
pub(super) fn notices_of(
    news: &AlertNews,
    settings: &StoredAlertSettings,
    public_url: &str,
    now: Timestamp,
) -> Vec<Notice> {
    let (subject, text) = (news.summary(), news.text(public_url));
    let url = format!("{public_url}{}", news.path());
    let body = webhook::body(news.event_type(), &subject, &url, news.data(), now);
    let channels = Channel::ALL.into_iter().filter(|channel| settings.has(*channel));
    channels
        .map(|channel| notice(channel, &subject, &text, &body, now))
        .collect()
}

/// A notice that tests a channel.
pub(crate) fn test_notice(channel: Channel, public_url: &str, now: Timestamp) -> Notice {
    let (subject, url) = ("Test alert", format!("{public_url}{ALERT_SETTINGS}"));
    let text = format!(
        "This is a test. Alerts of this instance of Audit Streams will arrive here.\n\nChange who is notified: {url}"
    );
    let body = webhook::body("test", subject, &url, serde_json::json!({}), now);
    notice(channel, subject, &text, &body, now)
}

fn notice(channel: Channel, subject: &str, text: &str, body: &str, now: Timestamp) -> Notice {
    let body = match channel {
        Channel::Email => text,
        Channel::Webhook => body,
    };
    Notice {
        id: fresh_id().to_string(),
        channel,
        subject: subject.to_owned(),
        body: body.to_owned(),
        created_at: now,
        tries: 0,
    }
}
