//! What travels between the browser and the server functions.

pub mod settings;

use domain::{
    FieldErrors, Timestamp,
    destination::DestinationDraft,
    event::EventId,
    ids::{DestinationId, HeaderId, Seq, UserId},
};
use serde::{Deserialize, Serialize};

/// Why a server function could not do what it was asked. Coarse on purpose: causes are in the server's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum AppError {
    #[error("Sign in to continue.")]
    Unauthenticated,
    #[error("The username or password is wrong.")]
    WrongCredentials,
    /// Told only to who has the right password.
    #[error("This account is disabled. Ask another administrator to enable it.")]
    AccountDisabled,
    #[error("Too many attempts. Try again in {retry_after_seconds} seconds.")]
    TooManyAttempts { retry_after_seconds: u32 },
    #[error("This no longer exists.")]
    NotFound,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// Somebody else saved in the meantime; nothing was overwritten.
    #[error("Somebody else changed this in the meantime. Reload to see what it is now.")]
    ChangedMeanwhile,
    /// No more destinations fit on this instance.
    #[error("Maximum number of external audit event destinations ({limit}) exceeded")]
    TooManyDestinations { limit: u32 },
    /// The event that was to be parked.
    #[error("{reason}")]
    NotParked { reason: String },
    #[error("The server can't do this right now. Try again in a moment.")]
    Unavailable,
    /// The request did not reach the server, or its answer did not come back whole.
    #[error("The server can't be reached.")]
    Transport,
    /// The server could not read the arguments of a server function.
    #[error("The request is malformed.")]
    Malformed,
    /// The code stands in the server's log beside the cause.
    #[error("Something went wrong on the server (code {code}).")]
    Internal { code: String },
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    pub id: UserId,
    pub username: String,
}

/// Where a page of the Log starts or ends: newest first, by the event's own time, then by its position in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogPosition {
    pub created_at: Timestamp,
    pub seq: Seq,
}

/// Which page of the Log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogPageRequest {
    /// The newest, or the oldest when the oldest come first.
    #[default]
    First,
    OlderThan(LogPosition),
    NewerThan(LogPosition),
    /// No page: what came in after `seq`. Rows are told of what was created before `created_at`, where the newest page ends.
    Since(LogPosition),
    /// The newest page, and what came in after `seq` that has no place on it.
    Refreshed(LogPosition),
}

/// One page, in the order asked for. `newer` and `older` are there when there is something on that side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    pub rows: Vec<LogRow>,
    pub newer: Option<LogPosition>,
    pub older: Option<LogPosition>,
    /// How far a text in the details was searched for, if that ended early: where to go on.
    pub searched_to: Option<LogPosition>,
    /// Values worth suggesting; each list belongs to the token of that name.
    pub known: Vec<(String, Vec<String>)>,
    /// Of what came in since the reader last asked, at most 25 rows that are too old for the newest page; the latest to come
    /// in first.
    pub late: Vec<LogRow>,
    /// How many came in since, these and those on the newest page.
    pub arrived: u64,
    /// What came in later than this is not in here.
    pub received_to: Seq,
}

/// One line of the Log. Texts are empty when the event does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    pub seq: Seq,
    pub created_at: Timestamp,
    pub event_type: String,
    pub author_id: String,
    pub author_name: String,
    pub entity_type: String,
    pub entity_path: String,
    /// What was done, in one line.
    pub action: String,
    pub target_type: String,
    pub target_details: String,
    pub ip_address: String,
}

/// One event, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    pub row: LogRow,
    pub id: EventId,
    /// Name of the token that posted it, or `audit-streams`.
    pub source: String,
    pub received_at: Timestamp,
    /// The JSON object exactly as it is delivered.
    pub body: String,
}

/// A destination as its administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationView {
    pub id: DestinationId,
    /// Grows with every change; sent back with an edit, so that nothing is silently overwritten.
    pub version: i64,
    /// What is stored, as its form shows it, event types in alphabetical order. The verification token is meant to be
    /// seen; every other secret is none: the values of headers are fetched one by one, keys are never shown again.
    pub draft: DestinationDraft,
    /// Event types that its filter names although the instance does not know them.
    #[serde(default)]
    pub unknown_types: Vec<String>,
    /// How its stream is doing, and its switches, as the server drew them: HTML.
    pub status: String,
}

/// A secret of a destination that an administrator may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationSecret {
    /// The Standard Webhooks secret (`whsec_…`) with which a receiver checks signatures.
    Signing,
    /// The value of a custom header.
    Header(HeaderId),
}

/// A type that an event filter may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTypeView {
    pub name: String,
    pub category: String,
    /// When it is recorded, as a sentence; may be empty.
    pub description: String,
    /// Events of it in this hour and the 24 before it.
    pub last_day: u64,
}
