//! A whole body, and how large it may be.

use axum::{body::Bytes, http::StatusCode};

use crate::{error::ApiError, limits::BodyPermit};

/// The most bytes of a body, as sent and decompressed.
pub(crate) const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;

/// A whole body, decompressed.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) bytes: Bytes,
    /// Held by a large body for as long as it is in memory.
    pub(crate) permit: Option<BodyPermit>,
}

pub(crate) fn too_large() -> ApiError {
    let message =
        "The request body is larger than 25 MiB, compressed or decompressed. Send the events in several requests.";
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}
