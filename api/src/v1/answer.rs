//! Formats of responses: JSON, lists, and versions as entity tags.

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ETAG, IF_MATCH},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

/// A list without pages.
#[derive(Serialize, ToSchema)]
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
}

impl<T> Listed<T> {
    /// Converts the items of a list.
    pub(super) fn new<From>(from: impl IntoIterator<Item = From>, view: impl FnMut(From) -> T) -> Self {
        Self {
            items: from.into_iter().map(view).collect(),
        }
    }
}

/// A resource with its version.
pub(super) fn versioned<T: Serialize>(status: StatusCode, version: i64, body: &T) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The version in `If-Match`, if it is one of these; `None` without that header, or for `*`, which matches any version. A weak tag
/// matches no version (RFC 9110).
///
/// # Errors
/// 412 if it is not among them.
pub(super) fn expected_version(headers: &HeaderMap, stored: i64) -> Result<Option<i64>, ApiError> {
    if !headers.contains_key(IF_MATCH) {
        return Ok(None);
    }
    let lists = headers.get_all(IF_MATCH).iter();
    let tags = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    let wanted = format!("\"{stored}\"");
    let mut tags = tags.map(str::trim);
    match tags.find(|tag| *tag == "*" || *tag == wanted) {
        Some("*") => Ok(None),
        Some(_) => Ok(Some(stored)),
        None => Err(version_mismatch()),
    }
}

/// 412 for another version than that in `If-Match`.
pub(super) fn version_mismatch() -> ApiError {
    let message = "If-Match: this is not the current version. Nothing was changed. Get the resource again to see the current \
                   version.";
    ApiError::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(tag: &'static str) -> Result<Option<i64>, StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, HeaderValue::from_static(tag));
        expected_version(&headers, 7).map_err(|error| error.status())
    }

    #[test]
    fn a_version_is_asked_for_by_its_tag() {
        assert_eq!(expected("\"7\""), Ok(Some(7)));
        assert_eq!(expected("\"6\", \"7\""), Ok(Some(7)));
        assert_eq!(expected("*"), Ok(None));
        assert_eq!(expected_version(&HeaderMap::new(), 7).unwrap(), None);
        for tag in ["7", "W/\"7\"", "\"x\"", "\"8\"", "\"6\", \"8\"", ""] {
            assert_eq!(expected(tag), Err(StatusCode::PRECONDITION_FAILED), "{tag}");
        }
    }
}
