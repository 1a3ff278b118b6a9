//! The event log, the stores and the delivery engine. Native; no axum, no leptos.
//!
//! [`Engine`] is the way in: it opens the data folder, starts one worker per destination, and offers what the server's
//! handlers call. Own modules: `log` and `store` (all SQL), `delivery` (workers and their policy), `sink` (how each kind of
//! destination is sent to), `net` (the only way out to hosts that a user named).

mod activity;
pub mod admin;
mod alerts;
mod backup;
mod check;
pub mod clock;
pub mod credentials;
mod delivery;
mod engine;
mod error_chain;
mod exports;
mod folder;
#[cfg(feature = "fuzzing")]
pub mod fuzz;
mod incident;
mod ingest;
mod instance_certificates;
mod instance_events;
mod key_file;
mod lineage;
pub mod log;
mod net;
mod note;
mod open_error;
mod opening;
mod pairing;
mod retention;
mod settings;
mod sink;
mod storage;
mod store;
mod vault;
mod wal;

/// The tests of the whole engine. They are a part of the crate because they look into the store, which nobody else may.
#[cfg(test)]
#[path = "../tests/it/main.rs"]
mod it;

/// The stack of each thread that handles input from outside. Parsers bound how deep they recurse; this leaves them a wide margin.
pub const THREAD_STACK: usize = 8 * 1024 * 1024;

pub use self::{
    activity::Traffic,
    admin::{Addition, DestinationState, ReplayStanding},
    alerts::{ExpiringCertificate, ExpiringInstanceCertificate, OpenAlert, OpenAlerts},
    backup::{
        BackupError, BackupProblem, CreatedBackup, Manifest, RestoreKey, VerifiedBackup, create_backup, restore_backup,
        verify_backup,
    },
    check::{Check, FolderCheck, Problem},
    delivery::{Failure, StreamTotals},
    engine::{Engine, EngineConfig, Liveness},
    error_chain::error_chain,
    incident::report_incident,
    ingest::IngestError,
    lineage::Lineage,
    net::{CaFile, CaFileError, InstanceProxy},
    open_error::OpenError,
    pairing::Mismatch,
    settings::{FixedSettings, NetworkSettings, Origin, RetentionSettings, Setting},
    sink::SinkServices,
    storage::PartState,
    vault::{KeyError, KeyId, random},
    wal::WalDamage,
};
