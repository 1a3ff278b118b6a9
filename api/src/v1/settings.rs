//! Settings of the instance. Settings from the command line cannot be changed here.

pub(super) mod alerts;
pub(super) mod network;
pub(super) mod retention;

use super::fields::refuse_one;
use crate::error::ApiError;

fn refuse_fixed(field: &str) -> ApiError {
    let rule = format!("{field}: set on the command line or in the environment, so it cannot be changed here.");
    refuse_one(field, &rule)
}

/// How often a change is retried after a concurrent change.
const TRIES: usize = 5;
