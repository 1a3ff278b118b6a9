//! Answers where there is nothing.

use axum::http::StatusCode;

use super::ApiError;

/// No such path below `/api`.
pub(crate) fn answer_unknown_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this path.")
}

/// The path is there, but not for this method; axum adds `Allow`.
pub(crate) async fn answer_unknown_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This path does not answer to this method.",
    )
}
