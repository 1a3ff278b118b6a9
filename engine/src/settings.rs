//! The settings of the instance, and changing them while it runs.
//!
//! What the command line gives wins; else what an administrator chose on the page; else the default. A change is stored
//! with the audit events that tell of it, in one transaction, and holds at once: the supervisor sends to every destination
//! under the new network rules, the upkeep prunes by the new age, the log's writer minds the new size. Whoever asks for a
//! change may go away in the middle: what has been stored holds all the same.

use std::sync::{Arc, PoisonError, RwLock};

use domain::{
    event::{Author, EventSizeLimit, OwnEvent},
    settings::{AllowEntry, LogSize, NetworkChange, RetentionChange, RetentionDays},
};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    Engine,
    delivery::Delivery,
    log::EventLog,
    net::{GuardedClients, NetworkRules},
    own_events::Recorded,
    store::{Database, StoreError, StoredNetwork, StoredRetention, UpdateError},
};

/// What the command line or the environment gives; none where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixedSettings {
    pub allow_local_network: Option<bool>,
    pub network_allowlist: Option<Vec<AllowEntry>>,
    pub retention_days: Option<RetentionDays>,
    pub log_size: Option<LogSize>,
    /// The largest event that is taken in.
    pub event_size: Option<EventSizeLimit>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It can't be changed while the server runs.
    CommandLine,
    Page,
    Default,
}

/// A value that holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Setting<T> {
    fn new(fixed: Option<T>, stored: Option<T>, default: T) -> Self {
        let (value, origin) = match (fixed, stored) {
            (Some(value), _) => (value, Origin::CommandLine),
            (None, Some(value)) => (value, Origin::Page),
            (None, None) => (default, Origin::Default),
        };
        Self { value, origin }
    }

    pub fn is_fixed(&self) -> bool {
        self.origin == Origin::CommandLine
    }
}

/// Where destinations may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSettings {
    /// Sent back with a change.
    pub version: i64,
    pub allow_local_network: Setting<bool>,
    pub allowlist: Setting<Vec<AllowEntry>>,
}

impl NetworkSettings {
    pub fn rules(&self) -> NetworkRules {
        NetworkRules {
            allow_local_network: self.allow_local_network.value,
            allowlist: self.allowlist.value.clone(),
        }
    }
}

/// How long events are kept, and how much room they may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Sent back with a change.
    pub version: i64,
    pub days: Setting<RetentionDays>,
    pub log_size: Setting<LogSize>,
}

/// What holds now; read by whoever goes by it.
pub(crate) struct Settings {
    fixed: FixedSettings,
    stored: RwLock<(StoredNetwork, StoredRetention)>,
}

impl Settings {
    pub(crate) const fn new(fixed: FixedSettings, stored: (StoredNetwork, StoredRetention)) -> Self {
        Self {
            fixed,
            stored: RwLock::new(stored),
        }
    }

    pub(crate) fn event_size(&self) -> EventSizeLimit {
        self.fixed.event_size.unwrap_or_default()
    }

    pub(crate) fn network(&self) -> NetworkSettings {
        let stored = self.stored.read().unwrap_or_else(PoisonError::into_inner).0.clone();
        self.network_with(stored)
    }

    pub(crate) fn retention(&self) -> RetentionSettings {
        let stored = self.stored.read().unwrap_or_else(PoisonError::into_inner).1;
        self.retention_with(stored)
    }

    fn network_with(&self, stored: StoredNetwork) -> NetworkSettings {
        let fixed = &self.fixed;
        NetworkSettings {
            version: stored.version,
            allow_local_network: Setting::new(fixed.allow_local_network, stored.allow_local_network, false),
            allowlist: Setting::new(fixed.network_allowlist.clone(), stored.allowlist, Vec::new()),
        }
    }

    fn retention_with(&self, stored: StoredRetention) -> RetentionSettings {
        RetentionSettings {
            version: stored.version,
            days: Setting::new(self.fixed.retention_days, stored.days, RetentionDays::DEFAULT),
            log_size: Setting::new(self.fixed.log_size, stored.log_size, LogSize::DEFAULT),
        }
    }

    /// Of two changes stored one after the other, the newer stays, whichever comes here first.
    fn take_network(&self, new: StoredNetwork) {
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        if stored.0.version < new.version {
            stored.0 = new;
        }
    }

    fn take_retention(&self, new: StoredRetention) {
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        if stored.1.version < new.version {
            stored.1 = new;
        }
    }

