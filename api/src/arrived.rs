//! A complete request body, and its size limit.

use axum::{body::Bytes, http::StatusCode};

use crate::{error::ApiError, limits::BodyPermit};

/// Maximum size of a body in bytes, as sent and after decompression.
pub(crate) const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;

/// A complete body, decompressed.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) bytes: Bytes,
    /// The permit of a large body, kept as long as it is in memory.
    pub(crate) permit: Option<BodyPermit>,
}

/// 413 for a body over [`MAX_BODY_BYTES`].
pub(crate) fn too_large() -> ApiError {
    let message =
        "The request body is larger than 25 MiB, compressed or decompressed. Send the events in several requests.";
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}
