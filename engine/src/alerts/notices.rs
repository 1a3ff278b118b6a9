//! The notices of an alert, by e-mail and for a webhook.

use domain::{Timestamp, alerts::AlertNews};

use super::webhook;
use crate::{
    instance_events::fresh_id,
    store::{Channel, Notice, StoredAlertSettings},
};

/// One notice for each channel that is set up.
pub(super) fn notices_of(news: &AlertNews, settings: &StoredAlertSettings, now: Timestamp) -> Vec<Notice> {
    let (subject, text) = (news.summary(), news.text());
    let body = webhook::body(news.event_type(), &subject, news.data(), now);
    notices(settings, &subject, &text, &body, now).collect()
}

/// A notice that tests a channel.
pub(crate) fn test_notice(channel: Channel, now: Timestamp) -> Notice {
    let text = "This is a test. Alerts of this instance of Audit Streams will arrive here.";
    let (subject, data) = ("Test alert", serde_json::json!({}));
    notice(channel, subject, text, &webhook::body("test", subject, data, now), now)
}

fn notices(
    settings: &StoredAlertSettings,
    subject: &str,
    text: &str,
    body: &str,
    now: Timestamp,
) -> impl Iterator<Item = Notice> {
    let channels = Channel::ALL.into_iter().filter(|channel| settings.has(*channel));
    channels.map(move |channel| notice(channel, subject, text, body, now))
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
