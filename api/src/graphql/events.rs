//! Allowlists of event types: what a destination is sent. HTTP destinations have operations of their own, the unified family has
//! the same ones for every kind.

use async_graphql::{Context, Error, InputObject, Object, Result};
use domain::{
    Field, FieldErrors,
    destination::{DestinationDraft, FilterKind},
    ids::DestinationId,
};

use super::{
    errors::{Refusal, broken, told},
    event_type_list::Added,
    family::Family,
    ids::{GlobalId, HttpModel, UnifiedModel},
    operations::edit,
    payload::{bare_payload, filter_payload},
};

const HAS_DENYLIST: &str = "The destination has a denylist of event types. Remove its event types from the denylist before you \
                            add event types to the allowlist.";

/// Input of `auditEventsStreamingDestinationInstanceEventsAdd`.
#[derive(InputObject)]
pub(super) struct AuditEventsStreamingDestinationInstanceEventsAddInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The destination.
    destination_id: GlobalId<HttpModel>,
    /// Event types to be streamed besides those that are.
    event_type_filters: Vec<String>,
}

/// Input of `auditEventsStreamingDestinationInstanceEventsRemove`.
#[derive(InputObject)]
pub(super) struct AuditEventsStreamingDestinationInstanceEventsRemoveInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The destination.
    destination_id: GlobalId<HttpModel>,
    /// Event types to be streamed no longer. Without the last one, all are.
    event_type_filters: Vec<String>,
}

/// Input of `auditEventsInstanceDestinationEventsAdd`.
#[derive(InputObject)]
pub(super) struct AuditEventsInstanceDestinationEventsAddInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The destination.
    destination_id: GlobalId<UnifiedModel>,
    /// Event types to be streamed besides those that are.
    event_type_filters: Vec<String>,
}

/// Input of `auditEventsInstanceDestinationEventsDelete`.
#[derive(InputObject)]
pub(super) struct AuditEventsInstanceDestinationEventsDeleteInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The destination.
    destination_id: GlobalId<UnifiedModel>,
    /// Event types to be streamed no longer. Without the last one, all are.
    event_type_filters: Vec<String>,
}

filter_payload! {
    /// Payload of `auditEventsStreamingDestinationInstanceEventsAdd`.
    AuditEventsStreamingDestinationInstanceEventsAddPayload {
        /// Event types that are streamed now.
        event_type_filters
    }
}

bare_payload! {
    /// Payload of `auditEventsStreamingDestinationInstanceEventsRemove`.
    AuditEventsStreamingDestinationInstanceEventsRemovePayload
}

filter_payload! {
    /// Payload of `auditEventsInstanceDestinationEventsAdd`.
    AuditEventsInstanceDestinationEventsAddPayload {
        /// Event types that are streamed now.
        event_type_filters
    }
}

bare_payload! {
    /// Payload of `auditEventsInstanceDestinationEventsDelete`.
    AuditEventsInstanceDestinationEventsDeletePayload
}

#[derive(Default)]
pub(super) struct EventMutations;

#[Object]
impl EventMutations {
    /// Adds event types to the filter of an HTTP destination.
    async fn audit_events_streaming_destination_instance_events_add(
        &self,
        ctx: &Context<'_>,
        input: AuditEventsStreamingDestinationInstanceEventsAddInput,
    ) -> Option<Result<AuditEventsStreamingDestinationInstanceEventsAddPayload>> {
        Some(add_to_http(ctx, input).await)
    }

    /// Removes event types from the filter of an HTTP destination.
    async fn audit_events_streaming_destination_instance_events_remove(
        &self,
        ctx: &Context<'_>,
        input: AuditEventsStreamingDestinationInstanceEventsRemoveInput,
    ) -> Option<Result<AuditEventsStreamingDestinationInstanceEventsRemovePayload>> {
        Some(remove_from_http(ctx, input).await)
    }

    /// Adds event types to the filter of a destination.
    async fn audit_events_instance_destination_events_add(
        &self,
        ctx: &Context<'_>,
        input: AuditEventsInstanceDestinationEventsAddInput,
    ) -> Option<Result<AuditEventsInstanceDestinationEventsAddPayload>> {
        Some(add_to_any(ctx, input).await)
    }

