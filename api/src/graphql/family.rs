//! The families of operations, and the error messages of each.

use domain::{
    Field, FieldError,
    destination::{DestinationKind, EventNames, already_taken},
};

/// GitLab's message for objects that do not exist or must not be seen.
pub(super) const NOT_THERE: &str =
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action";

/// GitLab's message for an invalid `config`.
pub(super) const WRONG_SHAPE: &str = "Config must be a valid json schema";

const STREAMING_TOKEN: &str = "X-Gitlab-Event-Streaming-Token";

/// The message for a missing private key or secret access key.
pub(super) const NO_SECRET: &str = "Secret token is required for category";

/// A family of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// HTTP destinations themselves.
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

    /// The names of the audit events that the operations record.
    pub(super) const fn event_names(self) -> EventNames {
        match self {
            Self::Http | Self::HttpParts | Self::Google | Self::S3 => EventNames::OfKind,
            Self::Unified => EventNames::Unified,
        }
    }

    /// The message for a caller who is not authorised.
    pub(super) const fn denial(self) -> &'static str {
        match self {
            Self::Http => "You do not have access to this mutation.",
            Self::HttpParts | Self::Google | Self::S3 | Self::Unified => NOT_THERE,
        }
    }

    /// The message of this family for a validation error of a draft of this kind. For the unified family, `config` is one value
    /// with one schema.
    pub(super) fn form_message(self, kind: DestinationKind, error: &FieldError) -> String {
        let message = &error.message;
        if self != Self::Unified {
            return message.clone();
        }
        match error.field {
            Field::HeaderName(_) if message.ends_with(STREAMING_TOKEN) => {
                format!("Config headers cannot contain {STREAMING_TOKEN}")
            }
            // GitLab accepts these names, so the message has to give the reason.
            Field::HeaderName(_) if message.contains("is set with every request") => message.clone(),
            Field::HeaderName(_) if message.contains("already exists") => message.clone(),
            field if is_in_config(kind, field) => WRONG_SHAPE.to_owned(),
            Field::VerificationToken => message.replace("Verification token", "Secret token"),
            field if is_owners_secret(kind, field) && message.ends_with("can't be blank") => NO_SECRET.to_owned(),
            field if is_owners_secret(kind, field) && message.contains(" is too long ") => {
                "Secret token is too long (maximum is 4096 characters)".to_owned()
            }
            _ => message.clone(),
        }
    }

    /// The message of this family for a conflict in the store or a blocked address of a destination of this kind.
    pub(super) fn store_message(self, kind: DestinationKind, error: &FieldError) -> String {
        let taken = &kind.spec().taken;
        match error.field {
            field if self == Self::Unified && field == taken.field && *error == already_taken(kind, field) => {
                taken.unified_message.to_owned()
            }
            Field::Url if self == Self::Unified && !error.message.contains(" is blocked: ") => WRONG_SHAPE.to_owned(),
            _ => error.message.clone(),
        }
    }
}

/// Whether the field is one of GitLab's keys of `config`. Errors of other keys have their own messages.
fn is_in_config(kind: DestinationKind, field: Field) -> bool {
    let of_headers = matches!(field, Field::Headers | Field::HeaderName(_) | Field::HeaderValue(_));
    let spec = kind.spec().field(field);
    of_headers || spec.is_some_and(|spec| spec.gitlab_key.is_some() && !spec.is_addition)
}

/// Whether the field is the secret of its kind that the server never generates.
fn is_owners_secret(kind: DestinationKind, field: Field) -> bool {
    let spec = kind.spec().field(field);
    spec.is_some_and(|spec| spec.is_required && spec.secret.as_ref().is_some_and(|secret| secret.made.is_none()))
}

/// The message for the limit of destinations, which counts all kinds.
pub(super) fn too_many(limit: u32) -> String {
    format!("Maximum number of external audit event destinations ({limit}) exceeded")
}

#[cfg(test)]
mod tests {
    use domain::destination::{DestinationUrl, HeaderName, PrivateKey, SecretAccessKey};

    use super::*;

    #[test]
    fn each_family_has_its_own_words() {
        let http = DestinationKind::Http;
        let taken = already_taken(http, Field::Url);
        assert_eq!(
            Family::Http.store_message(http, &taken),
            "Destination url has already been taken"
        );
        assert_eq!(Family::Unified.store_message(http, &taken), "Config url already taken.");
        assert_eq!(
            Family::Unified.store_message(http, &already_taken(http, Field::Name)),
            "Name has already been taken"
        );
        let invalid = DestinationUrl::parse("siem").unwrap_err();
        assert_eq!(
            Family::Http.form_message(http, &invalid),
            "Destination url must be a valid URL"
        );
        assert_eq!(Family::Unified.form_message(http, &invalid), WRONG_SHAPE);
    }

    #[test]
    fn a_secret_has_one_name_in_the_unified_family() {
        let (google, s3) = (DestinationKind::GoogleCloudLogging, DestinationKind::AmazonS3);
        for (kind, error) in [
            (google, PrivateKey::parse("").unwrap_err()),
            (s3, SecretAccessKey::parse("").unwrap_err()),
        ] {
            assert_eq!(Family::Unified.form_message(kind, &error), NO_SECRET);
        }
        let long = "k".repeat(4_097);
        for (kind, error) in [
            (google, PrivateKey::parse(&long).unwrap_err()),
            (s3, SecretAccessKey::parse(&long).unwrap_err()),
        ] {
            assert_eq!(
                Family::Unified.form_message(kind, &error),
                "Secret token is too long (maximum is 4096 characters)"
            );
        }
    }

    #[test]
    fn a_header_that_may_not_be_set_is_named() {
        let message = |name: &str| {
            let error = HeaderName::parse(name, 0).unwrap_err();
            Family::Unified.form_message(DestinationKind::Http, &error)
        };
        assert_eq!(
            message("x-gitlab-event-streaming-token"),
            "Config headers cannot contain X-Gitlab-Event-Streaming-Token"
        );
        assert_eq!(message("Host"), "Key cannot be Host: it is set with every request");
        assert_eq!(message("X A"), WRONG_SHAPE);
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
