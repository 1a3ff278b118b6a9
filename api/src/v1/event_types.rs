//! The catalogue of event types.

use std::collections::HashMap;

use axum::{Json, extract::State};
use domain::event_types::{BuiltInType, built_in_types};
use engine::KnownEventType;
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
    category: &'static str,
    /// When such an event is recorded. Empty for a type that only this instance knows.
    description: &'static str,
    /// GitLab's name of the area of the product; null for a type that is not built in.
    #[schema(example = "user_management")]
    feature_category: Option<&'static str>,
    /// The release that brought it; null for a type that is not built in.
    #[schema(example = "15.7")]
    milestone: Option<&'static str>,
    /// Whether GitLab keeps such events besides streaming them; null for a type that is not built in.
    saved_to_database: Option<bool>,
    /// Events of it that were received in the last 24 hours, counted in whole hours.
    received_last_day: u64,
}

/// List event types
///
/// The built-in ones, and every type that this instance has received. `event_types` and `event_type_denylist` of a destination may name
/// others as well; the destination then has a warning.
#[utoipa::path(get, path = "/api/v1/event_types", tag = "Audit events", responses(
    (status = 200, description = "Every type: first those that are not built in, then by category", body = Listed<EventType>),
))]
pub(super) async fn list_event_types(State(services): State<Services>) -> Result<Json<Listed<EventType>>, ApiError> {
    let known = services.engine.list_event_types().await?;
    let built_in: HashMap<&str, BuiltInType> = built_in_types().map(|built_in| (built_in.name, built_in)).collect();
    let view = |known: KnownEventType| {
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
