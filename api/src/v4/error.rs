//! Errors in GitLab's format: `{"message": "401 Unauthorized"}`, `{"error": "created_after is invalid"}`.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::error::ApiError;

/// An error response.
pub(super) struct GitlabError(ApiError, Value);

impl GitlabError {
    /// An error of a parameter or a path.
    pub(super) fn error(status: StatusCode, text: &str) -> Self {
        Self(ApiError::new(status, "", ""), json!({"error": text}))
    }

    /// An invalid parameter.
    pub(super) fn invalid(parameter: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, &format!("{parameter} is invalid"))
    }

    /// An error with a `message`.
    pub(super) fn message(status: StatusCode, text: &str) -> Self {
        Self(ApiError::new(status, "", ""), json!({"message": text}))
    }
}

impl From<ApiError> for GitlabError {
    fn from(error: ApiError) -> Self {
        let body = match error.code() {
            "expired_token" => invalid_token("Token is expired. You can either do re-authorization or token refresh."),
            "revoked_token" => invalid_token("Token was revoked. You have to re-authorize from the user."),
            "insufficient_scope" => json!({
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": "read",
            }),
            "rate_limited" | "too_many_attempts" => json!({
                "message": {"error": "This endpoint has been requested too many times. Try again later."},
            }),
            _ => {
                let status = error.status();
                let reason = status.canonical_reason().unwrap_or_default();
                json!({"message": format!("{} {reason}", status.as_u16())})
            }
        };
        Self(error, body)
    }
}

fn invalid_token(description: &str) -> Value {
    json!({"error": "invalid_token", "error_description": description})
}

impl IntoResponse for GitlabError {
    fn into_response(self) -> Response {
        self.0.into_response_with("application/json", self.1.to_string())
    }
}
