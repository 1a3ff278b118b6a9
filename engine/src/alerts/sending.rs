//! Sending notices until they have arrived.

use std::time::Duration;

use super::{
    Alerts, email,
    not_sent::{About, NotSent},
    webhook,
};
use crate::store::{Channel, Notice, StoreError, StoredAlertSettings};

/// The pause after the first try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(15);

const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);

/// A notice that could not be sent for so long is given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

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
                        "An alert notification could not be sent for a day and was dropped."
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

    async fn postpone(&self, notice: &Notice, reason: &NotSent) -> Result<(), StoreError> {
        let pause = pause_after(notice.tries);
        tracing::info!(
            channel = notice.channel.as_str(),
            reason = %reason,
            again_in_seconds = pause.as_secs(),
            "An alert notification could not be sent; it will be retried."
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
    pub(crate) async fn tell(&self, notice: &Notice, settings: &StoredAlertSettings) -> Result<(), NotSent> {
        match (notice.channel, &settings.email, &settings.webhook) {
            (Channel::Email, Some(settings), _) => email::send(&self.clients, settings, notice).await,
            (Channel::Webhook, _, Some(settings)) => {
                webhook::post(&self.clients, settings, notice, self.clock.now()).await
            }
            (Channel::Email, None, _) => Err(NotSent::trouble("No e-mail is set up.".to_owned())),
            (Channel::Webhook, _, None) => Err(NotSent::trouble("No webhook is set up.".to_owned())),
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
