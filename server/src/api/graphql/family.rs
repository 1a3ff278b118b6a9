//! The families of operations, and in which words each refuses.

use domain::{
    Field, FieldError,
    destination::{DestinationKind, already_taken},
};

/// Operations that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// HTTP destinations as such.
    Http,
    /// Headers and event filters of HTTP destinations.
    HttpParts,
    Google,
    S3,
    /// Destinations of every kind.
    Unified,
}

impl Family {
    /// Whether destinations of this kind are in the family.
    pub(super) fn knows(self, kind: DestinationKind) -> bool {
        match self {
            Self::Http | Self::HttpParts => kind == DestinationKind::Http,
            Self::Google => kind == DestinationKind::GoogleCloudLogging,
            Self::S3 => kind == DestinationKind::AmazonS3,
            Self::Unified => true,
        }
    }

    /// What somebody is told who may not call a mutation.
    pub(super) const fn denial(self) -> &'static str {
        match self {
            Self::Http => "You do not have access to this mutation.",
            Self::HttpParts | Self::Google | Self::S3 | Self::Unified => super::errors::NOT_THERE,
        }
    }

    pub(super) fn too_many(self, limit: u32) -> String {
        let what = match self {
            Self::Http | Self::HttpParts | Self::Unified => "external audit event destinations",
            Self::Google => "google cloud logging configurations",
            Self::S3 => "audit events amazon s3 configurations",
        };
        format!("Maximum number of {what} ({limit}) exceeded")
    }

    /// The message as this family has it: the unified one knows fields by their place in `config`.
    pub(super) fn message(self, error: &FieldError) -> String {
        if self != Self::Unified {
            return error.message.clone();
        }
        let is_taken = *error == already_taken(error.field);
        match error.field {
            Field::Url if is_taken => "Config url already taken.".to_owned(),
            Field::LogId if is_taken => "Config logIdName, googleProjectIdName already taken.".to_owned(),
            Field::Bucket if is_taken => "Config bucketName already taken.".to_owned(),
            Field::HeaderName(_) => error.message.replace(
                "Key cannot be X-Gitlab-Event-Streaming-Token",
                "Config headers cannot contain X-Gitlab-Event-Streaming-Token",
            ),
            Field::VerificationToken => error.message.replace("Verification token", "Secret token"),
            _ => error.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_its_own_words() {
        let taken = already_taken(Field::Url);
        assert_eq!(Family::Http.message(&taken), "Destination url has already been taken");
        assert_eq!(Family::Unified.message(&taken), "Config url already taken.");
        assert_eq!(
            Family::Unified.message(&already_taken(Field::Name)),
            "Name has already been taken"
        );
        assert_eq!(
            Family::S3.too_many(5),
            "Maximum number of audit events amazon s3 configurations (5) exceeded"
        );
    }

    #[test]
    fn a_family_knows_its_kind_and_the_unified_one_knows_all() {
        for kind in DestinationKind::ALL {
            assert!(Family::Unified.knows(kind));
            let families = [Family::Http, Family::Google, Family::S3];
            assert_eq!(families.into_iter().filter(|family| family.knows(kind)).count(), 1);
        }
    }
}
