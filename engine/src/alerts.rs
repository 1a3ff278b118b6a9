//! Notifying administrators of problems: by an audit event, by e-mail, and through a webhook.
//!
//! A check compares the state of each stream and of the log with what is stored about them, lets `domain::alerts` decide, and
//! stores the result: the alert, its audit event and its notices in one transaction. Checks and notices depend only on stored
//! state, so each may be repeated, and a crash between any two steps loses nothing: a notice is sent at least once, with the
//! same id on each attempt.
//!
//! The alert about the log measures the largest backlog, not the size of the file: delivered events are removed automatically.
//! Events that a destination has refused and that are kept for it count, too.

mod certificates;
mod email;
mod not_sent;
mod notices;
mod open;
mod sending;
mod webhook;

use std::{sync::Arc, time::Duration};

use domain::{
    alerts::{
        AlertNews, AlertedStream, LogStep, ParkedAlert, ParkedCounts, ParkedStep, PruningAlert, PruningStep,
        StreamFailure, StreamStep, StreamTrouble, step_log, step_parked, step_pruning, step_stream,
    },
    health::StreamHealth,
    ids::DestinationId,
    instance_event::{Author, InstanceEvent},
    settings::{FailingMinutes, LogShare},
};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinHandle,
    time::MissedTickBehavior,
};

pub use self::open::{ExpiringCertificate, ExpiringInstanceCertificate, OpenAlert, OpenAlerts};
pub(crate) use self::{not_sent::NotSent, notices::test_notice};
use crate::{
    clock::Clock,
    delivery::Delivery,
    error_chain::error_chain,
    instance_certificates::InstanceCertificates,
    instance_events::{Recorded, RelayError, relay},
    log::{EventLog, LogError},
    net::GuardedClients,
    settings::Settings,
    storage::files_are_missing,
    store::{Database, Destination, Notification, StoreError, StoredAlertSettings, TroubleChange},
};

/// How often the streams are looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

/// How often it is looked whether a notice is due; one that has just been stored is sent at once.
const SEND_PERIOD: Duration = Duration::from_secs(5);

