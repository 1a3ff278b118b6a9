//! What the page asks of the server: the only way out of this crate.
//!
//! The server implements [`AdminPort`] over the engine and provides it as a Leptos context of type [`Port`]. Who asks is
//! found by the server's session layer, which puts [`SignedIn`] into the extensions of the request; a server function
//! takes it from there and hands it on with each call that changes something.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    destination::{DestinationChange, NewDestination},
    ids::{DestinationId, Seq, SessionId, UserId},
};

use crate::wire::{AppError, DestinationSecret, DestinationView, EventTypeView, EventView, LogPage, Overview};

/// The context under which the server provides its implementation.
pub type Port = Arc<dyn AdminPort>;

/// A request with a valid session cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    pub session: SessionId,
    pub user: UserId,
    pub username: String,
    pub ip_address: String,
}

/// Any request: the address from which it came, as it is written into audit events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    pub ip_address: String,
}

/// The value of a `Set-Cookie` header, to be put on the answer and nowhere else.
pub struct SetCookie(pub String);

#[async_trait]
pub trait AdminPort: Send + Sync {
    /// Starts a session. The password is checked in constant time whether or not the user exists.
    async fn sign_in(&self, visitor: &Visitor, username: &str, password: &str) -> Result<SetCookie, AppError>;

    /// Ends this session; the cookie in the answer removes it from the browser.
    async fn sign_out(&self, signed_in: &SignedIn) -> Result<SetCookie, AppError>;

    /// Sets a new password and ends every other session of this user.
    async fn change_password(&self, signed_in: &SignedIn, current: &str, new: String) -> Result<(), AppError>;

    async fn overview(&self) -> Result<Overview, AppError>;

    /// At most 25 rows. `query` is that of the Log's address: its filter, and where the page starts.
    async fn list_events(&self, query: &str) -> Result<LogPage, AppError>;

    async fn show_event(&self, seq: Seq) -> Result<EventView, AppError>;

    /// All destinations, oldest first.
    async fn list_destinations(&self) -> Result<Vec<DestinationView>, AppError>;

    async fn create_destination(&self, admin: &SignedIn, new: NewDestination) -> Result<DestinationView, AppError>;

    /// `version` is the one that was edited; another in the store answers [`AppError::ChangedMeanwhile`].
    async fn update_destination(
        &self,
        admin: &SignedIn,
        id: DestinationId,
        version: i64,
        change: DestinationChange,
    ) -> Result<DestinationView, AppError>;

    async fn delete_destination(&self, admin: &SignedIn, id: DestinationId) -> Result<(), AppError>;

    async fn reveal_secret(
        &self,
        admin: &SignedIn,
        id: DestinationId,
        secret: DestinationSecret,
    ) -> Result<String, AppError>;

    /// Every known event type, grouped: those of one category stand together.
    async fn list_event_types(&self) -> Result<Vec<EventTypeView>, AppError>;
}
