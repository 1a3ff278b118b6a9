//! The admin page: the Leptos app, and the engine behind its port.

mod destinations;
mod events;
mod failure;
mod overview;
mod password;
mod port;
mod routes;
mod sessions;
mod settings;
mod sign_in;
mod sign_in_guard;
mod tokens;
mod users;

pub(crate) use self::routes::router;
