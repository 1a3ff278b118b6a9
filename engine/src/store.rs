//! `audit-streams.db`: everything but the events. With `log`, the only place that contains SQL.
//!
//! One connection writes, in immediate transactions, so that writers queue here and not inside SQLite; a few others read.
//! A second process (the command line) may write at the same time: SQLite's own lock and a busy timeout order the two.

mod activity;
mod alerts;
mod backlog;
mod browsers;
mod cursor;
mod database;
mod delivery;
mod destinations;
mod error;
mod event_facts;
mod inspection;
mod instance;
mod instance_events;
mod refused;
mod refused_event;
mod replays;
mod saved_views;
mod sealed;
mod sessions;
mod settings;
mod tokens;
mod users;
mod verify;

pub(crate) use self::{
    activity::MinuteTotals,
    alerts::{
        Channel, InstanceCertificateAlert, Notice, Notification, OpenTroubles, StoredAlertSettings, TroubleChange,
    },
    browsers::KnownBrowser,
    cursor::Cursor,
    database::Database,
    delivery::{Attempt, CursorUpdate, Stored, StoredRefusedChange},
    destinations::{Admission, ChangedDestination, Insertion, NewDestination, Rotation, UpdateError},
    event_facts::{EventFacts, RefusedFacts},
    inspection::{InspectionError, StoreHead, generation_in_file as store_generation, inspect},
    instance::begin_anew,
    instance_events::PendingInstanceEvent,
    refused::{KEPT_ANSWERS, Refused, TextBytes},
    refused_event::{DueEvent, ListedEvent, RefusedEvent},
    replays::{InsertReplayError, NewReplay, Replay, ReplayPosition, ReplayUpdate},
    saved_views::ViewError,
    sessions::{NewSession, StoredSession},
    settings::{StoredNetwork, StoredRetention},
    tokens::{NewToken, TokenError},
    users::{KeptSession, ListedUser, StoredUser, UserError},
    verify::{RunningReplay, StoreFile, StreamPositions, VerifyError},
};
pub use self::{
    destinations::{Destination, Header, IdempotencyKey, Namespace, PreviousSecret, Target},
    error::StoreError,
    tokens::StoredToken,
};
