//! Reads and changes the list of event types of a destination.

use async_graphql::{Context, Error};
use domain::{
    Field, FieldErrors,
    destination::{DestinationDraft, FilterKind, unknown_type_warning},
    ids::DestinationId,
};
use engine::DestinationState;

use super::{
    errors::{Refusal, broken},
    family::Family,
    operations::edit,
};

/// The event types in the list of this kind; empty if the destination has no such list.
pub(super) fn event_types(state: &DestinationState, list: FilterKind) -> Vec<String> {
    let listed = state.destination.filter.list(list);
    listed.map(ToString::to_string).collect()
}

/// Warnings about those of `types` that this instance does not know, and the list after `types` were added to it.
pub(super) type Added = (Vec<String>, Option<Vec<String>>);

/// Adds event types to a list with `change`.
pub(super) async fn add_types(
    ctx: &Context<'_>,
    family: Family,
    id: DestinationId,
    (list, types): (FilterKind, &[String]),
    change: fn(&mut DestinationDraft, &[String]) -> Result<(), FieldErrors>,
) -> Result<Added, Refusal> {
    require_some(types)?;
    let state = edit(ctx, family, id, |_, draft, _| change(draft, types)).await?;
    let unknown = state.unknown_types.iter();
    let added = unknown.filter(|unknown| types.iter().any(|name| name == unknown.as_str()));
    Ok((
        added.map(unknown_type_warning).collect(),
        Some(event_types(&state, list)),
    ))
}

/// Removes event types from a list. Without the last one, every event type is streamed.
pub(super) async fn remove_types(
    ctx: &Context<'_>,
    family: Family,
    id: DestinationId,
    (list, types): (FilterKind, &[String]),
) -> Result<(), Refusal> {
    require_some(types)?;
    edit(ctx, family, id, |_, draft, _| remove_from(draft, list, types)).await?;
    Ok(())
}

fn require_some(types: &[String]) -> Result<(), Error> {
    if types.is_empty() {
        return Err(Error::new("event type filters must be present"));
    }
    Ok(())
}

fn remove_from(draft: &mut DestinationDraft, list: FilterKind, types: &[String]) -> Result<(), FieldErrors> {
    let is_listed = |name: &String| draft.filter_kind == list && draft.event_types.contains(name);
    let missing: Vec<&str> = types
        .iter()
        .filter(|name| !is_listed(name))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let (field, filters) = match list {
            FilterKind::Allow => (Field::EventTypes, "event type filters"),
            FilterKind::Deny => (Field::EventTypeDenylist, "denylist event type filters"),
        };
        let missing = missing.join(", ");
        let message = format!("Couldn't find {filters} where audit event type(s): {missing}");
        return Err(broken(field, message));
    }
    draft.event_types.retain(|name| !types.contains(name));
    Ok(())
}
