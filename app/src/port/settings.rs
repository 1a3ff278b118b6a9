//! What the settings pages ask about, as the server knows it.

use domain::{
    Timestamp,
    access::Scope,
    ids::{DestinationId, SessionId, TokenId, UserId},
    settings::{AlertThresholds, LogSize, RetentionDays, SmtpSecurity},
};

/// An API token, revoked and expired ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSummary {
    pub id: TokenId,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub state: TokenState,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSummary {
    pub id: UserId,
    pub username: String,
    pub is_enabled: bool,
    pub created_at: Timestamp,
    pub last_signed_in_at: Option<Timestamp>,
    pub sessions: u64,
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    pub id: SessionId,
    /// From where it was last used.
    pub ip_address: String,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// A user and a password that nobody else has seen yet.
#[derive(Clone, PartialEq, Eq)]
pub struct NewLogin {
    pub username: String,
    /// None if the administrator chose it.
    pub generated_password: Option<String>,
}

/// A value that holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingSummary<T> {
    pub value: T,
    /// Given on the command line, and not to be changed here.
    pub is_fixed: bool,
}

/// Where destinations may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSummary {
    pub version: i64,
    pub allow_local_network: SettingSummary<bool>,
    /// As they are written.
    pub allowlist: SettingSummary<Vec<String>>,
    /// What holds for each kind of address that is not on the public internet.
    pub rules: Vec<RuleSummary>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSummary {
    pub what: String,
    pub ranges: Vec<String>,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// But what the allowlist names is allowed.
    Refused,
    /// Even beside open local networks; but what the allowlist names as a single address is allowed.
    ExactOnly,
}

/// How long events are kept, how much room they may take, and what they take now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionSummary {
    pub version: i64,
    pub days: SettingSummary<RetentionDays>,
    pub log_size: SettingSummary<LogSize>,
    pub used_bytes: u64,
    pub events: u64,
    pub oldest_received_at: Option<Timestamp>,
}

/// When administrators are told of trouble, and how, and of what they have been told. No secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSummary {
    pub version: i64,
    pub thresholds: AlertThresholds,
    pub email: Option<EmailSummary>,
    pub webhook: Option<WebhookSummary>,
    /// What is not over yet.
    pub open: Vec<OpenAlertSummary>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailSummary {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    /// With a password, if there is one.
    pub username: Option<String>,
    pub from: String,
    pub to: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSummary {
    pub url: String,
    /// The URL without path and query, which may hold a secret.
    pub origin: String,
    pub is_signed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAlertSummary {
    pub kind: OpenAlertKind,
    /// None if it is about the log.
    pub stream: Option<AlertedStreamSummary>,
    pub raised_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenAlertKind {
    StreamFailing,
    EventsParked,
    LogNearingLimit,
    EventsPrunedEarly,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertedStreamSummary {
    pub id: DestinationId,
    pub name: String,
    /// When it began to fail, or when administrators were notified of parked events.
    pub since: Timestamp,
}

/// A way of telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertChannel {
    Email,
    Webhook,
}
