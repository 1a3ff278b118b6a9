//! Lists of event types: an allowlist has the types that are streamed to a destination, a denylist those that are not. A
//! destination has one or the other, never both.
//!
//! HTTP destinations have their own operations for allowlists, and the unified family has the same operations for every kind.
//! GitLab has denylist mutations only for top-level groups (`auditEventsGroupDestinationDenylistEventsAdd`); here are the same
//! mutations for an instance, for destinations of every kind.

use domain::{
    Field, FieldErrors,
    destination::{
        DestinationDraft,
        FilterKind::{Allow, Deny},
    },
};

use super::{
    errors::broken,
    event_type_list::{add_types, remove_types},
    family::Family,
    ids::{GlobalId, HttpModel, UnifiedModel},
    mutation::mutations,
};

const HAS_DENYLIST: &str = "The destination has a denylist of event types. Remove its event types from the denylist before you \
                            add event types to the allowlist.";

const HAS_ALLOWLIST: &str = "The destination has an allowlist of event types. Remove its event types from the allowlist before \
                             you add event types to the denylist.";

const TAKEN: &str = "Audit event type has already been taken";

mutations! {
    EventMutations

    /// Adds event types to the allowlist of an HTTP destination.
    fn audit_events_streaming_destination_instance_events_add(ctx, input: {
        /// The destination.
        destination_id: GlobalId<HttpModel>,
        /// Event types to add to the allowlist.
        event_type_filters: Vec<String>,
    }) -> {
        /// Warnings about added event types that this instance does not know. Not part of GitLab's API.
        warnings: Vec<String>,
        /// Event types on the allowlist after the change.
        event_type_filters: Option<Vec<String>>,
    } {
        let types = (Allow, input.event_type_filters.as_slice());
        add_types(ctx, Family::HttpParts, input.destination_id.parse()?, types, allow).await
    }

    /// Removes event types from the allowlist of an HTTP destination.
    fn audit_events_streaming_destination_instance_events_remove(ctx, input: {
        /// The destination.
        destination_id: GlobalId<HttpModel>,
        /// Event types to remove from the allowlist. If the allowlist becomes empty, all event types are streamed.
        event_type_filters: Vec<String>,
    }) -> {} {
        let types = (Allow, input.event_type_filters.as_slice());
        remove_types(ctx, Family::HttpParts, input.destination_id.parse()?, types).await
    }

    /// Adds event types to the allowlist of a destination.
    fn audit_events_instance_destination_events_add(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// Event types to add to the allowlist.
        event_type_filters: Vec<String>,
    }) -> {
        /// Warnings about added event types that this instance does not know. Not part of GitLab's API.
        warnings: Vec<String>,
        /// Event types on the allowlist after the change.
        event_type_filters: Option<Vec<String>>,
    } {
        let types = (Allow, input.event_type_filters.as_slice());
        add_types(ctx, Family::Unified, input.destination_id.parse()?, types, allow).await
    }

    /// Removes event types from the allowlist of a destination.
    fn audit_events_instance_destination_events_delete(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// Event types to remove from the allowlist. If the allowlist becomes empty, all event types are streamed.
        event_type_filters: Vec<String>,
    }) -> {} {
        let types = (Allow, input.event_type_filters.as_slice());
        remove_types(ctx, Family::Unified, input.destination_id.parse()?, types).await
    }

    /// Adds event types to the denylist of a destination. Events of these types are not streamed to it.
    fn audit_events_instance_destination_denylist_events_add(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// Event types to add to the denylist.
        event_type_filters: Vec<String>,
    }) -> {
        /// Warnings about added event types that this instance does not know. Not part of GitLab's API.
        warnings: Vec<String>,
        /// Event types on the denylist after the change.
        event_type_filters: Option<Vec<String>>,
    } {
        let types = (Deny, input.event_type_filters.as_slice());
        add_types(ctx, Family::Unified, input.destination_id.parse()?, types, deny).await
    }

    /// Removes event types from the denylist of a destination.
    fn audit_events_instance_destination_denylist_events_delete(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// Event types to remove from the denylist. If the denylist becomes empty, all event types are streamed.
        event_type_filters: Vec<String>,
    }) -> {} {
        let types = (Deny, input.event_type_filters.as_slice());
        remove_types(ctx, Family::Unified, input.destination_id.parse()?, types).await
    }
}

fn allow(draft: &mut DestinationDraft, types: &[String]) -> Result<(), FieldErrors> {
    if draft.filter_kind == Deny && !draft.event_types.is_empty() {
        return Err(broken(Field::EventTypes, HAS_DENYLIST));
    }
    push_types(draft, Field::EventTypes, types)?;
    draft.filter_kind = Allow;
    Ok(())
}

fn deny(draft: &mut DestinationDraft, types: &[String]) -> Result<(), FieldErrors> {
    let listed = draft.event_types.iter().filter(|name| types.contains(name));
    let listed: Vec<&str> = listed.map(String::as_str).collect();
    let message = match draft.filter_kind {
        Deny if listed.is_empty() => None,
        Deny => Some(format!("Event type(s) already on the denylist: {}", listed.join(", "))),
        Allow if draft.event_types.is_empty() => None,
        Allow if listed.is_empty() => Some(HAS_ALLOWLIST.to_owned()),
        Allow => Some(format!(
            "Event type(s) already on the allowlist and cannot be added to the denylist: {}",
            listed.join(", ")
        )),
    };
    if let Some(message) = message {
        return Err(broken(Field::EventTypeDenylist, message));
    }
    draft.filter_kind = Deny;
    push_types(draft, Field::EventTypeDenylist, types)
}

fn push_types(draft: &mut DestinationDraft, field: Field, types: &[String]) -> Result<(), FieldErrors> {
    for name in types {
        if draft.event_types.contains(name) {
            return Err(broken(field, TAKEN));
        }
        draft.event_types.push(name.clone());
    }
    Ok(())
}
