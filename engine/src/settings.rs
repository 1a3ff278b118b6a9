//! The settings of the instance, and changing them while it runs.
//!
//! The command line takes precedence over what an administrator chose on the page, and that over the default. A change is
//! stored with its audit events in one transaction and takes effect immediately: the supervisor sends to every destination
//! under the new network rules, the upkeep task prunes by the new age, and the writer of the log uses the new size limit. A
//! change that was stored is applied even if its caller is cancelled.

use std::sync::{Arc, PoisonError, RwLock};

use domain::{
    event::EventSizeLimit,
    settings::{AllowEntry, LogSize, RetentionDays},
};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    delivery::Delivery,
    instance_events::Recorded,
    log::EventLog,
    net::{GuardedClients, NetworkRules},
    store::{Database, StoreError, StoredNetwork, StoredRetention, UpdateError},
};

/// Settings from the command line or the environment; `None` for those that are not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixedSettings {
    /// Whether destinations may be on the local network. `None` if the page decides.
    pub allow_local_network: Option<bool>,
    /// What destinations may use besides. `None` if the page decides.
    pub network_allowlist: Option<Vec<AllowEntry>>,
    /// How long events are kept. `None` if the page decides.
    pub retention_days: Option<RetentionDays>,
    /// Maximum size of the log. `None` if the page decides.
    pub log_size: Option<LogSize>,
    /// The size limit of an event.
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

/// A setting that is in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value in effect.
    pub value: T,
    /// Where it comes from.
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

    /// Whether the value comes from the command line, so that it can't be changed while the server runs.
    pub fn is_fixed(&self) -> bool {
        self.origin == Origin::CommandLine
    }
}

/// Where destinations may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSettings {
    /// Sent back with a change.
    pub version: i64,
    /// Whether destinations may be on the local network.
    pub allow_local_network: Setting<bool>,
    /// What destinations may use besides the public internet.
    pub allowlist: Setting<Vec<AllowEntry>>,
}

impl NetworkSettings {
    /// The rules for outgoing requests that follow from these settings.
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
    /// How long events are kept.
    pub days: Setting<RetentionDays>,
    /// Maximum size of the log.
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

    pub(crate) fn network_with(&self, stored: StoredNetwork) -> NetworkSettings {
        let fixed = &self.fixed;
        NetworkSettings {
            version: stored.version,
            allow_local_network: Setting::new(fixed.allow_local_network, stored.allow_local_network, false),
            allowlist: Setting::new(fixed.network_allowlist.clone(), stored.allowlist, Vec::new()),
        }
    }

    pub(crate) fn retention_with(&self, stored: StoredRetention) -> RetentionSettings {
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

    pub(crate) fn stored_network(&self) -> StoredNetwork {
        self.stored.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    pub(crate) fn stored_retention(&self) -> StoredRetention {
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
    pub(crate) async fn network(self, new: StoredNetwork, events: Vec<Recorded>) -> Result<(), UpdateError> {
        let stored = self.database.update_network(&new, &events).await?;
        self.settings.take_network(stored);
        self.clients.set_rules(self.settings.network().rules());
        self.delivery.apply().await;
        self.upkeep_wake.notify_one();
        Ok(())
    }

    pub(crate) async fn retention(self, new: StoredRetention, events: Vec<Recorded>) -> Result<(), UpdateError> {
        let stored = self.database.update_retention(&new, &events).await?;
        self.settings.take_retention(stored);
        self.log
            .set_size_limit(self.settings.retention().log_size.value.bytes());
        self.upkeep_wake.notify_one();
        Ok(())
    }
}

/// Waits for a change, which goes on whether or not anybody does.
pub(crate) async fn answered(change: JoinHandle<Result<(), UpdateError>>) -> Result<(), UpdateError> {
    match change.await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(answer) => answer,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The process is about to end.
        Err(Err(_)) => Err(StoreError::Stopped.into()),
    }
}
