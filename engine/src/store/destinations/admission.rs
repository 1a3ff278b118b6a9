//! Which events a destination admits.

use domain::{
    destination::{EventFilter, NamespaceFilter},
    replay::ReplayRequest,
};

use super::Destination;
use crate::log::{LoggedEvent, RangeFilter};

/// Both filters of a destination: an event has to pass the two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admission {
    types: EventFilter,
    namespaces: NamespaceFilter,
}

impl Admission {
    /// Whether the destination is sent this event.
    pub(crate) fn admits(&self, event: &LoggedEvent) -> bool {
        self.types.admits(&event.event_type) && self.namespaces.admits(&event.entity_type, &event.entity_path)
    }
}

impl Destination {
    /// The filters of the destination.
    pub(crate) fn admission(&self) -> Admission {
        Admission {
            types: self.filter.clone(),
            namespaces: self.namespace_filter(),
        }
    }

    /// Which events a replay to it takes.
    pub(crate) fn range_filter(&self, request: &ReplayRequest) -> RangeFilter {
        RangeFilter {
            range: request.range,
            types: [request.types.clone(), self.filter.clone()],
            namespaces: self.namespace_filter(),
        }
    }

    /// The groups and projects whose events the destination is sent.
    pub fn namespace_filter(&self) -> NamespaceFilter {
        self.namespaces.iter().map(|namespace| namespace.path.clone()).collect()
    }
}
