//! Warnings about values that are accepted but are probably mistakes.

use domain::{
    destination::{EventFilter, unknown_type_warning},
    event::EventType,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::path_of;

/// A warning about a value that was accepted but is probably a mistake.
#[derive(Serialize, ToSchema)]
pub(super) struct WarningView {
    code: WarningCode,
    /// The field that the warning is about.
    #[schema(example = "event_types[0]")]
    field: String,
    message: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WarningCode {
    /// The event type is not built in, and no event of this type has been received.
    UnknownEventType,
}

/// One warning for each of the filter's types that is among `unknown`.
pub(super) fn warnings(filter: &EventFilter, unknown: &[EventType]) -> Vec<WarningView> {
    let list = path_of(filter.kind().field());
    let named = filter.types().enumerate();
    named
        .filter(|(_, event_type)| unknown.contains(event_type))
        .map(|(position, event_type)| WarningView {
            code: WarningCode::UnknownEventType,
            field: format!("{list}[{position}]"),
            message: unknown_type_warning(event_type),
        })
        .collect()
}
