//! Who is signed in, for every part of the page that asks.

use leptos::prelude::*;

use super::server_fns::{CurrentUser, show_current_user};
use crate::{
    resource::{JsonResource, json_resource},
    wire::AppError,
};

/// Asked for once: signing in and out load the page again.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: JsonResource<Result<Option<CurrentUser>, AppError>>,
}

impl Session {
    pub(crate) fn provide() {
        provide_context(Self {
            user: json_resource(|| (), |()| show_current_user()),
        });
    }
}
