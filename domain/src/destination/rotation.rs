//! Replacing a secret that the server makes, while the previous one stays valid for a day.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Field;

/// How long the previous secret stays valid after a rotation.
pub const ROTATION_OVERLAP: Duration = Duration::from_secs(86_400);

/// A secret of a destination that can be rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RotatedSecret {
    /// The verification token. A request has room for one: the previous token, until the overlap ends.
    VerificationToken,
    /// The signing secret. During the overlap, each request has a signature by the new and one by the previous secret.
    SigningSecret,
}

impl RotatedSecret {
    /// Every secret that can be rotated.
    pub const ALL: [Self; 2] = [Self::VerificationToken, Self::SigningSecret];

    /// The field that holds it.
    pub const fn field(self) -> Field {
        match self {
            Self::VerificationToken => Field::VerificationToken,
            Self::SigningSecret => Field::SigningSecret,
        }
    }

    /// As audit events and messages name it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::VerificationToken => "verification token",
            Self::SigningSecret => "signing secret",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::DestinationKind;

    #[test]
    fn what_the_server_makes_can_be_rotated_and_nothing_else() {
        let mut made = Vec::new();
        for kind in DestinationKind::ALL {
            for (spec, secret) in kind.spec().secrets() {
                let rotated = RotatedSecret::ALL
                    .into_iter()
                    .find(|secret| secret.field() == spec.field);
                assert_eq!(rotated.is_some(), secret.made.is_some(), "{}", spec.api_key);
                made.extend(rotated.inspect(|rotated| assert_eq!(rotated.label(), secret.name)));
            }
        }
        assert_eq!(made, RotatedSecret::ALL);
    }

    #[test]
    fn it_is_named_as_its_field_in_the_api() {
        for secret in RotatedSecret::ALL {
            let spec = DestinationKind::Http.spec().field(secret.field()).unwrap();
            assert_eq!(serde_json::to_value(secret).unwrap(), spec.api_key);
        }
    }
}
