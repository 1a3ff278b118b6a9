//! Rotates the secrets that the server makes, and ends rotations. This is not part of GitLab's API.

use async_graphql::Context;
use domain::{destination::RotatedSecret, ids::DestinationId, view::NewSecretView};
use engine::DestinationState;

use super::{
    access::{author, services},
    errors::Refusal,
    family::Family,
    ids::{GlobalId, UnifiedModel},
    mutation::mutations,
    operations::require,
    rotation::AuditEventDestinationSecret,
    time::Time,
    unified::InstanceAuditEventStreamingDestination,
};

mutations! {
    RotationMutations

    /// Replaces a secret by a new one. For 24 hours, the previous verification token is still sent, or requests are also signed with the
    /// previous signing secret. Fails while a rotation of the secret is in progress. Not part of GitLab's API.
    fn audit_events_instance_destination_secret_rotate(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// The secret to replace.
        secret: AuditEventDestinationSecret,
    }) -> {
        /// The new secret.
        new_secret: Option<String>,
        /// Until when the previous secret is used.
        previous_valid_until: Option<Time>,
    } {
        let new = rotate(ctx, input.destination_id.parse()?, input.secret.into()).await?;
        Ok((Some(new.value), Some(Time(new.previous_valid_until))))
    }

    /// Ends a rotation: only the new secret is used from now on. Not part of GitLab's API.
    fn audit_events_instance_destination_secret_rotation_end(ctx, input: {
        /// The destination.
        destination_id: GlobalId<UnifiedModel>,
        /// The secret that is being rotated.
        secret: AuditEventDestinationSecret,
    }) -> {
        /// The updated destination.
        external_audit_event_destination: Option<InstanceAuditEventStreamingDestination>,
    } {
        end(ctx, input.destination_id.parse()?, input.secret.into()).await.map(|state| Some(state.into()))
    }
}

async fn rotate(ctx: &Context<'_>, id: DestinationId, secret: RotatedSecret) -> Result<NewSecretView, Refusal> {
    let author = author(ctx, Family::Unified)?;
    let kind = require(ctx, Family::Unified, id).await?.destination.target.kind();
    let rotated = services(ctx)?.engine.rotate_secret(author, id, secret, None).await;
    let (_, new) = rotated.map_err(|error| Refusal::of_operation(Family::Unified, kind, error))?;
    Ok(new)
}

async fn end(ctx: &Context<'_>, id: DestinationId, secret: RotatedSecret) -> Result<DestinationState, Refusal> {
    let author = author(ctx, Family::Unified)?;
    let kind = require(ctx, Family::Unified, id).await?.destination.target.kind();
    let ended = services(ctx)?.engine.end_rotation(author, id, secret, None).await;
    ended.map_err(|error| Refusal::of_operation(Family::Unified, kind, error))
}
