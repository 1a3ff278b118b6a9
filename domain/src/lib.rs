//! The language of Audit Streams: what an audit event, a destination and a delivery outcome are, and the rules about them.
//!
//! Everything here is a function of its arguments. This crate never reads a clock, never does I/O, never logs and never
//! panics on input; it knows neither SQL nor HTTP nor Leptos, and it compiles for the browser as well as for the server.

pub mod access;
pub mod activity;
pub mod alerts;
pub mod delivery;
pub mod destination;
mod escape;
pub mod event;
pub mod event_types;
pub mod field_error;
pub mod health;
pub mod ids;
pub mod instance_event;
pub mod policy;
pub mod probe;
pub mod replay;
pub mod s3_objects;
pub mod settings;
pub mod timestamp;
pub mod view;

pub use field_error::{Field, FieldError, FieldErrors};
pub use timestamp::Timestamp;
