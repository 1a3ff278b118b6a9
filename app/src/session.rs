//! Who is signed in, for every part of the page that asks.

use leptos::prelude::*;

use crate::{
    server_fns::session::show_current_user,
    wire::{AppError, CurrentUser},
};

/// Asked for once: signing in and out load the page anew.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: Resource<Result<Option<CurrentUser>, AppError>>,
}

impl Session {
    pub(crate) fn provide() {
        provide_context(Self {
            user: Resource::new(|| (), |()| show_current_user()),
        });
    }
}
