//! Responses for unknown paths and methods.

use axum::{
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};

use crate::{error::ApiError, v4};

/// Unknown path below `/api`.
pub fn answer_unknown_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "There is no endpoint at this path.")
}

/// The path does not support the method; axum adds `Allow`.
pub(crate) async fn answer_unknown_method(uri: Uri) -> Response {
    if uri.path().starts_with("/api/v4/") {
        return v4::answer_unknown_method();
    }
    let message = "This endpoint does not support this method.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into_response()
}
