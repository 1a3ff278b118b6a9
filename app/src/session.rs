//! Who is signed in, for every part of the page that asks.

use leptos::prelude::*;

use crate::{
    loading::{Loading, load},
    server_fns::session::show_current_user,
    wire::CurrentUser,
};

/// Asked for once: signing in and out load the page anew.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: Loading<Option<CurrentUser>>,
}

impl Session {
    pub(crate) fn provide() {
        provide_context(Self {
            user: load(|| (), |()| show_current_user()),
        });
    }
}
