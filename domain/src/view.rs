//! Read models: what is shown of each thing, by the page, REST and the command line alike.
//!
//! One type per thing, made by `engine::admin` and serialized as it stands. Secrets are left out, or an `Option` that is
//! `None` unless an operation exists to show them. With the feature `openapi`, each type has a schema, and its comments are
//! the descriptions in the OpenAPI document.

mod alert;
mod destination;
mod health;
mod overview;
mod replay;
mod session;
mod settings;
mod stream;
mod token;
mod user;
mod warning;

pub use self::{
    alert::{AlertKind, AlertSettingsView, AlertView, AlertedDestination, EmailView, WebhookView},
    destination::{DestinationView, HeaderView, TargetView},
    health::{HealthView, StateName, TroubleCode},
    overview::{DestinationCounts, LogView, OverviewView, TrafficView},
    replay::{ReplayCountView, ReplayView, WaitName},
    session::SessionView,
    settings::{NetworkView, RetentionView, RuleVerdict, RuleView, SettingView},
    stream::{AttemptView, ParkedView},
    token::{NewTokenView, TokenState, TokenView},
    user::{LoginView, UserView},
    warning::{WarningCode, WarningView, warnings},
};
