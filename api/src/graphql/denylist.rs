//! Denylists of event types: a destination is sent every type except these. GitLab's denylist mutations are those of top-level
//! groups (`auditEventsGroupDestinationDenylistEventsAdd`); these are the same ones for an instance, for destinations of every
//! kind. Here, a destination has an allowlist or a denylist, never both.

use async_graphql::{Context, InputObject, Object, Result};
use domain::{
    Field, FieldErrors,
    destination::{DestinationDraft, FilterKind},
    ids::DestinationId,
};
use engine::DestinationState;

use super::{
    errors::{Refusal, broken, told},
    event_type_list::Added,
    events::require_some,
    family::Family,
    ids::{GlobalId, UnifiedModel},
    operations::edit,
    payload::{bare_payload, filter_payload},
};

const HAS_ALLOWLIST: &str = "The destination has an allowlist of event types. Remove its event types from the allowlist before \
                             you add event types to the denylist.";

/// Input of `auditEventsInstanceDestinationDenylistEventsAdd`.
#[derive(InputObject)]
pub(super) struct AuditEventsInstanceDestinationDenylistEventsAddInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The destination.
    destination_id: GlobalId<UnifiedModel>,
    /// Event types to add to the denylist.
    event_type_filters: Vec<String>,
}

/// Input of `auditEventsInstanceDestinationDenylistEventsDelete`.
#[derive(InputObject)]
pub(super) struct AuditEventsInstanceDestinationDenylistEventsDeleteInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The destination.
    destination_id: GlobalId<UnifiedModel>,
    /// Event types to remove from the denylist. Without the last one, every event type is streamed.
    event_type_filters: Vec<String>,
}

filter_payload! {
    /// Payload of `auditEventsInstanceDestinationDenylistEventsAdd`.
    AuditEventsInstanceDestinationDenylistEventsAddPayload {
        /// Event types on the denylist now.
        event_type_filters
    }
}

bare_payload! {
    /// Payload of `auditEventsInstanceDestinationDenylistEventsDelete`.
    AuditEventsInstanceDestinationDenylistEventsDeletePayload
}

#[derive(Default)]
pub(super) struct DenylistMutations;

#[Object]
impl DenylistMutations {
    /// Adds event types to the denylist of a destination: events of these types are not streamed to it.
    async fn audit_events_instance_destination_denylist_events_add(
        &self,
        ctx: &Context<'_>,
        input: AuditEventsInstanceDestinationDenylistEventsAddInput,
    ) -> Option<Result<AuditEventsInstanceDestinationDenylistEventsAddPayload>> {
        Some(add(ctx, input).await)
    }

    /// Removes event types from the denylist of a destination.
    async fn audit_events_instance_destination_denylist_events_delete(
        &self,
        ctx: &Context<'_>,
        input: AuditEventsInstanceDestinationDenylistEventsDeleteInput,
    ) -> Option<Result<AuditEventsInstanceDestinationDenylistEventsDeletePayload>> {
        Some(delete(ctx, input).await)
    }
}

async fn add(
    ctx: &Context<'_>,
    input: AuditEventsInstanceDestinationDenylistEventsAddInput,
) -> Result<AuditEventsInstanceDestinationDenylistEventsAddPayload> {
    let id = input.destination_id.number()?;
    let types = &input.event_type_filters;
    let changed = change(ctx, id, types, add_to).await;
    let added = told(changed.map(|state| Added::new(&state, FilterKind::Deny, types)))?;
    Ok(AuditEventsInstanceDestinationDenylistEventsAddPayload::new(
        input.client_mutation_id,
        added,
    ))
}

async fn delete(
    ctx: &Context<'_>,
    input: AuditEventsInstanceDestinationDenylistEventsDeleteInput,
) -> Result<AuditEventsInstanceDestinationDenylistEventsDeletePayload> {
    let id = input.destination_id.number()?;
    let (_, errors) = told(change(ctx, id, &input.event_type_filters, remove_from).await)?;
    Ok(AuditEventsInstanceDestinationDenylistEventsDeletePayload::new(
        input.client_mutation_id,
        (None, errors),
    ))
}

/// Returns the destination as it is now.
async fn change(
    ctx: &Context<'_>,
    id: i64,
    types: &[String],
    apply: impl Fn(&mut DestinationDraft, &[String]) -> Result<(), FieldErrors> + Send,
) -> Result<DestinationState, Refusal> {
    require_some(types)?;
    let id = DestinationId::new(id);
    edit(ctx, Family::Unified, id, move |_, draft, _| apply(draft, types)).await
}

fn add_to(draft: &mut DestinationDraft, types: &[String]) -> Result<(), FieldErrors> {
    let listed: Vec<&str> = draft
        .event_types
        .iter()
        .filter(|name| types.contains(name))
        .map(String::as_str)
        .collect();
    let message = match draft.filter_kind {
        FilterKind::Deny if listed.is_empty() => None,
        FilterKind::Deny => Some(format!("Event type(s) already on the denylist: {}", listed.join(", "))),
        FilterKind::Allow if draft.event_types.is_empty() => None,
        FilterKind::Allow if listed.is_empty() => Some(HAS_ALLOWLIST.to_owned()),
        FilterKind::Allow => Some(format!(
            "Event type(s) already on the allowlist and cannot be added to the denylist: {}",
            listed.join(", ")
        )),
    };
    if let Some(message) = message {
        return Err(broken(Field::EventTypeDenylist, message));
    }
    draft.filter_kind = FilterKind::Deny;
    for name in types {
        if draft.event_types.contains(name) {
            return Err(broken(
                Field::EventTypeDenylist,
                "Audit event type has already been taken",
            ));
        }
        draft.event_types.push(name.clone());
    }
    Ok(())
}

fn remove_from(draft: &mut DestinationDraft, types: &[String]) -> Result<(), FieldErrors> {
    let is_denied = |name: &String| draft.filter_kind == FilterKind::Deny && draft.event_types.contains(name);
    let missing: Vec<&str> = types
        .iter()
        .filter(|name| !is_denied(name))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let message = format!(
            "Couldn't find denylist event type filters where audit event type(s): {}",
            missing.join(", ")
        );
        return Err(broken(Field::EventTypeDenylist, message));
    }
    draft.event_types.retain(|name| !types.contains(name));
    Ok(())
}
