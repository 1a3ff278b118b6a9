//! The admin page of Audit Streams and its server functions.
//!
//! Compiled twice: with feature `ssr` into the server, with feature `hydrate` to WASM for the browser. On the server,
//! its server functions call `engine::admin`.
//!
//! Each feature is a folder with its components, its state (structs that are tested without a browser) and its server functions:
//! `overview`, [`log`], `streams`, `settings`, `sign_in`. `shell` is the frame around them, [`ui`] has the parts they share.

#![expect(
    unreachable_pub,
    reason = "the component and server macros write `pub` into private modules"
)]

mod app;
mod audit_events;
#[cfg(feature = "ssr")]
mod backend;
mod browser;
mod clock;
mod connection;
mod deadline;
#[cfg(feature = "ssr")]
mod document;
mod error;
mod fresh;
pub mod log;
pub mod model;
mod not_found;
mod outcome;
mod overview;
mod resource;
mod settings;
mod shell;
mod sign_in;
mod streams;
pub mod ui;
pub mod wire;

pub use app::App;
#[cfg(feature = "ssr")]
pub use backend::Backend;
#[cfg(feature = "ssr")]
pub use document::{AssetNames, FIRST_SCRIPT, document};
pub use fresh::{Fresh, Tag};
#[cfg(feature = "ssr")]
pub use outcome::PostedForms;

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
