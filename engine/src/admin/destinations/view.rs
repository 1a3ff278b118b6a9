//! Destinations as they are shown.

use domain::{
    destination::{DestinationDraft, EventFilter, FilterKind, RotatedSecret},
    view::{DestinationView, HeaderView, HealthView, RotationView, TargetView, Visibility, warnings},
};

use super::DestinationState;
use crate::store::{Destination, Header, Target};

impl DestinationState {
    /// The verification token, the values of headers and whole URLs are shown to administrators only, because who has them can
    /// pass for this server.
    pub fn view(&self, visibility: Visibility) -> DestinationView {
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
            target: target_view(&destination.target, visibility),
            rotations: self.rotations(),
            health: HealthView::new(kind, health, facts),
            warnings: warnings(&destination.filter, unknown_types),
            created_at: destination.created_at,
            updated_at: destination.updated_at,
        }
    }
}

impl DestinationState {
    /// The rotations that are in progress, in the order of [`RotatedSecret::ALL`].
    pub fn rotations(&self) -> Vec<RotationView> {
        let rotation = |secret: RotatedSecret| {
            let mut previous = self.destination.target.previous.iter();
            let previous = previous.find(|previous| previous.field == secret.field())?;
            Some(RotationView {
                secret,
                previous_valid_until: previous.ends_at,
            })
        };
        RotatedSecret::ALL.into_iter().filter_map(rotation).collect()
    }
}

impl Destination {
    /// The form of this destination. Secrets and values of headers that a form does not show are left out.
    pub fn draft(&self) -> DestinationDraft {
        DestinationDraft {
            name: self.name.to_string(),
            target: target_view(&self.target, Visibility::Form).into(),
            event_types: self.filter.types().map(ToString::to_string).collect(),
            filter_kind: self.filter.kind(),
            namespaces: self.namespace_filter().to_string(),
            start_from: String::new(),
        }
    }
}

/// The event types in the list of this kind.
fn names(filter: &EventFilter, list: FilterKind) -> Vec<String> {
    filter.list(list).map(ToString::to_string).collect()
}

fn target_view(target: &Target, visibility: Visibility) -> TargetView {
    let header = |header: &Header| HeaderView {
        id: header.id,
        name: header.name.as_str().to_owned(),
        value: (visibility == Visibility::Full).then(|| header.value.expose().to_owned()),
        active: header.active,
    };
    let headers = target.headers.iter().map(header).collect();
    TargetView::new(target.kind, &target.values, headers, visibility)
}
