//! Opening the data folder, the background tasks, and the orderly end.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::{
    activity::Minute,
    event::{Author, OwnEvent},
    health::StreamHealth,
    ids::{ReplayId, Seq},
    replay::ReplayWait,
};
use tokio::{
    sync::{Mutex, MutexGuard, Notify, Semaphore},
    task::JoinHandle,
    time::MissedTickBehavior,
};

use crate::{
    activity,
    alerts::{AlertTasks, Alerts},
    causes::causes,
    clock::Clock,
    delivery::Delivery,
    destinations::TESTS_AT_A_TIME,
    log::{EventLog, LogError},
    net::{GuardedClients, NetworkRules},
    own_events::{Recorded, relay},
    retention,
    settings::{Changing, FixedSettings, Settings},
    sink::SinkServices,
    storage::{self, PartState},
    store::{Database, Destination, StoreError},
    vault::{KeyError, Vault},
};

/// How often what a lost signal left undone is looked for.
const UPKEEP_PERIOD: Duration = Duration::from_secs(2);

/// Settings of the engine; everything that an operator may choose.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Holds `events.db`, `audit-streams.db` and `secret.key`; made if it is not there.
    pub data_dir: PathBuf,
    /// 32 bytes in base64, instead of `secret.key`.
    pub encryption_key: Option<String>,
    /// What can't be changed on the page.
    pub fixed: FixedSettings,
    /// Destinations that an instance may have.
    pub destination_limit: u32,
    /// Where services are that are not where everybody finds them.
    pub services: SinkServices,
}

/// The engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("can't make or use the data folder {path}")]
    DataDir { path: String, source: std::io::Error },
    #[error("another server is running on the data folder {path}")]
    InUse { path: String },
    #[error("the encryption key can't be used")]
    Key(#[from] KeyError),
    #[error(
        "the encryption key is missing: the folder holds secrets, but no secret.key, and AUDIT_STREAMS_ENCRYPTION_KEY \
         is not set"
    )]
    KeyMissing,
    #[error(
        "events.db is older than audit-streams.db: streams have settled position {settled} of a log that ends at {end}; \
         restore both files from the same moment"
    )]
    LogIsOlder { settled: Seq, end: Seq },
    #[error("events.db can't be opened")]
    Log(#[from] LogError),
    #[error("audit-streams.db can't be opened")]
    Store(#[from] StoreError),
}

/// Which parts are working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liveness {
    /// The log takes events.
    pub log: PartState,
    /// Everything else can be stored.
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
    delivery: Arc<Delivery>,
    upkeep: JoinHandle<()>,
    storage_watch: JoinHandle<()>,
    alerts: Arc<Alerts>,
    alert_tasks: AlertTasks,
    upkeep_wake: Arc<Notify>,
    settings: Arc<Settings>,
    destination_limit: u32,
    /// Held by whoever reads a destination to change it.
    editing: Mutex<()>,
    /// A place for each test of a destination.
    tests: Semaphore,
    /// Held as long as the engine runs, so that no second one writes to the same folder.
    _folder_lock: std::fs::File,
}

impl Engine {
    /// Opens the data folder and starts delivering.
    ///
    /// # Errors
    /// [`OpenError`], naming what could not be opened.
    pub async fn open(config: EngineConfig, clock: Clock) -> Result<Self, OpenError> {
        let folder_lock = lock_folder(&config.data_dir)?;
        let database = Self::open_database(&config.data_dir, config.encryption_key.as_deref()).await?;
        // Every stored secret is opened once, so that a wrong key stops the start and not the streams.
        database.list_destinations().await?;
        database.alert_settings().await?;
        let settings = Arc::new(Settings::new(config.fixed, database.read_settings().await?));
        let log_size = settings.retention().log_size.value.bytes();
        let log = EventLog::open(&config.data_dir.join("events.db"), log_size).await?;
        let (settled, end) = (database.furthest_cursor().await?.unwrap_or(Seq::START), log.last_seq());
        if settled > end {
            return Err(OpenError::LogIsOlder { settled, end });
        }
        let clients = GuardedClients::new(settings.network().rules());
        let delivery = Arc::new(Delivery::start(
            log.clone(),
            database.clone(),
            clients.clone(),
            config.services.clone(),
            clock.clone(),
        ));
        let alerts = Arc::new(Alerts {
            log: log.clone(),
            database: database.clone(),
            delivery: Arc::clone(&delivery),
            settings: Arc::clone(&settings),
            clients: clients.clone(),
            clock: clock.clone(),
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
            Arc::clone(&upkeep_wake),
        ));
        Ok(Self {
            clock,
            storage_watch: tokio::spawn(storage::watch(log.clone(), database.clone())),
            log,
            database,
            clients,
            services: config.services,
            delivery,
            upkeep,
            alert_tasks: AlertTasks::start(&alerts),
            alerts,
            upkeep_wake,
            settings,
            destination_limit: config.destination_limit,
            editing: Mutex::new(()),
            tests: Semaphore::new(TESTS_AT_A_TIME),
            _folder_lock: folder_lock,
        })
    }

