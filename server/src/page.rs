//! The admin page: the Leptos app, and the engine behind its port.

mod destinations;
mod events;
mod failure;
mod password;
mod port;
mod routes;
mod sessions;
mod sign_in;
mod sign_in_guard;
mod streams;

pub(crate) use self::routes::router;