    /// Removes event types from the filter of a destination.
    async fn audit_events_instance_destination_events_delete(
        &self,
        ctx: &Context<'_>,
        input: AuditEventsInstanceDestinationEventsDeleteInput,
    ) -> Option<Result<AuditEventsInstanceDestinationEventsDeletePayload>> {
        Some(delete_from_any(ctx, input).await)
    }
}

async fn add_to_http(
    ctx: &Context<'_>,
    input: AuditEventsStreamingDestinationInstanceEventsAddInput,
) -> Result<AuditEventsStreamingDestinationInstanceEventsAddPayload> {
    let id = input.destination_id.number()?;
    let added = told(add(ctx, Family::HttpParts, id, &input.event_type_filters).await)?;
    Ok(AuditEventsStreamingDestinationInstanceEventsAddPayload::new(
        input.client_mutation_id,
        added,
    ))
}

async fn remove_from_http(
    ctx: &Context<'_>,
    input: AuditEventsStreamingDestinationInstanceEventsRemoveInput,
) -> Result<AuditEventsStreamingDestinationInstanceEventsRemovePayload> {
    let id = input.destination_id.number()?;
    let removed = told(remove(ctx, Family::HttpParts, id, &input.event_type_filters).await)?;
    let payload = AuditEventsStreamingDestinationInstanceEventsRemovePayload::new(input.client_mutation_id, removed);
    Ok(payload)
}

async fn add_to_any(
    ctx: &Context<'_>,
    input: AuditEventsInstanceDestinationEventsAddInput,
) -> Result<AuditEventsInstanceDestinationEventsAddPayload> {
    let id = input.destination_id.number()?;
    let added = told(add(ctx, Family::Unified, id, &input.event_type_filters).await)?;
    Ok(AuditEventsInstanceDestinationEventsAddPayload::new(
        input.client_mutation_id,
        added,
    ))
}

async fn delete_from_any(
    ctx: &Context<'_>,
    input: AuditEventsInstanceDestinationEventsDeleteInput,
) -> Result<AuditEventsInstanceDestinationEventsDeletePayload> {
    let id = input.destination_id.number()?;
    let removed = told(remove(ctx, Family::Unified, id, &input.event_type_filters).await)?;
    Ok(AuditEventsInstanceDestinationEventsDeletePayload::new(
        input.client_mutation_id,
        removed,
    ))
}

async fn add(ctx: &Context<'_>, family: Family, id: i64, types: &[String]) -> Result<Added, Refusal> {
    require_some(types)?;
    let edited = edit(ctx, family, DestinationId::new(id), |_, draft, _| add_to(draft, types));
    Ok(Added::new(&edited.await?, FilterKind::Allow, types))
}

async fn remove(ctx: &Context<'_>, family: Family, id: i64, types: &[String]) -> Result<(), Refusal> {
    require_some(types)?;
    let edited = edit(ctx, family, DestinationId::new(id), |_, draft, _| {
        remove_from(draft, types)
    });
    edited.await.map(|_| ())
}

pub(super) fn require_some(types: &[String]) -> Result<(), Error> {
    if types.is_empty() {
        return Err(Error::new("event type filters must be present"));
    }
    Ok(())
}

fn add_to(draft: &mut DestinationDraft, types: &[String]) -> Result<(), FieldErrors> {
    if draft.filter_kind == FilterKind::Deny && !draft.event_types.is_empty() {
        return Err(broken(Field::EventTypes, HAS_DENYLIST));
    }
    for name in types {
        if draft.event_types.contains(name) {
            return Err(broken(Field::EventTypes, "Audit event type has already been taken"));
        }
        draft.event_types.push(name.clone());
    }
    draft.filter_kind = FilterKind::Allow;
    Ok(())
}

fn remove_from(draft: &mut DestinationDraft, types: &[String]) -> Result<(), FieldErrors> {
    let is_allowed = |name: &String| draft.filter_kind == FilterKind::Allow && draft.event_types.contains(name);
    let missing: Vec<&str> = types
        .iter()
        .filter(|name| !is_allowed(name))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let message = format!(
            "Couldn't find event type filters where audit event type(s): {}",
            missing.join(", ")
        );
        return Err(broken(Field::EventTypes, message));
    }
    draft.event_types.retain(|name| !types.contains(name));
    Ok(())
}
