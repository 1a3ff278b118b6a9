//! The shapes of answers: JSON, lists, and versions as entity tags.

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ETAG, IF_MATCH},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::ApiError;

/// A list that is answered whole.
#[derive(Serialize, ToSchema)]
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
}

impl<T> Listed<T> {
    pub(super) fn new<From>(from: impl IntoIterator<Item = From>, view: impl FnMut(From) -> T) -> Self {
        Self {
            items: from.into_iter().map(view).collect(),
        }
    }
}

/// A thing with the version under which it can be changed.
pub(super) fn versioned<T: Serialize>(status: StatusCode, version: i64, body: &T) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The version that `If-Match` asks for; none without that header, or for `*`, which any version matches.
///
/// # Errors
/// 412 if no version looks like it.
pub(super) fn expected_version(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(tag) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let version = version.and_then(|version| version.parse().ok());
    version.map(Some).ok_or_else(version_mismatch)
}

pub(super) fn version_mismatch() -> ApiError {
    let message =
        "This is not the version that If-Match names. Nothing was changed; get it again to see what it is now.";
    ApiError::new(StatusCode::PRECONDITION_FAILED, "version_mismatch", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(tag: &'static str) -> Result<Option<i64>, StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, HeaderValue::from_static(tag));
        expected_version(&headers).map_err(|error| error.status())
    }

    #[test]
    fn a_version_is_asked_for_by_its_tag() {
        assert_eq!(expected("\"7\""), Ok(Some(7)));
        assert_eq!(expected("*"), Ok(None));
        assert_eq!(expected_version(&HeaderMap::new()).unwrap(), None);
        for tag in ["7", "W/\"7\"", "\"x\"", "\"7\", \"8\"", ""] {
            assert_eq!(expected(tag), Err(StatusCode::PRECONDITION_FAILED), "{tag}");
        }
    }
}
