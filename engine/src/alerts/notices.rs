//! What is told of an alert by e-mail and to a webhook, and sending it until it has arrived.

use std::time::Duration;

use domain::{Timestamp, alerts::AlertNews};

use super::{Alerts, email, webhook};
use crate::{
    instance_events::fresh_id,
    net::ClientError,
    store::{Channel, Notice, StoreError, StoredAlertSettings},
};

/// The pause after the first try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(15);

const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);

/// A notice that could not be sent for so long is given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a notice was not sent, as a sentence for an administrator, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub(crate) struct NotTold {
    words: String,
    about: About,
}

/// What a failure says something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// Every notice of the channel would fare likewise.
    Channel,
    /// The server answers, and does not want this one.
    Notice,
}

impl NotTold {
    pub(super) const fn trouble(words: String) -> Self {
        Self {
            words,
            about: About::Channel,
        }
    }

    pub(super) const fn refused(words: String) -> Self {
        Self {
            words,
            about: About::Notice,
        }
    }
}

impl From<ClientError> for NotTold {
    fn from(error: ClientError) -> Self {
        Self::trouble(format!("No connection can be set up: {error}."))
    }
}

/// One for each way of telling that is set up.
pub(super) fn notices_of(news: &AlertNews, settings: &StoredAlertSettings, now: Timestamp) -> Vec<Notice> {
    let (subject, text) = (news.summary(), news.text());
    let body = webhook::body(news.event_type(), &subject, news.data(), now);
    notices(settings, &subject, &text, &body, now).collect()
}

/// A notice that only tells that notices arrive.
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

impl Alerts {
    /// Sends what is due. What can't be sent is tried again later, and given up after a day.
    pub(crate) async fn send_due(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.sending.lock().await;
        let settings = self.database.alert_settings().await?;
        // A server that does not answer keeps the other way of telling waiting for nothing.
        let [email, webhook] = Channel::ALL;
        let (email, webhook) = tokio::join!(self.send_all(email, &settings), self.send_all(webhook, &settings));
        email.and(webhook)
    }

    async fn send_all(&self, channel: Channel, settings: &StoredAlertSettings) -> Result<(), StoreError> {
        let due = self.database.due_notices(channel, self.clock.now()).await?;
        for notice in due {
            match self.tell(&notice, settings).await {
                Ok(()) => self.database.remove_notice(&notice.id).await?,
                Err(reason) if self.is_given_up(&notice) => {
                    tracing::warn!(
                        channel = channel.as_str(),
                        subject = notice.subject,
                        reason = %reason,
                        "An alert could not be told for a day and is given up."
                    );
                    self.database.remove_notice(&notice.id).await?;
                }
                Err(reason) => {
                    self.postpone(&notice, &reason).await?;
                    if reason.about == About::Channel {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn is_given_up(&self, notice: &Notice) -> bool {
        self.clock.now().since(notice.created_at) >= GIVEN_UP_AFTER
    }

    async fn postpone(&self, notice: &Notice, reason: &NotTold) -> Result<(), StoreError> {
        let pause = pause_after(notice.tries);
        tracing::info!(
            channel = notice.channel.as_str(),
            reason = %reason,
            again_in_seconds = pause.as_secs(),
            "An alert could not be told yet."
        );
        let now = self.clock.now();
        match reason.about {
            About::Channel => {
                let (channel, due_at) = (notice.channel, now.plus(pause));
                self.database.postpone_notices(channel, now, due_at).await
            }
            About::Notice => self.database.postpone_notice(&notice.id, now.plus(pause)).await,
        }
    }

    /// Sends one notice.
    pub(crate) async fn tell(&self, notice: &Notice, settings: &StoredAlertSettings) -> Result<(), NotTold> {
        match (notice.channel, &settings.email, &settings.webhook) {
            (Channel::Email, Some(settings), _) => email::send(&self.clients, settings, notice).await,
            (Channel::Webhook, _, Some(settings)) => {
                webhook::post(&self.clients, settings, notice, self.clock.now()).await
            }
            (Channel::Email, None, _) => Err(NotTold::trouble("No e-mail is set up.".to_owned())),
            (Channel::Webhook, _, None) => Err(NotTold::trouble("No webhook is set up.".to_owned())),
        }
    }
}

/// After so many tries in vain before this one.
fn pause_after(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_an_hour() {
        let pauses = [0, 1, 2, 6, 7, 40].map(|tries| pause_after(tries).as_secs());
        assert_eq!(pauses, [15, 30, 60, 960, 1800, 1800]);
    }
}
