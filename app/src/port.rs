//! What the page asks of the server: the only way out of this crate.
//!
//! The server implements [`AdminPort`] over the engine and provides it as a Leptos context of type [`Port`]. Who asks is
//! found by the server's session layer, which puts [`SignedIn`] into the extensions of the request; a server function
//! takes it from there and hands it on with each call that changes something.

pub mod replays;
pub mod streams;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Timestamp,
    access::{NewPassword, TokenDraft, Username},
    activity::Span,
    connection_test::TestReport,
    destination::DestinationSettings,
    ids::{DestinationId, ReplayId, Seq, SessionId, TokenId, UserId},
    replay::ReplayDraft,
    settings::{AlertChange, AlertChannel, NetworkChange, RetentionChange},
    view::{AlertSettingsView, AlertView, LoginView, NetworkView, RetentionView, SessionView, TokenView, UserView},
};

pub use domain::access::{SetCookie, SignedIn, Visitor};

use self::streams::{InstanceSummary, StreamActivity, StreamCommand, StreamSummary};
use crate::wire::{AppError, DestinationSecret, EventTypeView, EventView, LogPage};

/// The context under which the server provides its implementation.
pub type Port = Arc<dyn AdminPort>;

#[async_trait]
pub trait AdminPort: Send + Sync {
    /// Starts a session, and lets the browser be known later. The password is checked in constant time whether or not the user
    /// exists.
    async fn sign_in(&self, visitor: &Visitor, username: &str, password: &str) -> Result<[SetCookie; 2], AppError>;

    /// Ends this session; the cookie in the answer removes it from the browser.
    async fn sign_out(&self, signed_in: &SignedIn) -> Result<SetCookie, AppError>;

    /// Sets a new password and ends every other session of this user. The cookie in the answer keeps this browser known.
    async fn change_password(&self, signed_in: &SignedIn, current: &str, new: String) -> Result<SetCookie, AppError>;

    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Where clients reach this server, without a slash at the end.
    fn public_url(&self) -> String;

    async fn overview(&self) -> Result<InstanceSummary, AppError>;

    /// At most 25 rows. `query` is that of the Log's address: its filter, and where the page starts.
    async fn list_events(&self, query: &str) -> Result<LogPage, AppError>;

    async fn show_event(&self, seq: Seq) -> Result<EventView, AppError>;

    /// All destinations, oldest first.
    async fn list_destinations(&self) -> Result<Vec<StreamSummary>, AppError>;

    /// A private key that can't sign is refused at its field.
    async fn create_destination(&self, admin: &SignedIn, new: DestinationSettings) -> Result<StreamSummary, AppError>;

    /// `version` is the one that was edited; another in the store answers [`AppError::ChangedMeanwhile`]. The kind is the
    /// one that is stored. A private key that can't sign is refused at its field.
    async fn update_destination(
        &self,
        admin: &SignedIn,
        id: DestinationId,
        version: i64,
        change: DestinationSettings,
    ) -> Result<StreamSummary, AppError>;

    /// Sends one test event to what these settings describe. Secrets that they leave out are those of the destination with
    /// this id. Nothing is stored but the audit event that tells of the test.
    async fn test_destination(
        &self,
        admin: &SignedIn,
        id: Option<DestinationId>,
        settings: DestinationSettings,
    ) -> Result<TestReport, AppError>;

    async fn show_activity(&self, admin: &SignedIn, id: DestinationId, span: Span) -> Result<StreamActivity, AppError>;

    async fn command_stream(&self, admin: &SignedIn, id: DestinationId, command: StreamCommand)
    -> Result<(), AppError>;

    /// Parks the event that a stream is stuck at.
    async fn park_event(&self, admin: &SignedIn, id: DestinationId, seq: Seq) -> Result<(), AppError>;

    /// Tries a parked event again, or without a position every one. How many they were.
    async fn retry_parked(&self, admin: &SignedIn, id: DestinationId, seq: Option<Seq>) -> Result<u64, AppError>;

