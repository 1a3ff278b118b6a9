//! Read models: what is shown of each thing, by the page, REST and the command line alike.
//!
//! One type per thing, made by `engine::admin` and serialized as it stands. Secrets are left out, or an `Option` that is
//! `None` unless an operation exists to show them. With the feature `openapi`, each type has a schema, and its comments are
//! the descriptions in the OpenAPI document.

mod activity;
mod alert;
mod delivery;
mod destination;
mod event;
mod event_type;
mod export;
mod health;
mod overview;
mod replay;
mod saved_view;
mod session;
mod settings;
mod stream;
mod token;
mod user;
mod warning;

pub use self::{
    activity::{ActivityCounts, ActivityPoint, ActivityView, LatencyMicros},
    alert::{AlertKind, AlertSettingsView, AlertView, AlertedDestination, EmailView, WebhookView},
    delivery::{DeliveryState, DeliveryView},
    destination::{
        DestinationSecret, DestinationView, HeaderView, NewSecretView, RotationView, TargetView, Visibility,
    },
    event::{EventRow, EventSummary, EventView},
    event_type::EventTypeView,
    export::{ExportState, ExportView},
    health::{HealthView, RetryOutcome, StateName, TroubleCode},
    overview::{DestinationCounts, FirstStepsView, LogView, OverviewView, TrafficView},
    replay::{ReplayCountView, ReplayView, WaitName},
    saved_view::{MOST_SAVED_VIEWS, SavedView, ViewName},
    session::SessionView,
    settings::{NetworkView, RetentionView, RuleVerdict, RuleView, SettingView},
    stream::{AttemptView, DeliveryOutcome, EventBrief, RecentDeliveryView, RefusedPage, RefusedView, first_line},
    token::{NewTokenView, TokenState, TokenView},
    user::{LoginView, UserView},
    warning::{WarningCode, WarningView, warnings},
};
