//! A whole body, and how large it may be.

use axum::{body::Bytes, http::StatusCode};

use super::{ApiError, large_bodies::Turn};

/// The most bytes of a body, as sent and decompressed.
pub(super) const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;

/// A whole body, decompressed.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) bytes: Bytes,
    /// Held by a large body for as long as it is in memory.
    pub(super) turn: Option<Turn>,
}

pub(super) fn too_large() -> ApiError {
    let message = "A request has at most 25 MiB, compressed and decompressed. Send the events in several requests.";
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}
