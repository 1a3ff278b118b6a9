//! Warnings about values that are accepted but are probably mistakes.

use serde::{Deserialize, Serialize};

use crate::{
    destination::{EventFilter, FilterKind, unknown_type_warning},
    event::EventType,
};

/// A warning about a value that was accepted but is probably a mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WarningView {
    /// What the warning is about.
    pub code: WarningCode,
    /// The field that the warning is about.
    #[cfg_attr(feature = "openapi", schema(example = "event_types[0]"))]
    pub field: String,
    /// The warning as a sentence.
    pub message: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WarningCode {
    /// The event type is not built in, and no event of this type has been received.
    UnknownEventType,
}

/// One warning for each of the filter's types that is among `unknown`.
pub fn warnings(filter: &EventFilter, unknown: &[EventType]) -> Vec<WarningView> {
    let list = match filter.kind() {
        FilterKind::Allow => "event_types",
        FilterKind::Deny => "event_type_denylist",
    };
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
