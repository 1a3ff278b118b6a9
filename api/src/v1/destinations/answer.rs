//! The response that shows one destination.

use axum::{http::StatusCode, response::Response};
use engine::DestinationState;

use crate::{auth::Caller, v1::answer::versioned};

/// The destination, with its version as the entity tag.
pub(super) fn answer(status: StatusCode, state: &DestinationState, caller: &Caller) -> Response {
    versioned(status, state.destination.version, &state.view(caller.visibility()))
}
