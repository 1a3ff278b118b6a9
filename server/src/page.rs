//! The admin page: the Leptos app, and the engine behind its port.

mod counted_replays;
mod destinations;
mod events;
mod failure;
mod password;
mod permissions;
mod port;
mod replays;
mod routes;
mod sessions;
mod sign_in;
mod sign_in_guard;
mod streams;

pub(crate) use app::FIRST_SCRIPT;

pub(crate) use self::routes::router;
