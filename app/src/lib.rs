//! The admin page of Audit Streams and its server functions.
//!
//! Compiled twice: with feature `ssr` into the server, with feature `hydrate` to WASM for the browser. What it needs to
//! know or change it asks of [`port::AdminPort`], which the server implements; it never sees a database or a socket.
//!
//! [`model`] holds what the page knows, as values tested without a browser; [`server_fns`] is the way to the server;
//! `pages`, `log`, `streams` and `layout` are what is seen, made of the parts in `ui`.

#![expect(
    unreachable_pub,
    reason = "the component and server macros write `pub` into private modules"
)]

mod app;
#[cfg(feature = "ssr")]
mod backend;
mod browser;
mod clock;
mod connection;
mod drawn;
mod error;
mod fresh;
mod layout;
mod loading;
mod log;
pub mod model;
mod pages;
#[cfg(feature = "ssr")]
pub mod port;
pub mod server_fns;
mod session;
#[cfg(feature = "ssr")]
mod shell;
mod streams;
mod ui;
pub mod wire;

pub use app::App;
#[cfg(feature = "ssr")]
pub use backend::Backend;
pub use fresh::{Fresh, Tag};
#[cfg(feature = "ssr")]
pub use shell::{AssetNames, FIRST_SCRIPT, shell};

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
