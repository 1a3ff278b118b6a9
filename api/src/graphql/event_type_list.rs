//! The event types in a destination's list.

use domain::destination::{FilterKind, unknown_type_warning};
use engine::DestinationState;

/// A list after event types were added to it.
pub(super) struct Added {
    pub(super) event_types: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Added {
    /// Warns of those of `types` that this instance does not know.
    pub(super) fn new(state: &DestinationState, list: FilterKind, types: &[String]) -> Self {
        let unknown = state.unknown_types.iter();
        let added = unknown.filter(|unknown| types.iter().any(|name| name == unknown.as_str()));
        Self {
            event_types: event_types(state, list),
            warnings: added.map(unknown_type_warning).collect(),
        }
    }
}

/// The event types in the list of this kind; none if the destination has no such list.
pub(super) fn event_types(state: &DestinationState, list: FilterKind) -> Vec<String> {
    let listed = state.destination.filter.list(list);
    listed.map(ToString::to_string).collect()
}
