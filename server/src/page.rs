//! The admin page: serves the Leptos app of the crate `app`, and gives its server functions the engine.

mod exports;
mod permissions;
mod routes;
mod sign_in_guard;

pub(crate) use app::FIRST_SCRIPT;

pub(crate) use self::routes::router;
