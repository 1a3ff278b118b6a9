//! Opening the data folder, the background tasks, and the orderly end.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::{
    activity::Minute,
    alerts::InstanceCertificate,
    health::StreamHealth,
    ids::{ReplayId, Seq},
    instance_event::{Author, InstanceEvent},
    replay::ReplayWait,
};
use tokio::{
    sync::{Mutex, MutexGuard, Notify, Semaphore, watch},
    task::JoinHandle,
    time::MissedTickBehavior,
};

use crate::{
    activity,
    alerts::{AlertTasks, Alerts},
    clock::Clock,
    credentials::Credentials,
    delivery::Delivery,
    error_chain::error_chain,
    exports::Exports,
    folder::{FolderLock, LOG_FILE, STORE_FILE},
    instance_certificates::InstanceCertificates,
    instance_events::{Recorded, relay},
    lineage::Lineage,
    log::{EventLog, LogError},
    net::{CaFile, GuardedClients, InstanceProxy, NetworkRules},
    note::Note,
    open_error::OpenError,
    opening::{OpenFolder, finish_rotation, open_folder, serve},
    pairing::Pairing,
    retention,
    settings::{Changing, FixedSettings, Settings},
    sink::SinkServices,
    storage::{self, Due, GenerationError, PartState, files_are_missing},
    store::{Database, Destination, StoreError},
};

/// How often work is checked for whose signal was lost.
const UPKEEP_PERIOD: Duration = Duration::from_secs(2);

/// Replays that are counted at the same time.
const COUNTS_AT_A_TIME: usize = 2;

/// The maximum number of connection tests at a time.
const TESTS_AT_A_TIME: usize = 4;

/// Settings of the engine; everything that an operator may choose.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The folder of `events.db`, `audit-streams.db` and `secret.key`; created if it does not exist.
    pub data_dir: PathBuf,
    /// 32 bytes in base64, instead of `secret.key`.
    pub encryption_key: Option<String>,
    /// Settings from the command line, which can't be changed while the server runs.
    pub fixed: FixedSettings,
    /// Destinations that an instance may have.
    pub destination_limit: u32,
    /// `events.db` and `audit-streams.db` are used together although they don't match.
    pub accepts_mismatched_files: bool,
    /// The URL of the page without a trailing slash, for links in e-mails and webhooks.
    pub public_url: String,
    /// The addresses of external services.
    pub services: SinkServices,
    /// Certificates of CAs that are trusted for all outgoing connections, beside those of the machine.
    pub ca_file: Option<CaFile>,
    /// The certificate of the listener and those of the CAs that vouch for its clients, as they are at any time; `None` if it does not speak TLS.
    pub listener_certificates: Option<watch::Receiver<Vec<InstanceCertificate>>>,
    /// Through which proxy outgoing HTTP connections go.
    pub proxy: InstanceProxy,
}

impl From<LogError> for OpenError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Mismatch(mismatch) => Self::Mismatch(mismatch),
            error if error.is_damage() => Self::Damaged {
                file: LOG_FILE,
                source: error.into(),
            },
            error if error.is_full_disk() => Self::DiskFull {
                file: LOG_FILE,
                source: error.into(),
            },
            error => Self::Log(error),
        }
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        if error.is_damage() {
            return Self::Damaged {
                file: STORE_FILE,
                source: error.into(),
            };
        }
        if error.is_full_disk() {
            return Self::DiskFull {
                file: STORE_FILE,
                source: error.into(),
            };
        }
        Self::Store(error)
    }
}

impl From<GenerationError> for OpenError {
    fn from(error: GenerationError) -> Self {
        match error {
            GenerationError::Store(error) => error.into(),
            GenerationError::Log(error) => error.into(),
        }
    }
}

/// Which parts are working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liveness {
    /// The log accepts events.
    pub log: PartState,
    /// The store can be written.
    pub store: PartState,
    /// The supervisor of the workers and the background tasks run.
    pub delivery: PartState,
}

/// The running engine. Dropping it without `shutdown` loses nothing that was acknowledged.
pub struct Engine {
    clock: Clock,
    log: EventLog,
    database: Database,
    clients: GuardedClients,
    services: SinkServices,
    lineage: Lineage,
    delivery: Arc<Delivery>,
    upkeep: JoinHandle<()>,
    storage_watch: JoinHandle<()>,
    alerts: Arc<Alerts>,
    alert_tasks: AlertTasks,
    upkeep_wake: Arc<Notify>,
    settings: Arc<Settings>,
    destination_limit: u32,
    /// Held while a destination is read and changed.
    editing: Mutex<()>,
    /// A permit for each connection test.
    tests: Semaphore,
    /// A permit for each replay that is being counted: that reads much of the log.
    replay_counts: Semaphore,
    credentials: Credentials,
    exports: Exports,
    note: Arc<Note>,
    /// Held as long as the engine runs, so that no second one writes to the same folder.
    _folder_lock: FolderLock,
}

