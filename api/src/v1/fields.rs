//! Maps errors of operations to REST errors, each at the field of the request.

use axum::http::StatusCode;
use domain::{Field, FieldErrors, destination::DestinationKind};
use engine::admin::AdminError;

use crate::error::ApiError;
use crate::{error::RefusedField, input::not_found};

/// Errors of several fields.
pub(super) fn refuse(errors: &FieldErrors) -> ApiError {
    let fields = errors.iter().map(|error| RefusedField {
        field: path_of(error.field),
        message: error.message.clone(),
    });
    ApiError::invalid(fields.collect())
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

/// The path of a field in a request.
pub(super) fn path_of(field: Field) -> String {
    if let Some((kind, spec)) = DestinationKind::with_field(field) {
        return format!("{}.{}", kind.as_str(), spec.api_key);
    }
    let path = match field {
        Field::HeaderName(row) => return format!("http.headers[{row}].name"),
        Field::HeaderValue(row) => return format!("http.headers[{row}].value"),
        Field::Name => "name",
        Field::Headers => "http.headers",
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
        // Those of the kinds were found above.
        _ => "",
    };
    path.to_owned()
}