    async fn discard_parked(&self, admin: &SignedIn, id: DestinationId, seq: Seq) -> Result<(), AppError>;

    /// How many events a replay would send; it is offered to be started from then on.
    async fn count_replay(&self, admin: &SignedIn, id: DestinationId, draft: ReplayDraft) -> Result<u64, AppError>;

    /// How many events it is to send.
    async fn start_replay(&self, admin: &SignedIn, id: DestinationId, draft: ReplayDraft) -> Result<u64, AppError>;

    async fn cancel_replay(&self, admin: &SignedIn, id: DestinationId, replay: ReplayId) -> Result<(), AppError>;

    async fn delete_destination(&self, admin: &SignedIn, id: DestinationId) -> Result<(), AppError>;

    async fn reveal_secret(
        &self,
        admin: &SignedIn,
        id: DestinationId,
        secret: DestinationSecret,
    ) -> Result<String, AppError>;

    /// Every known event type, grouped: those of one category stand together.
    async fn list_event_types(&self) -> Result<Vec<EventTypeView>, AppError>;

    /// Every API token: those that work first, the newest first.
    async fn list_tokens(&self) -> Result<Vec<TokenView>, AppError>;

    /// Answers the token itself, which is stored nowhere. Parsed behind the port, where the time is known.
    async fn create_token(&self, admin: &SignedIn, draft: TokenDraft) -> Result<String, AppError>;

    /// Answers the name. The token is refused from then on.
    async fn revoke_token(&self, admin: &SignedIn, id: TokenId) -> Result<String, AppError>;

    /// Oldest first.
    async fn list_users(&self) -> Result<Vec<UserView>, AppError>;

    /// Without a password one is made.
    async fn add_user(
        &self,
        admin: &SignedIn,
        username: Username,
        password: Option<NewPassword>,
    ) -> Result<LoginView, AppError>;

    /// Answers the name. A user who is disabled is signed out everywhere; nobody can disable themselves or the last one.
    async fn set_user_enabled(&self, admin: &SignedIn, id: UserId, is_enabled: bool) -> Result<String, AppError>;

    /// Sets somebody else's password and signs them out everywhere. Without a password one is made.
    async fn reset_password(
        &self,
        admin: &SignedIn,
        id: UserId,
        password: Option<NewPassword>,
    ) -> Result<LoginView, AppError>;

    /// The sessions of who asks, the one used last first.
    async fn list_sessions(&self, signed_in: &SignedIn) -> Result<Vec<SessionView>, AppError>;

    /// Ends another session of who asks.
    async fn end_session(&self, signed_in: &SignedIn, id: SessionId) -> Result<(), AppError>;

    /// Ends every session of who asks, this one too; the cookie in the answer removes it from the browser.
    async fn end_sessions(&self, signed_in: &SignedIn) -> Result<SetCookie, AppError>;

    async fn show_network(&self) -> Result<NetworkView, AppError>;

    /// `version` is the one that was shown; what the command line gives stays as it is. Holds at once.
    async fn update_network(&self, admin: &SignedIn, version: i64, change: NetworkChange) -> Result<(), AppError>;

    async fn show_retention(&self) -> Result<RetentionView, AppError>;

    /// `version` is the one that was shown; what the command line gives stays as it is. Holds at once.
    async fn update_retention(&self, admin: &SignedIn, version: i64, change: RetentionChange) -> Result<(), AppError>;

    async fn show_alert_settings(&self) -> Result<AlertSettingsView, AppError>;

    /// Those that are open.
    async fn list_alerts(&self) -> Result<Vec<AlertView>, AppError>;

    /// `version` is the one that was shown. Holds at once.
    async fn update_alerts(&self, admin: &SignedIn, version: i64, change: AlertChange) -> Result<(), AppError>;

    /// Sends a test by what is stored. One that did not arrive is refused at the server's or the URL's field, with the reason
    /// as a sentence.
    async fn send_test_alert(&self, admin: &SignedIn, channel: AlertChannel) -> Result<(), AppError>;
}