impl Engine {
    /// Opens the data folder and starts delivering.
    ///
    /// # Errors
    /// [`OpenError`], naming what could not be opened.
    pub async fn open(config: EngineConfig, clock: Clock) -> Result<Self, OpenError> {
        let accepts_mismatch = config.accepts_mismatched_files;
        let has_key_file = config.encryption_key.is_none();
        let OpenFolder {
            folder,
            lock: folder_lock,
            database,
            noted,
            note,
        } = open_folder(&config.data_dir, config.encryption_key.as_deref(), accepts_mismatch).await?;
        let settings = Arc::new(Settings::new(config.fixed, database.read_settings().await?));
        let log_size = settings.retention().log_size.value.bytes();
        let mut store = database.pairing().await?;
        store.noted_reached = noted.map(|noted| noted.reached);
        let pairing = Pairing {
            store,
            accepts_mismatch,
        };
        let lineage = Lineage::of_instance(&pairing.store.instance);
        let services = SinkServices {
            restored: database.restored_lineage().await?,
            ..config.services
        };
        let has_had_a_log = pairing.store.log_reached.is_some();
        let log_file = folder.file(LOG_FILE);
        let log = match EventLog::open_paired(&log_file, log_size, pairing, Arc::clone(&note)).await {
            Ok(log) => log,
            Err(error) => {
                database.close().await;
                return Err(error.into());
            }
        };
        let due = match storage::begin_generation(&log, &database, &note).await {
            Ok(due) => due,
            // A store that has never had a log must learn of it before anything is stored there.
            Err(error) if has_had_a_log && error.is_failed_write() => {
                tracing::error!(
                    error = error_chain(&error),
                    "The data folder is not writable. The server starts anyway: it delivers the events in the log, and accepts \
                     new ones once the folder is writable again."
                );
                Due::Generation
            }
            Err(error) => return Err(error.into()),
        };
        if due != Due::Generation {
            finish_rotation(&folder, &database, has_key_file).await;
        }
        if let Err(error) = serve(&folder_lock).await {
            tokio::join!(log.close(), database.close());
            return Err(error);
        }
        let clients = GuardedClients::new(settings.network().rules());
        let clients = clients.with_ca_file(config.ca_file).with_instance_proxy(config.proxy);
        let delivery = Arc::new(Delivery::start(
            log.clone(),
            database.clone(),
            clients.clone(),
            services.clone(),
            clock.clone(),
        ));
        let alerts = Arc::new(Alerts {
            log: log.clone(),
            database: database.clone(),
            delivery: Arc::clone(&delivery),
            settings: Arc::clone(&settings),
            clients: clients.clone(),
            certificates: InstanceCertificates::new(config.listener_certificates, clients.clone()),
            clock: clock.clone(),
            public_url: config.public_url,
            wake: Notify::new(),
            looking: Mutex::new(()),
            sending: Mutex::new(()),
        });
        let upkeep_wake = Arc::new(Notify::new());
        let upkeep = tokio::spawn(upkeep(
            log.clone(),
            database.clone(),
            clock.clone(),
            Arc::clone(&settings),
            Arc::clone(&delivery),
            Arc::clone(&upkeep_wake),
        ));
        Ok(Self {
            clock,
            storage_watch: tokio::spawn(storage::watch(log.clone(), database.clone(), Arc::clone(&note), due)),
            note,
            log,
            database,
            clients,
            services,
            lineage,
            delivery,
            upkeep,
            alert_tasks: AlertTasks::start(&alerts),
            alerts,
            upkeep_wake,
            settings,
            destination_limit: config.destination_limit,
            editing: Mutex::new(()),
            tests: Semaphore::new(TESTS_AT_A_TIME),
            replay_counts: Semaphore::new(COUNTS_AT_A_TIME),
            credentials: Credentials::default(),
            exports: Exports::default(),
            _folder_lock: folder_lock,
        })
    }

    /// The clock that everything in the engine goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The event log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Which log the positions of [`Self::log`] are of.
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Which parts of the engine work at the moment.
    pub fn liveness(&self) -> Liveness {
        let tasks_run = !self.upkeep.is_finished() && !self.storage_watch.is_finished() && self.alert_tasks.is_alive();
        Liveness {
            log: self.log.state(),
            store: self.database.state(),
            delivery: if tasks_run && self.delivery.is_alive() {
                PartState::Running
            } else {
                PartState::Stopped
            },
        }
    }