/// A look could not be finished; the next one makes it good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error("the store could not be read or written")]
    Store(#[from] StoreError),
    #[error("the size of the log could not be read")]
    Log(#[from] LogError),
    #[error("the instance events could not be appended to the log")]
    Relay(#[from] RelayError),
}

/// What checking and notifying need.
pub(crate) struct Alerts {
    pub(crate) log: EventLog,
    pub(crate) database: Database,
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clients: GuardedClients,
    pub(crate) certificates: InstanceCertificates,
    pub(crate) clock: Clock,
    /// The base of links in notices, without a trailing slash.
    pub(crate) public_url: String,
    /// Something is to be sent.
    pub(crate) wake: Notify,
    /// One check at a time, and one round of sending: two would send the same notification twice.
    pub(crate) looking: Mutex<()>,
    pub(crate) sending: Mutex<()>,
}

/// The running tasks; they end with it.
pub(crate) struct AlertTasks([JoinHandle<()>; 2]);

impl AlertTasks {
    pub(crate) fn start(alerts: &Arc<Alerts>) -> Self {
        Self([
            tokio::spawn(keep_looking(Arc::clone(alerts))),
            tokio::spawn(keep_sending(Arc::clone(alerts))),
        ])
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.0.iter().all(|task| !task.is_finished())
    }

    pub(crate) fn abort(&self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

impl Drop for AlertTasks {
    fn drop(&mut self) {
        self.abort();
    }
}

async fn keep_looking(alerts: Arc<Alerts>) {
    let mut ticks = tokio::time::interval(LOOK_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = alerts.look().await
            && !files_are_missing(&error)
        {
            tracing::warn!(error = error_chain(&error), "Checking the streams for alerts failed.");
        }
    }
}

async fn keep_sending(alerts: Arc<Alerts>) {
    let mut ticks = tokio::time::interval(SEND_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = alerts.wake.notified() => {}
        }
        if let Err(error) = alerts.send_due().await
            && !files_are_missing(&error)
        {
            tracing::warn!(
                error = error_chain(&error),
                "Alert notifications could not be read or removed."
            );
        }
    }
}

impl Alerts {
    /// Checks every stream and the log once, and stores the notifications that follow.
    pub(crate) async fn look(&self) -> Result<(), LookError> {
        let _one_at_a_time = self.looking.lock().await;
        let (settings, open) = (
            self.database.alert_settings().await?,
            self.database.open_troubles().await?,
        );
        let destinations = self.database.list_destinations().await?;
        let minutes = settings.thresholds.failing_minutes;
        let mut is_notified = false;
        for destination in &destinations {
            let stored = open.streams.iter().find(|(id, _)| *id == destination.id);
            let stored = stored.map(|(_, trouble)| *trouble);
            if let Some((change, news)) = self.look_at_stream(destination, stored, minutes) {
                is_notified |= news.is_some();
                self.store(&settings, change, news).await?;
            }
        }
        let counts = self.database.count_parked().await?;
        for destination in &destinations {
            let stored = open.parked.iter().find(|(id, _)| *id == destination.id);
            let stored = stored.map(|(_, alert)| *alert);
            let counts = counts.get(&destination.id).copied().unwrap_or_default();
            if let Some((change, news)) = self.look_at_parked(destination, stored, counts).await? {
                is_notified |= news.is_some();
                self.store(&settings, change, news).await?;
            }
        }
        is_notified |= self.look_at_certificates(&settings, &destinations, &open).await?;
        let share = settings.thresholds.log_share;
        let is_raised = open.log_raised_at.is_some();
        if let Some((change, news)) = self.look_at_log(&destinations, is_raised, share).await? {
            is_notified |= news.is_some();
            self.store(&settings, change, news).await?;
        }
        if let Some((change, news)) = self.look_at_pruning(open.pruning).await? {
            is_notified |= news.is_some();
            self.store(&settings, change, news).await?;
        }
        if is_notified {
            self.wake.notify_one();
            relay(&self.database, &self.log, &self.clock).await?;
        }
        Ok(())
    }

    fn look_at_stream(
        &self,
        destination: &Destination,
        stored: Option<StreamTrouble>,
        minutes: FailingMinutes,
    ) -> Option<(TroubleChange, Option<AlertNews>)> {
        let (health, seen) = self.delivery.seen_by_alerts(destination);
        let (now, id) = (self.clock.now(), destination.id);
        match step_stream(stored, seen, minutes, now) {
            StreamStep::Leave => None,
            StreamStep::Note(trouble) => Some((TroubleChange::Stream(id, trouble), None)),
            StreamStep::Forget => Some((TroubleChange::StreamOver(id), None)),
            StreamStep::Raise(raised) => {
                let (failure, waiting) = match health {
                    StreamHealth::Retrying { trouble, waiting, .. } => (StreamFailure::Retrying(trouble), waiting),
                    StreamHealth::Refusing { reason, waiting, .. } => (StreamFailure::Refusing(reason), waiting),
                    _ => return None,
                };
                let news = AlertNews::StreamFailing {
                    stream: alerted(destination),
                    since: raised.since,
                    failure,
                    waiting,
                    notified_at: now,
                };
                Some((TroubleChange::Stream(id, raised), Some(news)))
            }
            StreamStep::End { since, failed_for } => {
                let news = AlertNews::StreamRecovered {
                    stream: alerted(destination),
                    since,
                    failed_for,
                };
                Some((TroubleChange::StreamOver(id), Some(news)))
            }
        }
    }

    async fn look_at_parked(
        &self,
        destination: &Destination,
        stored: Option<ParkedAlert>,
        counts: ParkedCounts,
    ) -> Result<Option<(TroubleChange, Option<AlertNews>)>, StoreError> {
        let id = destination.id;
        Ok(match step_parked(stored, counts, self.clock.now()) {
            ParkedStep::Leave => None,
            ParkedStep::End => Some((TroubleChange::ParkedOver(id), None)),
            // Without one, the last was retried or discarded after they were counted.
            ParkedStep::Raise { alert, newly } => self.database.newest_parked_reason(id).await?.map(|reason| {
                let news = AlertNews::EventsParked {
                    stream: alerted(destination),
                    newly,
                    parked: counts.now,
                    reason,
                };
                (TroubleChange::Parked(id, alert), Some(news))
            }),
        })
    }

    async fn look_at_pruning(
        &self,
        stored: PruningAlert,
    ) -> Result<Option<(TroubleChange, Option<AlertNews>)>, LookError> {
        let pruned = self.log.pruned_early().await?;
        Ok(
            match step_pruning(stored, pruned.events, pruned.last_at, self.clock.now()) {
                PruningStep::Leave => None,
                PruningStep::End(alert) => Some((TroubleChange::Pruning(alert), None)),
                PruningStep::Raise { alert, newly } => {
                    let retention = self.settings.retention();
                    let news = AlertNews::EventsPrunedEarly {
                        newly,
                        limit: retention.log_size.value,
                        days: retention.days.value,
                    };
                    Some((TroubleChange::Pruning(alert), Some(news)))
                }
            },
        )
    }

    async fn look_at_log(
        &self,
        destinations: &[Destination],
        is_raised: bool,
        share: LogShare,
    ) -> Result<Option<(TroubleChange, Option<AlertNews>)>, LookError> {
        let limit = self.settings.retention().log_size.value;
        let largest_backlog = self.database.largest_backlog().await?;
        let stored = self.log.stored().await?;
        let undelivered_bytes = largest_backlog.map_or(stored.kept_bytes, |largest| {
            stored.bytes_after(largest.acknowledged, self.log.last_seq())
        });
        let undelivered_percent = undelivered_bytes.saturating_mul(100) / limit.bytes().max(1);
        Ok(match step_log(is_raised, undelivered_percent, share) {
            LogStep::Leave => None,
            LogStep::End => Some((TroubleChange::LogOver, None)),
            LogStep::Raise => {
                let blamed = |id: DestinationId| destinations.iter().find(|destination| destination.id == id);
                let news = AlertNews::LogNearingLimit {
                    undelivered_percent,
                    limit,
                    held_back_by: largest_backlog
                        .and_then(|largest| blamed(largest.destination))
                        .map(alerted),
                };
                let raised_at = self.clock.now();
                Some((TroubleChange::Log { raised_at }, Some(news)))
            }
        })
    }

    async fn store(
        &self,
        settings: &StoredAlertSettings,
        change: TroubleChange,
        news: Option<AlertNews>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let notification = news.map(|news| Notification {
            notices: notices::notices_of(&news, settings, &self.public_url, now),
            instance_event: Recorded::new(InstanceEvent::alert(news), &Author::system(), now),
        });
        self.database.change_trouble(change, notification.as_ref()).await
    }
}

fn alerted(destination: &Destination) -> AlertedStream {
    AlertedStream {
        id: destination.id,
        kind: destination.target.kind(),
        name: destination.name.to_string(),
    }
}
