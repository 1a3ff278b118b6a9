//! REST: the resources under `/api/v1`. One attribute makes each operation a route and a part of the OpenAPI document.

mod alerts;
mod answer;
pub(crate) mod audit_events;
pub(crate) mod cursor;
mod destinations;
mod event_types;
mod fields;
mod instance;
mod overview;
mod settings;
mod tokens;
mod users;

pub(super) use self::destinations::describe_kinds;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::services::Services;

/// All routes except ingest.
pub(crate) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::default()
        .routes(routes!(audit_events::list_audit_events))
        .routes(routes!(audit_events::show_audit_event))
        .routes(routes!(audit_events::deliveries::list_deliveries))
        .routes(routes!(audit_events::deliveries::send_again))
        .routes(routes!(audit_events::export::export_csv))
        .routes(routes!(audit_events::export::export_json_lines))
        .routes(routes!(event_types::list_event_types))
        .merge(destinations::routes())
        .routes(routes!(instance::show_instance))
        .routes(routes!(alerts::list_alerts))
        .routes(routes!(
            settings::alerts::show_alert_settings,
            settings::alerts::update_alert_settings,
        ))
        .routes(routes!(overview::show_overview))
        .routes(routes!(
            settings::network::show_network_settings,
            settings::network::update_network_settings,
        ))
        .routes(routes!(
            settings::retention::show_retention_settings,
            settings::retention::update_retention_settings,
        ))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(users::list_users, users::add_user))
        .routes(routes!(users::show_user, users::update_user))
        .routes(routes!(users::sessions::list_sessions, users::sessions::end_sessions))
        .routes(routes!(users::sessions::end_session))
        .routes(routes!(users::reset_password))
}