    /// A lock to hold from reading a destination until its change is stored, so that concurrent changes do not have to be
    /// retried.
    pub async fn editing(&self) -> MutexGuard<'_, ()> {
        self.editing.lock().await
    }

    /// An instance event, ready to be stored with the change that it records.
    pub(crate) fn recorded(&self, event: InstanceEvent, author: &Author) -> Recorded {
        Recorded::new(event, author, self.clock.now())
    }

    /// Appends stored instance events to the log. A failure is logged; the upkeep task retries.
    pub(crate) async fn relay_instance_events(&self) {
        if let Err(error) = relay(&self.database, &self.log, &self.clock).await {
            tracing::warn!(
                error = error_chain(&error),
                "Instance events could not be appended to the log; they will be retried."
            );
        }
        storage::note_changes(&self.database, &self.note).await;
    }

    /// Stops delivery within the deadline, stores the progress of each stream, and closes both files.
    pub async fn shutdown(&self, deadline: Duration) {
        self.delivery.stop(deadline).await;
        self.upkeep.abort();
        self.storage_watch.abort();
        self.alert_tasks.abort();
        // A new generation: it distinguishes files that are copied from now on from those that were copied before.
        if let Err(error) = storage::begin_generation(&self.log, &self.database, &self.note).await {
            tracing::warn!(error = error_chain(&error), "Recording the clean shutdown failed.");
        }
        self.log.close().await;
        self.database.checkpoint().await;
        self.database.close().await;
    }

    pub(crate) fn network_rules(&self) -> Arc<NetworkRules> {
        self.clients.rules()
    }

    pub(crate) const fn clients(&self) -> &GuardedClients {
        &self.clients
    }

    pub(crate) const fn services(&self) -> &SinkServices {
        &self.services
    }

    pub(crate) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) const fn exports(&self) -> &Exports {
        &self.exports
    }

    pub(crate) const fn tests(&self) -> &Semaphore {
        &self.tests
    }

    pub(crate) const fn replay_counts(&self) -> &Semaphore {
        &self.replay_counts
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn changing(&self) -> Changing {
        Changing {
            database: self.database.clone(),
            settings: Arc::clone(&self.settings),
            clients: self.clients.clone(),
            delivery: Arc::clone(&self.delivery),
            log: self.log.clone(),
            upkeep_wake: Arc::clone(&self.upkeep_wake),
        }
    }

    pub(crate) fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    pub(crate) fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    pub(crate) fn destination_limit(&self) -> u32 {
        self.destination_limit
    }

    pub(crate) fn health_of(&self, destination: &Destination) -> StreamHealth {
        self.delivery.health_of(destination)
    }

    pub(crate) fn replay_wait(&self, replay: ReplayId) -> Option<ReplayWait> {
        self.delivery.replay_wait(replay)
    }

    /// Returns once every stream uses the stored configuration.
    pub(crate) async fn apply_changes(&self) {
        self.delivery.apply().await;
        self.upkeep_wake.notify_one();
    }
}

/// Relays instance events and prunes the log, each time from stored state.
async fn upkeep(
    log: EventLog,
    database: Database,
    clock: Clock,
    settings: Arc<Settings>,
    delivery: Arc<Delivery>,
    wake: Arc<Notify>,
) {
    let mut ticks = tokio::time::interval(UPKEEP_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut noted, mut released_to) = (None, Seq::START);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = wake.notified() => {}
        }
        note_and_relay(&log, &database, &clock, &mut noted).await;
        let age = settings.retention().days.value.age();
        let enforced = retention::enforce(&log, &database, clock.now(), age);
        tokio::pin!(enforced);
        // What is a lot takes minutes to go: the rest is kept up meanwhile.
        let enforced = loop {
            tokio::select! {
                biased;
                enforced = &mut enforced => break enforced,
                _ = ticks.tick() => note_and_relay(&log, &database, &clock, &mut noted).await,
            }
        };
        log_failure(enforced, "Old events could not be removed from the log.");
        let ended = end_rotations(&database, &clock, &delivery).await;
        log_failure(ended, "Secrets whose rotation has ended could not be deleted.");
        let released = retention::release(&log, &database, &mut released_to).await;
        log_failure(
            released,
            "Rejected events that no stream needs any more could not be removed.",
        );
    }
}

/// Deletes secrets whose rotation has ended, from the store and from what runs.
async fn end_rotations(database: &Database, clock: &Clock, delivery: &Delivery) -> Result<(), StoreError> {
    if database.delete_ended_secrets(clock.now()).await? {
        delivery.apply().await;
    }
    Ok(())
}

async fn note_and_relay(log: &EventLog, database: &Database, clock: &Clock, noted: &mut Option<(Minute, Seq)>) {
    let recorded = activity::record_log_position(log, database, clock.now(), noted).await;
    log_failure(recorded, "Recording the newest position of the log failed.");
    let recorded = record_damage(log, database, clock).await;
    log_failure(recorded, "Recording an audit event about unreadable events failed.");
    let relayed = relay(database, log, clock).await;
    log_failure(
        relayed.map(drop),
        "Instance events could not be appended to the log; they will be retried.",
    );
}

/// That files are missing is logged once, by the watch on them.
fn log_failure(ended: Result<(), impl std::error::Error + 'static>, message: &'static str) {
    if let Err(error) = ended
        && !files_are_missing(&error)
    {
        tracing::warn!(error = error_chain(&error), "{message}");
    }
}

/// Records audit events about what could not be read since the last look.
async fn record_damage(log: &EventLog, database: &Database, clock: &Clock) -> Result<(), StoreError> {
    let stretches = log.take_unreported_damage();
    let recorded = |(first, last)| {
        let event = InstanceEvent::events_unreadable(first, last);
        Recorded::new(event, &Author::system(), clock.now())
    };
    let events: Vec<Recorded> = stretches.iter().copied().map(recorded).collect();
    let stored = database.record_all(&events).await;
    if stored.is_err() {
        log.restore_unreported_damage(stretches);
    }
    stored
}

#[cfg(test)]
mod tests;