    fn stored_network(&self) -> StoredNetwork {
        self.stored.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn stored_retention(&self) -> StoredRetention {
        self.stored.read().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Stores changes and makes them hold; clones share what it has.
#[derive(Clone)]
pub(crate) struct Changing {
    pub(crate) database: Database,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clients: GuardedClients,
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) log: EventLog,
    pub(crate) upkeep_wake: Arc<Notify>,
}

impl Changing {
    /// Returns once every stream goes by the new settings.
    async fn network(self, new: StoredNetwork, told: Vec<Recorded>) -> Result<(), UpdateError> {
        let stored = self.database.update_network(&new, &told).await?;
        self.settings.take_network(stored);
        self.clients.set_rules(self.settings.network().rules());
        self.delivery.apply().await;
        self.upkeep_wake.notify_one();
        Ok(())
    }

    async fn retention(self, new: StoredRetention, told: Vec<Recorded>) -> Result<(), UpdateError> {
        let stored = self.database.update_retention(&new, &told).await?;
        self.settings.take_retention(stored);
        self.log
            .set_size_limit(self.settings.retention().log_size.value.bytes());
        self.upkeep_wake.notify_one();
        Ok(())
    }
}

/// Waits for a change, which goes on whether or not anybody does.
async fn answered(change: JoinHandle<Result<(), UpdateError>>) -> Result<(), UpdateError> {
    match change.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(answer) => answer,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The process is about to end.
        Err(Err(_)) => Err(StoreError::Stopped.into()),
    }
}

impl Engine {
    pub fn network_settings(&self) -> NetworkSettings {
        self.settings().network()
    }

    pub fn retention_settings(&self) -> RetentionSettings {
        self.settings().retention()
    }

    /// Changes the network settings as they were at `version`; what the command line gives stays as it is. Every stream
    /// goes on under the new rules at once: one that was blocked tries again.
    ///
    /// # Errors
    /// [`UpdateError`]; nothing was changed.
    pub async fn update_network(
        &self,
        author: &Author,
        version: i64,
        change: NetworkChange,
    ) -> Result<(), UpdateError> {
        let settings = self.settings();
        let (stored, before) = (settings.stored_network(), settings.network());
        if stored.version != version {
            return Err(UpdateError::ChangedMeanwhile);
        }
        let new = StoredNetwork {
            version,
            allow_local_network: unless_fixed(&before.allow_local_network, change.allow_local_network)
                .or(stored.allow_local_network),
            allowlist: unless_fixed(&before.allowlist, change.allowlist).or(stored.allowlist),
        };
        let after = settings.network_with(new.clone());
        let on_off = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
        let told = [
            self.changed(
                author,
                "allow_local_network",
                on_off(before.allow_local_network.value),
                on_off(after.allow_local_network.value),
            ),
            self.changed(
                author,
                "network_allowlist",
                listed(&before.allowlist.value),
                listed(&after.allowlist.value),
            ),
        ];
        let told: Vec<Recorded> = told.into_iter().flatten().collect();
        answered(tokio::spawn(self.changing().network(new, told))).await?;
        self.relay_own_events().await;
        Ok(())
    }

    /// Changes the retention settings as they were at `version`; what the command line gives stays as it is.
    ///
    /// # Errors
    /// [`UpdateError`]; nothing was changed.
    pub async fn update_retention(
        &self,
        author: &Author,
        version: i64,
        change: RetentionChange,
    ) -> Result<(), UpdateError> {
        let settings = self.settings();
        let (stored, before) = (settings.stored_retention(), settings.retention());
        if stored.version != version {
            return Err(UpdateError::ChangedMeanwhile);
        }
        let new = StoredRetention {
            version,
            days: if before.days.is_fixed() {
                stored.days
            } else {
                change.days
            },
            log_size: if before.log_size.is_fixed() {
                stored.log_size
            } else {
                change.log_size
            },
        };
        let after = settings.retention_with(new);
        let told = [
            self.changed(
                author,
                "retention_days",
                before.days.value.to_string(),
                after.days.value.to_string(),
            ),
            self.changed(
                author,
                "log_size_limit",
                before.log_size.value.to_string(),
                after.log_size.value.to_string(),
            ),
        ];
        let told: Vec<Recorded> = told.into_iter().flatten().collect();
        answered(tokio::spawn(self.changing().retention(new, told))).await?;
        self.relay_own_events().await;
        Ok(())
    }

    /// The audit event of a value that changed.
    pub(crate) fn changed(&self, author: &Author, setting: &'static str, from: String, to: String) -> Option<Recorded> {
        (from != to).then(|| self.recorded(OwnEvent::SettingChanged { setting, from, to }, author))
    }
}

fn unless_fixed<T>(setting: &Setting<T>, value: T) -> Option<T> {
    (!setting.is_fixed()).then_some(value)
}

fn listed(entries: &[AllowEntry]) -> String {
    if entries.is_empty() {
        return "nothing".to_owned();
    }
    let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
    entries.join(", ")
}
