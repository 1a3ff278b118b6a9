//! Rotating a secret.

use domain::{
    Timestamp,
    destination::{ROTATION_OVERLAP, RotatedSecret},
    ids::DestinationId,
};

use super::{
    super::{Database, StoreError, instance_events::insert_instance_events},
    Destination, Target, UpdateError,
    previous::PreviousSecret,
    target::make,
};
use crate::instance_events::Recorded;

/// What is done to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// A new one is made, and the previous one stays valid for a while.
    Begin,
    /// The previous one is not valid any more.
    End,
}

impl Target {
    /// This target with a new secret, beside which the previous one is valid until the overlap ends.
    ///
    /// # Errors
    /// [`UpdateError::NotFound`] if this kind does not have the secret, [`UpdateError::RotationInProgress`] if a previous one is valid now:
    /// of three secrets, one would end that receivers may have.
    pub(super) fn rotated(mut self, secret: RotatedSecret, now: Timestamp) -> Result<Self, UpdateError> {
        let field = secret.field();
        let spec = self.kind.spec().field(field).ok_or(UpdateError::NotFound)?;
        let made = spec.secret.as_ref().and_then(|secret| secret.made);
        let new = make(made.ok_or(UpdateError::NotFound)?).map_err(StoreError::from)?;
        if let Some(previous) = self.previous(field, now) {
            return Err(UpdateError::RotationInProgress {
                until: previous.ends_at,
            });
        }
        self.previous.retain(|previous| previous.field != field);
        self.previous.push(PreviousSecret {
            field,
            value: self.values.text(field).to_owned(),
            ends_at: now.plus(ROTATION_OVERLAP),
        });
        self.values.set(field, new);
        Ok(self)
    }

    /// This target without the previous secret.
    ///
    /// # Errors
    /// [`UpdateError::NotFound`] if there is none that is valid now.
    pub(super) fn without_previous(mut self, secret: RotatedSecret, now: Timestamp) -> Result<Self, UpdateError> {
        let field = secret.field();
        self.previous(field, now).ok_or(UpdateError::NotFound)?;
        self.previous.retain(|previous| previous.field != field);
        Ok(self)
    }
}

impl Database {
    /// Rotates a secret, or ends its rotation; with `version`, only if the destination is as it was then. Returns the destination as it is
    /// after that; the instance event is made from it.
    pub(crate) async fn rotate(
        &self,
        id: DestinationId,
        version: Option<i64>,
        (secret, rotation): (RotatedSecret, Rotation),
        now: Timestamp,
        instance_event: impl FnOnce(&Destination) -> Recorded + Send,
    ) -> Result<Destination, UpdateError> {
        let mut transaction = self.write().await?;
        let before = self.find_in(&mut transaction, id).await?;
        if version.is_some_and(|version| version != before.version) {
            return Err(UpdateError::ChangedMeanwhile);
        }
        let target = before.target.clone();
        let target = match rotation {
            Rotation::Begin => target.rotated(secret, now),
            Rotation::End => target.without_previous(secret, now),
        }?;
        sqlx::query("UPDATE destinations SET version = version + 1, updated_at = ? WHERE id = ?")
            .bind(now.unix_ms())
            .bind(id.get())
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        self.replace_values(&mut transaction, id, &target).await?;
        self.replace_previous(&mut transaction, id, target.kind, &target.previous)
            .await?;
        let after = Destination {
            version: before.version + 1,
            target,
            updated_at: now,
            ..before
        };
        insert_instance_events(&mut transaction, &[instance_event(&after)]).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(after)
    }
}
