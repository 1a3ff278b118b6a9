//! Rotations of secrets that are in progress. They are not part of GitLab's API.

use async_graphql::{Enum, SimpleObject};
use domain::destination::RotatedSecret;
use engine::DestinationState;

use super::time::Time;

/// A secret of a destination that can be rotated.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum AuditEventDestinationSecret {
    /// The verification token of an HTTP destination.
    VerificationToken,
    /// The signing secret of an HTTP destination.
    SigningSecret,
}

impl From<AuditEventDestinationSecret> for RotatedSecret {
    fn from(secret: AuditEventDestinationSecret) -> Self {
        match secret {
            AuditEventDestinationSecret::VerificationToken => Self::VerificationToken,
            AuditEventDestinationSecret::SigningSecret => Self::SigningSecret,
        }
    }
}

impl From<RotatedSecret> for AuditEventDestinationSecret {
    fn from(secret: RotatedSecret) -> Self {
        match secret {
            RotatedSecret::VerificationToken => Self::VerificationToken,
            RotatedSecret::SigningSecret => Self::SigningSecret,
        }
    }
}

/// A secret that was rotated, while the previous one is still used.
#[derive(SimpleObject)]
pub(super) struct AuditEventDestinationSecretRotation {
    /// The secret that was rotated.
    secret: AuditEventDestinationSecret,
    /// Until when the previous value is used: the previous verification token is sent, or requests are also signed with the previous signing
    /// secret.
    previous_valid_until: Time,
}

impl AuditEventDestinationSecretRotation {
    /// Those that are in progress.
    pub(super) fn of(state: &DestinationState) -> Vec<Self> {
        let rotations = state.rotations().into_iter();
        let rotation = rotations.map(|rotation| Self {
            secret: rotation.secret.into(),
            previous_valid_until: Time(rotation.previous_valid_until),
        });
        rotation.collect()
    }
}
