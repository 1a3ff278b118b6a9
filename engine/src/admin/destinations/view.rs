//! Destinations as they are shown.

use domain::{
    destination::{EventFilter, FilterKind},
    view::{DestinationView, HeaderView, HealthView, TargetView, warnings},
};

use super::DestinationState;
use crate::store::{Header, Target};

impl DestinationState {
    /// The verification token, the values of headers and whole URLs are shown to administrators only, because who has them can
    /// pass for this server.
    pub fn view(&self, for_admin: bool) -> DestinationView {
        let Self {
            destination,
            health,
            facts,
            unknown_types,
        } = self;
        let kind = destination.target.kind();
        let namespaces = destination.namespaces.iter();
        DestinationView {
            id: destination.id,
            version: destination.version,
            name: destination.name.to_string(),
            kind,
            active: destination.stream_state.active,
            paused: destination.stream_state.paused,
            event_types: names(&destination.filter, FilterKind::Allow),
            event_type_denylist: names(&destination.filter, FilterKind::Deny),
            namespaces: namespaces.map(|namespace| namespace.path.to_string()).collect(),
            target: target_view(&destination.target, for_admin),
            health: HealthView::new(kind, health, facts),
            warnings: warnings(&destination.filter, unknown_types),
            created_at: destination.created_at,
            updated_at: destination.updated_at,
        }
    }
}

/// The event types in the list of this kind.
fn names(filter: &EventFilter, list: FilterKind) -> Vec<String> {
    filter.list(list).map(ToString::to_string).collect()
}

fn target_view(target: &Target, for_admin: bool) -> TargetView {
    let header = |header: &Header| HeaderView {
        id: header.id,
        name: header.name.as_str().to_owned(),
        value: for_admin.then(|| header.value.expose().to_owned()),
        active: header.active,
    };
    let headers = target.headers.iter().map(header).collect();
    TargetView::new(target.kind, &target.values, headers, for_admin)
}
