//! Settings of the instance. What the command line gives can't be changed here.

pub(super) mod alerts;
pub(super) mod network;
pub(super) mod retention;

use serde::Serialize;
use utoipa::ToSchema;

use super::fields::refuse_one;
use crate::api::ApiError;

/// A value that holds now.
#[derive(Serialize, ToSchema)]
pub(super) struct SettingView<T> {
    value: T,
    /// Given on the command line or in the environment, and not to be changed while the server runs.
    fixed: bool,
}

fn refuse_fixed(field: &str) -> ApiError {
    let rule = format!("{field}: set on the command line or in the environment, which wins.");
    refuse_one(field, &rule)
}

/// How often a change is tried anew because somebody else was faster.
const TRIES: usize = 5;
