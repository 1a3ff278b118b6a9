//! Maps errors of operations to REST errors, each at the field of the request.

use axum::http::StatusCode;
use domain::{Field, FieldErrors, destination::DestinationKind};
use engine::admin::AdminError;

use crate::error::ApiError;
use crate::{error::RefusedField, input::not_found};

/// Errors of several fields of a request that is not about a kind of destination.
pub(super) fn refuse(errors: &FieldErrors) -> ApiError {
    refuse_at(errors, |field| path_of(field).to_owned())
}

/// Errors of several fields of a destination of this kind.
pub(super) fn refuse_of(kind: DestinationKind, errors: &FieldErrors) -> ApiError {
    refuse_at(errors, |field| path_in(kind, field))
}

fn refuse_at(errors: &FieldErrors, path: impl Fn(Field) -> String) -> ApiError {
    let fields = errors.iter().map(|error| RefusedField {
        field: path(error.field),
        message: error.message.clone(),
    });
    ApiError::invalid(fields.collect())
}

/// The error of an operation on a destination of this kind.
pub(super) fn failed_of(kind: DestinationKind, error: AdminError) -> ApiError {
    match error {
        AdminError::Invalid(errors) => refuse_of(kind, &errors),
        error => error.into(),
    }
}

/// An error of one field.
pub(super) fn refuse_one(field: &str, message: &str) -> ApiError {
    ApiError::invalid(vec![RefusedField {
        field: field.to_owned(),
        message: message.to_owned(),
    }])
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NotFound => not_found(),
            AdminError::Invalid(errors) => refuse(&errors),
            AdminError::ChangedMeanwhile => {
                let message = "The resource was changed at the same time by someone else. Nothing was changed. Retry the request.";
                Self::new(StatusCode::CONFLICT, "conflict", message)
            }
            AdminError::RotationInProgress { until } => {
                let message = format!("A rotation is in progress until {until}. End it first.");
                Self::new(StatusCode::CONFLICT, "rotation_in_progress", message)
            }
            AdminError::TooManyDestinations { limit } => {
                let message = format!("Maximum number of external audit event destinations ({limit}) exceeded");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_destinations", message)
            }
            AdminError::KeyReused => {
                let message = "Idempotency-Key: already used for a different request.";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message)
            }
            AdminError::ReplayRunning => {
                let message = "Another replay to this destination is running. Wait until it ends, or cancel it.";
                Self::new(StatusCode::CONFLICT, "replay_running", message)
            }
            AdminError::NotParked { reason } => Self::new(StatusCode::CONFLICT, "not_parked", reason),
            AdminError::NotSent { reason } => Self::new(StatusCode::CONFLICT, "not_sent", reason),
            AdminError::Busy => {
                let message = "The server cannot process the request now. Retry it in a moment.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).with_retry_after(1)
            }
            AdminError::Internal { code } => Self::incident(&code),
        }
    }
}

/// The path of a field in a request about a destination of this kind. Several kinds may have the field.
fn path_in(kind: DestinationKind, field: Field) -> String {
    let name = kind.as_str();
    match field {
        Field::Headers => format!("{name}.headers"),
        Field::HeaderName(row) => format!("{name}.headers[{row}].name"),
        Field::HeaderValue(row) => format!("{name}.headers[{row}].value"),
        field => match kind.spec().field(field) {
            Some(spec) => format!("{name}.{}", spec.api_key),
            None => path_of(field).to_owned(),
        },
    }
}

/// The path of a field that belongs to no kind of destination, in a request. Empty for those of a kind ([`path_in`]).
pub(super) const fn path_of(field: Field) -> &'static str {
    match field {
        Field::Name => "name",
        Field::EventTypes => "event_types",
        Field::EventTypeDenylist => "event_type_denylist",
        Field::Namespaces => "namespaces",
        Field::StartFrom => "start_from",
        Field::Username => "username",
        Field::Password | Field::NewPassword => "password",
        Field::Scopes => "scopes",
        Field::ExpiresAt => "expires_on",
        Field::ClientCertificate => "client_certificate",
        Field::CreatedAfter => "created_after",
        Field::CreatedBefore => "created_before",
        Field::Sort => "sort",
        Field::Filter => "filter",
        Field::RetentionDays => "days",
        Field::LogSize => "log_size",
        Field::Allowlist => "allowlist",
        Field::FailingMinutes => "failing_minutes",
        Field::LogShare => "log_share",
        Field::EmailHost => "email.host",
        Field::EmailPort => "email.port",
        Field::EmailSecurity => "email.security",
        Field::EmailUsername => "email.username",
        Field::EmailPassword => "email.password",
        Field::EmailFrom => "email.from",
        Field::EmailTo => "email.to",
        Field::WebhookUrl => "webhook.url",
        Field::WebhookSecret => "webhook.secret",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stands_in_the_object_of_its_kind() {
        for kind in DestinationKind::ALL {
            let name = kind.as_str();
            for spec in kind.spec().fields {
                assert_eq!(path_in(kind, spec.field), format!("{name}.{}", spec.api_key));
                assert_eq!(path_of(spec.field), "", "{:?} is of a kind", spec.field);
            }
            assert_eq!(path_in(kind, Field::HeaderName(2)), format!("{name}.headers[2].name"));
            assert_eq!(path_in(kind, Field::Name), "name");
        }
    }
}
