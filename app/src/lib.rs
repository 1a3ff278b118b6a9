//! The admin page of Audit Streams and its server functions.
//!
//! Compiled twice: with feature `ssr` into the server, with feature `hydrate` to WASM for the browser. What it needs to
//! know or change it asks of [`port::AdminPort`], which the server implements; it never sees a database or a socket.

mod error;
pub mod model;
#[cfg(feature = "ssr")]
pub mod port;
pub mod server_fns;
pub mod wire;
