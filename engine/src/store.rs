//! `audit-streams.db`: everything but the events. With `log`, the only place that contains SQL.
//!
//! One connection writes, in immediate transactions, so that writers queue here and not inside SQLite; a few others read.
//! A second process (the command line) may write at the same time: SQLite's own lock and a busy timeout order the two.

mod activity;
mod alerts;
mod browsers;
mod database;
mod delivery;
mod destinations;
mod error;
mod instance;
mod instance_events;
mod owed;
mod refused;
mod refused_event;
mod replays;
mod sessions;
mod settings;
mod tokens;
mod users;

pub(crate) use self::refused::KEPT_ANSWERS;
pub use self::{
    activity::MinuteTotals,
    alerts::{Channel, Notice, OpenTroubles, StoredAlertSettings, Telling, TroubleChange},
    browsers::{BROWSER_KNOWN_FOR, KnownBrowser},
    database::Database,
    delivery::{Attempt, Cursor, CursorUpdate},
    destinations::{
        Admission, Destination, GoogleTarget, Header, HttpSecrets, HttpTarget, IdempotencyKey, Insertion, Namespace,
        NewDestination, S3Target, SigningSecret, Target, UpdateError,
    },
    error::StoreError,
    instance_events::PendingInstanceEvent,
    owed::Owed,
    refused::{Refused, TextBytes},
    refused_event::{DueEvent, ParkedEvent, RefusedEvent},
    replays::{InsertReplayError, NewReplay, Replay, ReplayPosition, ReplayUpdate},
    sessions::{ListedSession, NewSession, StoredSession},
    settings::{StoredNetwork, StoredRetention},
    tokens::{NewToken, StoredToken},
    users::{KeptSession, ListedUser, StoredUser, UserError},
};