    /// Opens the store alone, for the command line: works while a server runs on the same folder.
    ///
    /// # Errors
    /// [`OpenError`], naming what could not be opened.
    pub async fn open_database(data_dir: &Path, encryption_key: Option<&str>) -> Result<Database, OpenError> {
        make_folder(data_dir)?;
        let (key_path, database_path) = (data_dir.join("secret.key"), data_dir.join("audit-streams.db"));
        let vault = match encryption_key {
            Some(key) => Vault::from_base64(key)?,
            None if database_path.exists() && !key_path.exists() => return Err(OpenError::KeyMissing),
            None => Vault::from_file(&key_path)?,
        };
        Ok(Database::open(&database_path, vault).await?)
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn log(&self) -> &EventLog {
        &self.log
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

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

    /// To be held from reading a destination until a change of it is stored: those who change the same one take turns then,
    /// and none has to start over.
    pub async fn editing(&self) -> MutexGuard<'_, ()> {
        self.editing.lock().await
    }

    /// An own event about to be stored with the change it tells of.
    pub fn recorded(&self, event: OwnEvent, author: &Author) -> Recorded {
        Recorded::new(event, author, self.clock.now())
    }

    /// Brings stored own events into the log. A failure is logged and made good by the upkeep's timer.
    pub async fn relay_own_events(&self) {
        if let Err(error) = relay(&self.database, &self.log, &self.clock).await {
            tracing::warn!(error = causes(&error), "Own audit events wait to be logged.");
        }
    }

    /// Stops delivering within the deadline, stores how far each stream is, and closes both files.
    pub async fn shutdown(&self, deadline: Duration) {
        self.delivery.stop(deadline).await;
        self.upkeep.abort();
        self.storage_watch.abort();
        self.alert_tasks.abort();
        self.log.close().await;
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

    pub(crate) const fn tests(&self) -> &Semaphore {
        &self.tests
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

    /// Returns once what is stored is what every stream goes by.
    pub(crate) async fn apply_changes(&self) {
        self.delivery.apply().await;
        self.upkeep_wake.notify_one();
    }
}

/// Relays own events and lets go of old ones, each time from what is stored.
async fn upkeep(log: EventLog, database: Database, clock: Clock, settings: Arc<Settings>, wake: Arc<Notify>) {
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
        if let Err(error) = enforced {
            tracing::warn!(error = causes(&error), "Old events could not be removed from the log.");
        }
        if let Err(error) = retention::release(&log, &database, &mut released_to).await {
            tracing::warn!(error = causes(&error), "Kept events could not be removed.");
        }
    }
}

async fn note_and_relay(log: &EventLog, database: &Database, clock: &Clock, noted: &mut Option<(Minute, Seq)>) {
    if let Err(error) = activity::keep_books(log, database, clock.now(), noted).await {
        tracing::warn!(error = causes(&error), "How far the log is could not be noted.");
    }
    if let Err(error) = relay(database, log, clock).await {
        tracing::warn!(error = causes(&error), "Own audit events wait to be logged.");
    }
}

fn make_folder(data_dir: &Path) -> Result<(), OpenError> {
    std::fs::create_dir_all(data_dir).map_err(|source| OpenError::DataDir {
        path: data_dir.display().to_string(),
        source,
    })
}

fn lock_folder(data_dir: &Path) -> Result<std::fs::File, OpenError> {
    make_folder(data_dir)?;
    let path = data_dir.display().to_string();
    let lock = std::fs::File::create(data_dir.join("server.lock")).map_err(|source| OpenError::DataDir {
        path: path.clone(),
        source,
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse { path }),
        Err(std::fs::TryLockError::Error(source)) => Err(OpenError::DataDir { path, source }),
    }
}
