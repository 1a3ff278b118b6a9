//! What a change of a destination comes to, as audit events.

use domain::{
    destination::{DestinationChange, EventFilter, NewHeader},
    event::OwnEvent,
    ids::DestinationId,
};

use crate::store::{Destination, Header};

/// One event for each thing that changed, in the order of the form. Empty if nothing did.
pub(super) fn changes(before: &Destination, change: &DestinationChange) -> Vec<OwnEvent> {
    let (id, name) = (before.id, change.name.as_str());
    let mut events = Vec::new();
    if before.name != change.name {
        events.push(OwnEvent::DestinationRenamed {
            destination: id,
            from: before.name.to_string(),
            to: name.to_owned(),
        });
    }
    events.extend(header_changes(id, name, &before.headers, &change.headers));
    events.extend(filter_changes(id, name, &before.filter, &change.filter));
    events
}

/// Deleted ones first, for a new header may have taken over the name of one.
pub(super) fn header_changes(
    destination: DestinationId,
    name: &str,
    before: &[Header],
    wanted: &[NewHeader],
) -> Vec<OwnEvent> {
    let stored = |header: &NewHeader| before.iter().find(|stored| Some(stored.id) == header.id);
    let deleted = before
        .iter()
        .filter(|stored| !wanted.iter().any(|header| header.id == Some(stored.id)))
        .map(|stored| OwnEvent::HeaderDeleted {
            destination,
            name: name.to_owned(),
            key: stored.name.as_str().to_owned(),
        });
    let kept = wanted.iter().filter_map(|header| {
        let Some(stored) = stored(header) else {
            return Some(OwnEvent::HeaderCreated {
                destination,
                name: name.to_owned(),
                key: header.name.as_str().to_owned(),
            });
        };
        header_update(destination, name, stored, header)
    });
    deleted.chain(kept).collect()
}

fn header_update(destination: DestinationId, name: &str, stored: &Header, header: &NewHeader) -> Option<OwnEvent> {
    let has_new_value = header.value.as_ref().is_some_and(|value| *value != stored.value);
    let activation = (stored.active != header.active).then_some(header.active);
    let is_changed = stored.name != header.name || has_new_value || activation.is_some();
    is_changed.then(|| OwnEvent::HeaderUpdated {
        destination,
        name: name.to_owned(),
        from_key: stored.name.as_str().to_owned(),
        key: header.name.as_str().to_owned(),
        has_new_value,
        activation,
    })
}

pub(super) fn filter_changes(
    destination: DestinationId,
    name: &str,
    before: &EventFilter,
    wanted: &EventFilter,
) -> Vec<OwnEvent> {
    let (added, removed) = (wanted.without(before), before.without(wanted));
    let added = (!added.is_empty()).then(|| OwnEvent::EventTypesAdmitted {
        destination,
        name: name.to_owned(),
        types: added,
    });
    let removed = (!removed.is_empty()).then(|| OwnEvent::EventTypesRemoved {
        destination,
        name: name.to_owned(),
        types: removed,
    });
    added.into_iter().chain(removed).collect()
}
