//! Rotating the secrets that the server makes, with a day in which the previous one is valid as well.

use domain::{
    Timestamp,
    destination::{ROTATION_OVERLAP, RotatedSecret},
    ids::DestinationId,
    instance_event::{Action, Author, InstanceEvent},
    view::NewSecretView,
};

use super::DestinationState;
use crate::{
    Engine,
    admin::AdminError,
    instance_events::Recorded,
    store::{Destination, Rotation},
};

impl Engine {
    /// Replaces a secret by a new one, beside which the previous one is valid for a day; with `version`, only if the destination is as it
    /// was then. Returns the new one.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if the destination does not have the secret, [`AdminError::RotationInProgress`] if it is being rotated,
    /// [`AdminError::ChangedMeanwhile`] if the destination has another version.
    pub async fn rotate_secret(
        &self,
        author: &Author,
        id: DestinationId,
        secret: RotatedSecret,
        version: Option<i64>,
    ) -> Result<(DestinationState, NewSecretView), AdminError> {
        let now = self.clock().now();
        let previous_valid_until = now.plus(ROTATION_OVERLAP);
        let rotated = Action::SecretRotated {
            secret,
            previous_valid_until,
        };
        let destination = self
            .rotate(author, id, version, (secret, Rotation::Begin), (rotated, now))
            .await?;
        let new = NewSecretView {
            value: destination.target.values.text(secret.field()).to_owned(),
            previous_valid_until,
        };
        Ok((self.state_of(destination).await?, new))
    }

    /// From now on, only the new secret is valid. With `version`, only if the destination is as it was then.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if no previous secret is valid, [`AdminError::ChangedMeanwhile`] if the destination has another version.
    pub async fn end_rotation(
        &self,
        author: &Author,
        id: DestinationId,
        secret: RotatedSecret,
        version: Option<i64>,
    ) -> Result<DestinationState, AdminError> {
        let (ended, now) = (Action::RotationEnded { secret }, self.clock().now());
        let destination = self
            .rotate(author, id, version, (secret, Rotation::End), (ended, now))
            .await?;
        self.state_of(destination).await
    }

    async fn rotate(
        &self,
        author: &Author,
        id: DestinationId,
        version: Option<i64>,
        rotation: (RotatedSecret, Rotation),
        (action, now): (Action, Timestamp),
    ) -> Result<Destination, AdminError> {
        let _permit = self.editing().await;
        let recorded =
            |destination: &Destination| Recorded::new(InstanceEvent::new(destination.subject(), action), author, now);
        let rotated = self.database().rotate(id, version, rotation, now, recorded).await?;
        self.after_change().await;
        Ok(rotated)
    }
}
