//! What administrators do: every operation behind the page, the APIs and the command line, one file per resource.
//!
//! The operations are methods of [`crate::Engine`]; what they show is in `domain::view`. A change is stored in one
//! transaction with the audit events that it records, and is in effect when the call returns. [`AdminError`] says why nothing
//! was done. Whoever calls has authorised the request: nothing here checks permissions. [`Maintenance`], [`check_data_folder`] and
//! [`rotate_key`] are the operations of the command line, which work on the data folder without an engine.

mod alerts;
mod data_folder;
mod deliveries;
mod destinations;
mod error;
mod exports;
mod maintenance;
mod overview;
mod parked;
mod passwords;
mod replays;
mod saved_views;
mod sessions;
mod settings;
mod sign_in;
mod streams;
mod tokens;
mod users;

pub use self::{
    data_folder::{RotateKeyError, RotatedKey, check_data_folder, rotate_key},
    destinations::{Addition, DestinationState},
    error::AdminError,
    maintenance::{Maintenance, MaintenanceError},
    overview::Overview,
    passwords::PasswordChange,
    replays::ReplayStanding,
    sign_in::SignInOutcome,
    users::FirstUser,
};
pub use crate::exports::ExportProgress;
pub use crate::store::{Destination, Header, IdempotencyKey, Namespace, PreviousSecret, Target};
