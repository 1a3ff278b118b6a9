//! The catalogue of event types.

use std::collections::HashMap;

use axum::{Json, extract::State};
use domain::{
    event_types::{BuiltInType, built_in_types},
    view::EventTypeView,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Listed;
use crate::{error::ApiError, services::Services};

/// A type of audit event.
#[derive(Serialize, ToSchema)]
pub(super) struct EventType {
    #[schema(example = "user_created")]
    name: String,
    #[schema(example = "User management")]
    category: String,
    /// When events of this type are recorded. Empty for event types that are not built in.
    description: String,
    /// GitLab's feature category. Null for event types that are not built in.
    #[schema(example = "user_management")]
    feature_category: Option<&'static str>,
    /// GitLab release that introduced the event type. Null for event types that are not built in.
    #[schema(example = "15.7")]
    milestone: Option<&'static str>,
    /// Whether GitLab saves events of this type to its database. Null for event types that are not built in.
    saved_to_database: Option<bool>,
    /// Number of events of this type received in the last 24 hours, rounded to whole hours.
    received_last_day: u64,
}

/// List event types
///
/// Lists the built-in event types, and every event type that this instance has received. The filters of a destination may name
/// other event types; the destination then has a warning.
#[utoipa::path(get, path = "/api/v1/event_types", tag = "Audit events", responses(
    (status = 200, description = "All event types: first those that are not built in, then by category", body = Listed<EventType>),
))]
pub(super) async fn list_event_types(State(services): State<Services>) -> Result<Json<Listed<EventType>>, ApiError> {
    let known = services.engine.list_event_types().await?;
    let built_in: HashMap<&str, BuiltInType> = built_in_types().map(|built_in| (built_in.name, built_in)).collect();
    let view = |known: EventTypeView| {
        let built_in = built_in.get(known.name.as_str());
        EventType {
            category: known.category,
            description: known.description,
            feature_category: built_in.map(|built_in| built_in.feature_category),
            milestone: built_in.map(|built_in| built_in.milestone),
            saved_to_database: built_in.map(|built_in| built_in.saved_to_database),
            received_last_day: known.last_day,
            name: known.name,
        }
    };
    Ok(Json(Listed::new(known, view)))
}
